"""9.5 bleu."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import sacrebleu
from sacrebleu.metrics import BLEU

from course_lib import metrics
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Texts = Sequence[str]
Counts = Counter[tuple[str, ...]]


def _clipped(written: Counts, wanted: Counts) -> int:
    return (written & wanted).total()


def _geometric_mean(precisions: list[float]) -> float:
    return math.prod(precision ** (1 / len(precisions)) for precision in precisions)


def _bleu(
    hypotheses: Texts,
    references: Texts,
    split: Callable[[str], Sequence[str]] = str.split,
    matched: Callable[[Counts, Counts], int] = _clipped,
    counted: Callable[[Counts, Counts], int] = lambda written, wanted: written.total(),
    longest: int = 4,
    halves: Callable[[int], float] = lambda count: 0.5**count,
    together: Callable[[list[float]], float] = _geometric_mean,
    penalty: Callable[[int, int], float] = metrics.brevity_penalty,
    scale: float = 100,
) -> float:
    """BLEU, with the switches of what goes wrong."""
    pairs = [(split(h), split(r)) for h, r in zip(hypotheses, references, strict=True)]
    precisions, without = [], 0
    for n in range(1, longest + 1):
        counts = [(metrics.ngrams(h, n), metrics.ngrams(r, n)) for h, r in pairs]
        matches: float = sum(matched(h, r) for h, r in counts)
        total = sum(counted(h, r) for h, r in counts)
        if total == 0 or (matches == 0 and n == 1):
            return 0.0
        if matches == 0:
            without += 1
            matches = halves(without)
        precisions.append(matches / total)
    lengths = (sum(map(len, side)) for side in zip(*pairs, strict=True))
    return scale * penalty(*lengths) * together(precisions)


def _with(**switches: Any) -> Function:
    return lambda hypotheses, references: _bleu(hypotheses, references, **switches)


def mean_of_sentences(hypotheses: Texts, references: Texts) -> float:
    scores = [metrics.bleu([h], [r]) for h, r in zip(hypotheses, references, strict=True)]
    return sum(scores) / len(scores)


def _ratio(hypothesis_length: int, reference_length: int) -> float:
    return min(1.0, hypothesis_length / reference_length) if reference_length else 1.0


def _too_long(hypothesis_length: int, reference_length: int) -> float:
    return metrics.brevity_penalty(reference_length, hypothesis_length)


def _reward(hypothesis_length: int, reference_length: int) -> float:
    return math.exp(1 - reference_length / hypothesis_length) if hypothesis_length else 0.0


SCORE = Exercise(
    id="9.5",
    title="BLEU",
    signature="bleu(hypotheses, references)",
    shapes="hypotheses, references -> ()",
    reference=metrics.bleu,
    forbidden={
        "sacrebleu.corpus_bleu": sacrebleu.corpus_bleu,
        "sacrebleu.sentence_bleu": sacrebleu.sentence_bleu,
        "BLEU.corpus_score": BLEU.corpus_score,
        "BLEU.sentence_score": BLEU.sentence_score,
    },
    smooth=0,
    tolerance=1e-6,
    probes=(
        Probe(
            BY_HAND,
            fixed(["a b c d e x"], ["a b c d e f"]),
            "Of six words five match, of five pairs four. And of the triples and the groups of "
            "four? Both are equally long.",
        ),
        Probe(
            "the same word again and again",
            fixed(["the the the cat sat on the mat"], ["the cat sat on the mat here today"]),
            "*the* stands in the reference twice. How many of the four are right?",
        ),
        Probe(
            "a long sentence and a short one",
            fixed(
                ["two dogs are playing in the white snow", "a cat sleeps here"],
                ["two dogs are running in the white snow", "a cat sleeps here"],
            ),
            "Counts are added up over both sentences before anything is divided. How many pairs "
            "match, and how many are there?",
        ),
        Probe(
            "too short",
            fixed(
                ["a man reads a red book", "two cats"], ["a man reads a red book", "two cats sit"]
            ),
            "All that is written is right. What is missing, and what does that cost?",
        ),
        Probe(
            "too long",
            fixed(["a man reads a red book in the park today"], ["a man reads a red book"]),
            "Words too many lower the precision already. What is the penalty for brevity here?",
        ),
        Probe(
            "capitals and commas",
            fixed(["A dog , a Cat and a bird sing"], ["a dog , a cat and a bird sing"]),
            "Tokens are what stands between spaces. Is *Cat* the token *cat*?",
        ),
        Probe(
            "no group of four matches",
            fixed(["a b c x d e f", "g h"], ["a b c y d e f", "g h"]),
            "No group of four matches. What is counted in place of 0?",
        ),
        Probe(
            "neither a triple nor a group of four",
            fixed(["a b x c d y e"], ["a b z c d u e v"]),
            "No triple matches, and no group of four. What is counted for the first of the two, "
            "and for the second?",
        ),
        Probe(
            "words that match, and no pair of them",
            fixed(["d c b a x"], ["a b c d e"]),
            "Four of five words are right, and none of the pairs. Is the score 0?",
        ),
        Probe(
            "four words, and all are right",
            fixed(["a b c d"], ["a b c d"]),
            "There is a single group of four, and it matches. What is the score?",
        ),
        Probe(
            "one output is empty",
            fixed(["", "two dogs are playing here"], ["a cat", "two dogs are playing here"]),
            "An empty output has no words at all. Does anything break?",
        ),
        Probe(
            "nothing in common",
            fixed(["x y z u v"], ["a b c d"]),
            "Not a single word matches. What is the score?",
        ),
        Probe(
            "one word, and nothing",
            fixed(["a", ""], ["a", "b c"]),
            "There is no pair at all in the output. What is the score, if nothing can be divided?",
        ),
    ),
    mistakes=(
        Mistake(
            "not clipped",
            _with(matched=lambda h, r: sum(count for gram, count in h.items() if gram in r)),
            "A word that is said again and again counts as right each time. How often may it, at "
            "most?",
        ),
        Mistake(
            "each kind once",
            _with(matched=lambda h, r: len(h & r), counted=lambda h, r: len(h)),
            "You count each group once, however often it stands there, as sets do. What keeps "
            "count of how often?",
        ),
        Mistake(
            "mean of the sentences",
            mean_of_sentences,
            "This is the mean of the sentences' own scores. BLEU adds up the counts of the whole "
            "corpus first, and divides once. Where do your sums begin?",
        ),
        Mistake(
            "recall",
            _with(counted=lambda h, r: r.total()),
            "You divide by the groups of the *reference*, which is recall. Of what is precision a "
            "share?",
        ),
        Mistake(
            "swapped",
            lambda hypotheses, references: metrics.bleu(references, hypotheses),
            "Hypotheses and references have changed places: precision has become recall, and the "
            "penalty falls on those that are too long. Which of the two is being judged?",
        ),
        Mistake(
            "no penalty",
            _with(penalty=lambda h, r: 1.0),
            "There is no brevity penalty: an output of one sure word would be perfect. When is "
            "the penalty less than 1?",
        ),
        Mistake(
            "penalty for the long",
            _with(penalty=_too_long),
            "Your penalty falls on outputs that are too long. Those pay already, by their "
            "precision. Who has to pay for brevity?",
        ),
        Mistake(
            "a reward for the long",
            _with(penalty=_reward),
            "For an output that is longer than its reference your penalty is above 1: a reward. "
            "What is the most that it should be?",
        ),
        Mistake(
            "the ratio of lengths",
            _with(penalty=_ratio),
            "Your penalty is the ratio of the lengths. That of BLEU is exp(1 - reference / "
            "output). Which way round is the fraction, and what is done with it?",
        ),
        Mistake(
            "the arithmetic mean",
            _with(together=lambda p: sum(p) / len(p)),
            "You add the precisions and divide by 4. Their *geometric* mean is asked, which a "
            "single bad one pulls down. How does it go with logarithms?",
        ),
        Mistake(
            "no root",
            _with(together=math.prod),
            "You multiply the four precisions. For a mean something is missing: which root?",
        ),
        Mistake(
            "single words",
            _with(longest=1),
            "Only single words are counted, so that any order is as good. Which lengths belong to "
            "BLEU?",
        ),
        Mistake(
            "up to triples",
            _with(longest=3),
            "Groups of four are missing. Where does `range` end?",
        ),
        Mistake(
            "up to five",
            _with(longest=5),
            "Groups of five are counted, too. Where does `range` end?",
        ),
        Mistake(
            "0 without a match",
            lambda hypotheses, references: _bleu(hypotheses, references, halves=lambda n: 1e-300),
            "If some length has no match, you give 0 to everything. What is counted in place of "
            "0 then?",
        ),
        Mistake(
            "half a match each time",
            _with(halves=lambda n: 0.5),
            "Half a match is counted each time. The second length without a match gets half of "
            "that. What has to be remembered between them?",
        ),
        Mistake(
            "one more of each",
            _with(
                matched=lambda h, r: _clipped(h, r) + 1 if _clipped(h, r) else 0,
                counted=lambda h, r: h.total() + 1,
            ),
            "You add one to every count. That is another kind of smoothing. Which lengths need "
            "any here?",
        ),
        Mistake(
            "without case",
            _with(split=lambda text: text.lower().split()),
            "You make all letters small. In German a capital is a matter of grammar. Was that "
            "asked?",
        ),
        Mistake(
            "letters",
            _with(split=list),
            "You count letters. A text is iterated letter by letter. What makes tokens of it?",
        ),
        Mistake(
            "a share",
            _with(scale=1),
            "This is from 0 to 1. BLEU is given from 0 to 100. What is missing?",
        ),
    ),
    hints=(
        "For n from 1 to 4: `ngrams(tokens, n)` counts a sentence's groups, and `a & b` of two "
        "counters is the smaller count of each, which is the clipping. `.total()` adds them up.",
        "Add up matches and totals over all sentences, then divide: one precision for each n. The "
        "mean of their four logarithms, and `exp` of that, is the geometric mean.",
        "If no word matches, or there are no groups of some length, the score is 0. If n has no "
        "match, count 0.5, for the next such n 0.25. The penalty is "
        "`min(1, exp(1 - reference length / output length))`.",
    ),
)
