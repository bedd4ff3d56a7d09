"""1.1 stable_softmax and 1.7, from temperature to entropy."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import DOUBLE, Q_BATCH, Q_DOUBLE
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Prediction, Probe, WrongValue

SOFTMAX = {
    "torch.softmax": torch.softmax,
    "Tensor.softmax": Tensor.softmax,
    "F.softmax": F.softmax,
    "torch.special.softmax": torch.special.softmax,
    "torch.log_softmax": torch.log_softmax,
    "Tensor.log_softmax": Tensor.log_softmax,
    "F.log_softmax": F.log_softmax,
}


def stable_softmax(scores: Tensor) -> Tensor:
    """Softmax over the last axis, safe for scores of any size."""
    exp = (scores - scores.amax(-1, keepdim=True)).exp()
    return exp / exp.sum(-1, keepdim=True)


def entropies() -> tuple[float, ...]:
    """Entropy in bits of the softmax of (2, 2, 0, 1) / T, for T = 0.01 and T = 100."""
    scores = torch.tensor([2.0, 2.0, 0.0, 1.0])
    weights = [(scores / temperature).softmax(-1) for temperature in (0.01, 100.0)]
    return tuple(float(-torch.special.xlogy(w, w).sum() / math.log(2)) for w in weights)


ROWS_SUM_TO_ONE = Invariant(
    "the weights of each query sum to 1",
    lambda value, *_: bool(((value.sum(-1) - 1).abs() < 1e-4).all()),
)
NOT_NEGATIVE = Invariant("no weight is negative", lambda value, *_: bool((value >= 0).all()))

SOFTMAX_EXERCISE = Exercise(
    id="1.1",
    title="A softmax that does not overflow",
    signature="stable_softmax(scores)",
    shapes="scores (..., Tq, Tk) -> (..., Tq, Tk)",
    reference=stable_softmax,
    forbidden=SOFTMAX,
    library=(attention.attention_weights,),
    probes=(
        Probe(
            "one row whose answer is 1/8, 2/8, 5/8",
            given([[0.0, math.log(2), math.log(5)]]),
            "What are e⁰, e^ln 2 and e^ln 5, and what is their sum?",
        ),
        Probe(
            "two queries, three keys",
            drawn((2, 3)),
            "Which numbers belong together in one sum: those of a row, or those of a column?",
        ),
        Probe("a batch: two sentences, three queries, five keys", drawn((2, 3, 5)), Q_BATCH),
        Probe(
            "scores in the thousands",
            given([[1000.0, 1001.0, 1003.0], [-2000.0, -2001.0, -2003.0], [0.0, 0.0, 300.0]]),
            "What is e¹⁰⁰⁰ in 32 bits? And which number may you take away from every score of a "
            "row without changing its weights?",
        ),
        Probe(DOUBLE, drawn((2, 5), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(ROWS_SUM_TO_ONE, NOT_NEGATIVE),
    mistakes=(
        Mistake(
            "no maximum",
            lambda s: s.exp() / s.exp().sum(-1, keepdim=True),
            "The formula is right, and overflows: e¹⁰⁰⁰ is infinite in 32 bits, e⁻²⁰⁰⁰ is 0. Which "
            "number could you take away from all scores of a row, so that the largest becomes 0?",
        ),
        Mistake(
            "maximum of the whole tensor",
            lambda s: (e := (s - s.amax()).exp()) / e.sum(-1, keepdim=True),
            "One maximum for all rows is taken away. A row that lies far below it turns into "
            "zeros, and 0/0 follows. Whose maximum does each row need?",
        ),
        Mistake(
            "mean in place of the maximum",
            lambda s: (e := (s - s.mean(-1, keepdim=True)).exp()) / e.sum(-1, keepdim=True),
            "What you take away is not the largest of the row (the mean, or the smallest?), so a "
            "score far above it still overflows. Which number, taken away, leaves nothing above 0?",
        ),
        Mistake(
            "limited from above",
            lambda s: (e := s.clamp(max=80).exp()) / e.sum(-1, keepdim=True),
            "Large scores are cut to one size, and so all become equal. Which number could you "
            "take away from all scores of a row, so that none is too large and none changes place?",
        ),
        Mistake(
            "powers of two",
            lambda s: (e := 2 ** (s - s.amax(-1, keepdim=True))) / e.sum(-1, keepdim=True),
            "Your shares come from powers of 2. Softmax takes powers of another number. Which?",
        ),
        Mistake(
            "divided by the maximum",
            lambda s: (s / s.amax(-1, keepdim=True)).softmax(-1),
            "The scores are divided by the maximum, which changes their differences. What keeps "
            "all differences as they are?",
        ),
        Mistake(
            "over the queries",
            lambda s: s.softmax(-2),
            "Your columns sum to 1, not your rows: the keys should compete for one query, and "
            "here the queries compete for one key. Which axis holds the keys?",
        ),
        Mistake(
            "sum over the queries",
            lambda s: (e := (s - s.amax(-1, keepdim=True)).exp()) / e.sum(-2, keepdim=True),
            "The maximum is taken over the keys, and the sum over the queries. Which of the two "
            "axes should both of them run along?",
        ),
        Mistake(
            "over the first axis",
            lambda s: s.softmax(0),
            "You sum over axis 0. For a single table that is the queries, and for a batch it mixes "
            "the sentences. What is the number of the last axis, however many there are?",
        ),
        Mistake(
            "axis counted from the front",
            lambda s: s.softmax(1),
            "Axis 1 holds the keys in a single table, but not when a batch comes in front. How do "
            "you count axes so that leading ones make no difference?",
        ),
        Mistake(
            "over all cells at once",
            lambda s: s.flatten().softmax(0).view_as(s),
            "All numbers together sum to 1. Each query should share out its own 1 among the keys. "
            "Which axis should the sum run along?",
        ),
        Mistake(
            "no exponential",
            lambda s: s / s.sum(-1, keepdim=True),
            "The scores are divided by their sum as they are. A negative score then gives a "
            "negative weight. Which function makes every number positive and keeps the order?",
        ),
        Mistake(
            "not divided",
            lambda s: (s - s.amax(-1, keepdim=True)).exp(),
            "The largest weight of each row is exactly 1: these are the exponentials, not yet "
            "shares. What must each be divided by, to make a row sum to 1?",
        ),
        Mistake(
            "logarithms",
            lambda s: s.log_softmax(-1),
            "These are the logarithms of the weights. Which step leads from there to the weights?",
        ),
        Mistake(
            "one sum for all rows",
            lambda s: (e := (s - s.amax(-1, keepdim=True)).exp()) / e.sum(),
            "All rows together sum to 1: `.sum()` without an axis adds up everything. Each row is "
            "a softmax of its own. Which axis is to be added up?",
        ),
        Mistake(
            "neither with keepdim",
            lambda s: (e := (s - s.amax(-1)).exp()) / e.sum(-1),
            "Maximum and sum have both lost their axis, so that they meet the rows' numbers "
            "crosswise, or not at all. Which argument keeps an axis of size 1?",
        ),
        Mistake(
            "sum without keepdim",
            lambda s: (e := (s - s.amax(-1, keepdim=True)).exp()) / e.sum(-1),
            "A maximum or a sum over an axis removes that axis, and what is left lines up with "
            "the wrong one. Which argument makes PyTorch keep it, with size 1?",
            group="keepdim",
        ),
        Mistake(
            "maximum without keepdim",
            lambda s: (e := (s - s.amax(-1)).exp()) / e.sum(-1, keepdim=True),
            "A maximum or a sum over an axis removes that axis, and what is left lines up with "
            "the wrong one. Which argument makes PyTorch keep it, with size 1?",
            group="keepdim",
        ),
    ),
    hints=(
        "Softmax is e to the power of each score, divided by the sum of these over the row. Adding "
        "the same number to all scores of a row changes nothing. Which number helps most?",
        "Take each row's maximum away before `exp`. `amax` and `sum` over the last axis need "
        "`keepdim=True`, so that a row's one number meets all numbers of that row.",
        "`shifted = scores - scores.amax(dim=-1, keepdim=True)`, then `shifted.exp()`, then divide "
        "by the sum over the same axis.",
    ),
)

ENTROPY = Prediction(
    id="1.7",
    title="From temperature to entropy",
    signature="prediction = (cold, hot)",
    names=("entropy at T = 0.01", "entropy at T = 100"),
    expected=entropies,
    question="How many keys share the weight when it is very cold, and how many when it is hot?",
    wrong=(
        WrongValue(
            "tie forgotten",
            (0.0, 2.0),
            "The hot end is right. At the cold end all weight goes to the largest score. Look at "
            "the scores again: how many keys have it?",
        ),
        WrongValue(
            "in nats",
            (math.log(2), math.log(4)),
            "These are right in nats, with the natural logarithm. The question asks for bits. "
            "Which base has a bit?",
        ),
        WrongValue(
            "in nats, tie forgotten",
            (0.0, math.log(4)),
            "The hot end is right in nats, and bits are asked. At the cold end, how many keys have "
            "the largest score?",
        ),
        WrongValue(
            "number of keys",
            (2.0, 4.0),
            "Two keys share the weight, then four: well seen. Entropy in bits counts the yes-or-no "
            "questions that tell them apart. How many for 2, how many for 4?",
        ),
        WrongValue(
            "the weights",
            (0.5, 0.25),
            "These are the weights themselves, a half each and a quarter each: well seen. How many "
            "yes-or-no questions tell two equal keys apart, and how many four?",
        ),
        WrongValue(
            "share of the largest",
            (0.5, 1.0),
            "As a share of the largest possible entropy this is right. Which number of bits is the "
            "largest possible for four keys?",
        ),
        WrongValue(
            "opposite direction",
            (2.0, 1.0),
            "You have it cold where it is hot. Dividing by a small T stretches the differences "
            "between scores. Does that make the weights more equal, or less?",
            lambda cold, hot: hot + 0.05 < cold <= 2.05 and hot >= 0 and cold > 0.6,
        ),
        WrongValue(
            "no difference",
            (1.0, 1.0),
            "The same number twice: then temperature would change nothing. What becomes of the "
            "difference between scores 2 and 1 when both are divided by 0.01? And by 100?",
            lambda cold, hot: abs(cold - hot) <= 0.05 and 0 <= cold <= 2.05,
        ),
        WrongValue(
            "negative",
            (-1.0, -2.0),
            "An entropy is never negative: the logarithm of a share is, and the formula turns its "
            "sign. What do you get with the sign turned?",
            lambda cold, hot: min(cold, hot) < 0,
        ),
        WrongValue(
            "more than possible",
            (1.0, 8.0),
            "Four keys cannot have more entropy than four equal ones. How many yes-or-no questions "
            "tell four keys apart?",
            lambda cold, hot: (
                min(cold, hot) >= 0
                and max(cold, hot) > 2.05
                and (abs(cold - 2) > 0.05 or abs(hot - 4) > 0.05)
            ),
        ),
    ),
    hints=(
        "A very small T makes the largest score win everything, a very large T makes all scores "
        "alike. Who wins when two are the largest?",
        "n equal shares have an entropy of log₂ n bits. Cold: the two scores of 2 share the "
        "weight. Hot: all four keys do.",
    ),
)
