"""9.4 length_penalty and 9.9, predict what a beam gains."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Prediction, Probe, WrongValue


def length_penalty(log_probs: Tensor, lengths: Tensor, alpha: float) -> Tensor:
    """Scores that do not favour short sentences: log-probabilities over a power of the length."""
    return log_probs / ((5 + lengths) / 6) ** alpha


def _lengths(*rows: Sequence[object], alpha: float) -> Draw:
    return given(*rows, more=(alpha,))


def _drawn(count: int, alpha: float) -> Draw:
    def draw(dice: Generator) -> Inputs:
        (numbers,) = drawn((count,))(dice)
        return -5 * numbers.abs() - 1, torch.randint(1, 30, (count,), generator=dice), alpha

    return draw


PENALTY = Exercise(
    id="9.4",
    title="Length penalty",
    signature="length_penalty(log_probs, lengths, alpha)",
    shapes="log_probs (N), lengths (N), alpha -> (N)",
    reference=length_penalty,
    probes=(
        Probe(
            BY_HAND,
            _lengths([-4.0, -5.0], [3, 7], alpha=1.0),
            "The second sentence has 7 words: (5 + 7) / 6 is 2. What is -5 divided by that?",
        ),
        Probe(
            "five sentences, alpha 0.6",
            _drawn(5, 0.6),
            "Which part of the formula has alpha as its exponent?",
        ),
        Probe(
            "alpha 0",
            _drawn(4, 0.0),
            "Any number to the power of 0 is 1. What remains of the score?",
        ),
        Probe("alpha 2", _drawn(3, 2.0), "What is doubled by alpha, and how?"),
    ),
    mistakes=(
        Mistake(
            "the length alone",
            lambda log_probs, lengths, alpha: log_probs / lengths**alpha,
            "You divide by the length to the power of alpha, which many programs do. The formula "
            "here starts from (5 + length) / 6, and so is milder with short sentences. What is it "
            "for a length of 1?",
        ),
        Mistake(
            "multiplied",
            lambda log_probs, lengths, alpha: log_probs * ((5 + lengths) / 6) ** alpha,
            "You multiply. A long sentence gets a score that is still farther below zero. What "
            "should the length do to its score?",
        ),
        Mistake(
            "alpha as a factor",
            lambda log_probs, lengths, alpha: log_probs / ((5 + lengths) / 6 * alpha + 1e-9),
            "Alpha is multiplied in. With alpha 0 you divide by zero. Where does it stand in the "
            "formula?",
        ),
        Mistake(
            "not divided by six",
            lambda log_probs, lengths, alpha: log_probs / (5 + lengths) ** alpha,
            "The 6 is missing. A sentence of one word should keep its score: 5 + 1 is divided by "
            "what?",
        ),
        Mistake(
            "the six alone to the power",
            lambda log_probs, lengths, alpha: log_probs / ((5 + lengths) / 6**alpha),
            "Only the 6 is raised to the power of alpha: `**` binds tighter than `/`. Which "
            "brackets are missing?",
        ),
        Mistake(
            "the five forgotten",
            lambda log_probs, lengths, alpha: log_probs / (lengths / 6) ** alpha,
            "The 5 is missing. A sentence of one word should keep its score: what is added to 1?",
        ),
        Mistake(
            "whole numbers",
            lambda log_probs, lengths, alpha: log_probs / ((5 + lengths) // 6) ** alpha,
            "`//` throws the remainder away, so that sentences of 1 to 6 words are treated alike. "
            "Which division keeps it?",
        ),
        Mistake(
            "alpha unused",
            lambda log_probs, lengths, alpha: log_probs / ((5 + lengths) / 6),
            "`alpha` does nothing: every score is divided as with alpha 1. Where does it belong?",
        ),
        Mistake(
            "taken away",
            lambda log_probs, lengths, alpha: log_probs - ((5 + lengths) / 6) ** alpha,
            "You take the penalty away from the score. What does the formula do with it?",
        ),
        Mistake(
            "the probability divided",
            lambda log_probs, lengths, alpha: log_probs - alpha * ((5 + lengths) / 6).log(),
            "You divide the *probability*, which is taking away a logarithm, and makes long "
            "sentences worse still. What is divided in the formula?",
        ),
        Mistake(
            "log-probabilities undone",
            lambda log_probs, lengths, alpha: log_probs.exp() / ((5 + lengths) / 6) ** alpha,
            "You have turned the log-probabilities into probabilities first. Then dividing makes a "
            "long sentence *worse*. What does the formula divide?",
        ),
        Mistake(
            "not at all",
            lambda log_probs, lengths, alpha: log_probs.clone(),
            "These are the log-probabilities themselves. Which number should each be divided by?",
        ),
    ),
    hints=(
        "A log-probability is negative, and each word makes it more so. Divided by a number above "
        "1, it comes nearer to 0.",
        "First (5 + length) / 6, then the power: `(…) ** alpha`. Then divide.",
    ),
)

GAIN = Prediction(
    id="9.9",
    title="what a beam gains",
    signature="prediction = (..., ...)",
    names=("greedy", "a beam of two"),
    expected=lambda: (0.30, 0.36),
    tolerance=0.004,
    question="Greedy takes the likelier word at each step. Follow it to the end, and multiply. "
    "Then follow the other beginning.",
    wrong=(
        WrongValue(
            "the last word alone",
            (0.5, 0.9),
            "These are the probabilities of the *second* words. What is the probability of both "
            "words of a sentence together?",
        ),
        WrongValue(
            "the first word alone",
            (0.6, 0.4),
            "These are the probabilities of the *first* words. What does the second word do to "
            "them?",
        ),
        WrongValue(
            "added",
            (1.1, 1.3),
            "You have added, and probabilities beyond 1 came out. What is done with the "
            "probabilities of two things that both have to happen?",
        ),
        WrongValue(
            "the other order",
            (0.36, 0.30),
            "Both numbers are right, and stand in each other's place. Which first word does greedy "
            "take?",
        ),
        WrongValue(
            "the beam as greedy",
            (0.30, 0.30),
            "The first is right. A beam of two keeps *both* first words. What does the second one "
            "come to?",
        ),
        WrongValue(
            "greedy as the beam",
            (0.36, 0.36),
            "The second is right. Greedy has to choose its first word before it sees what follows. "
            "Which one does it choose?",
        ),
        WrongValue(
            "in percent",
            (30, 36),
            "In percent these are right. Write them as probabilities, from 0 to 1. Where does the "
            "point stand?",
        ),
    ),
    hints=(
        "Greedy takes *ein* (0.6), and then the best that follows it.",
        "A sentence's probability is the product of its words'. Compute it for the best "
        "continuation of both first words.",
    ),
)
