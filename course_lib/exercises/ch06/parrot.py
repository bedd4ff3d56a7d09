"""6.8 parrot: the probe for a target that leaks."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe

VOCAB = 13
SURE = 20.0


def parrot(src: Tensor, tgt: Tensor) -> Tensor:
    """Says the token again that it read last: (B, Tq) to logits (B, Tq, V)."""
    return _said(tgt)


def _said(ids: Tensor, height: float = SURE) -> Tensor:
    return height * F.one_hot(ids, VOCAB)


def _read(src: list[list[int]], tgt: list[list[int]]) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return torch.tensor(src), torch.tensor(tgt)

    return draw


PARROT = Exercise(
    id="6.8",
    title="A parrot",
    signature="parrot(src, tgt)",
    shapes="src (B, Tk), tgt (B, Tq) -> (B, Tq, V)",
    reference=parrot,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            _read([[3, 4, 2]], [[12, 4]]),
            "The parrot reads 12, then 4. Which logit is 20 at the first place, which at the "
            "second?",
        ),
        Probe(
            "two sentences, one with padding",
            _read([[3, 4, 5, 2], [7, 2, 0, 0]], [[1, 5, 4], [1, 7, 0]]),
            "At each place there are 13 logits. Which of them is not 0?",
        ),
        Probe(
            "one token read",
            _read([[6, 7, 8, 9, 2], [3, 2, 0, 0, 0], [9, 2, 0, 0, 0]], [[1], [1], [3]]),
            "One place, one token. How many logits are there all the same?",
        ),
    ),
    mistakes=(
        Mistake(
            "whole numbers",
            lambda src, tgt: _said(tgt).long(),
            "The logits are whole numbers, which no softmax takes. Where does a decimal point "
            "help?",
        ),
        Mistake(
            "not sure",
            lambda src, tgt: _said(tgt, 1.0),
            "A logit of 1 among zeros is a faint guess: the loss takes a softmax of it, and its "
            "share is small then. Which height does the docstring ask for?",
        ),
        Mistake(
            "minus",
            lambda src, tgt: _said(tgt, -SURE),
            "The parrot says anything *but* what it read. Which sign makes a token likely?",
        ),
        Mistake(
            "the token before",
            lambda src, tgt: _said(tgt.roll(1, dims=1)),
            "The parrot lags behind by one. Which token has it read *last* at each place?",
        ),
        Mistake(
            "the token after",
            lambda src, tgt: _said(tgt.roll(-1, dims=1)),
            "The parrot says what comes next, which is what a model should learn. What does a "
            "parrot say?",
        ),
        Mistake(
            "the source",
            lambda src, tgt: _said(src),
            "The parrot repeats the source. Which of the two is what the decoder reads?",
        ),
        Mistake(
            "one place",
            lambda src, tgt: _said(tgt[:, -1]),
            "There are logits for the last place alone. How many places does a model answer for at "
            "once?",
        ),
        Mistake(
            "as many as were met",
            lambda src, tgt: SURE * F.one_hot(tgt),
            "`one_hot` counts the classes by the largest token that it sees. How many tokens has "
            "the vocabulary, and how is `one_hot` told?",
        ),
    ),
    hints=(
        "`F.one_hot` turns whole numbers into rows of zeros with one 1. Its second argument says "
        "how long the rows are.",
        "What is missing then is the height: times 20.0. The source is not used at all.",
    ),
)
