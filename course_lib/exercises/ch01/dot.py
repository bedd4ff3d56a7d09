"""1.2 dot_scores and 1.3 scaled_dot_scores."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import (
    BATCH,
    BY_HAND,
    DOUBLE,
    HEADS,
    KEYS_FIRST,
    Q_BATCH,
    Q_DOUBLE,
    SCORES,
)
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Mistake, Probe


def _scores(
    q: Tensor,
    k: Tensor,
    divisor: Callable[[Tensor, Tensor], float] = lambda q, k: 1.0,
    keys_first: bool = False,
    softmax: bool = False,
) -> Tensor:
    """Dot products, with the switches of what goes wrong with them."""
    scores = (k @ q.mT if keys_first else q @ k.mT) / divisor(q, k)
    return scores.softmax(-1) if softmax else scores


def root_of_d(q: Tensor, k: Tensor) -> float:
    return math.sqrt(q.shape[-1])


def _scaled(
    q: Tensor,
    k: Tensor,
    divisor: Callable[[Tensor, Tensor], float] = root_of_d,
    keys_first: bool = False,
    softmax: bool = False,
) -> Tensor:
    return _scores(q, k, divisor, keys_first, softmax)


RESHAPED = (
    "The keys have the right shape, and their numbers stand in other places: `view` and `reshape` "
    "read the numbers on in the old order. What turns rows into columns?"
)
FIXED = (
    "You divide by a number from a paper (√64 = 8, or √512). It is right for vectors of that size "
    "alone. Where does your code find out how long the vectors are?"
)

DOT_PROBES = (
    Probe(
        BY_HAND,
        given([[1.0, 2.0, 0.0]], [[1.0, 0.0, 5.0], [3.0, 1.0, 7.0]]),
        "Multiply the query with the first key, number by number, and add up. What comes out?",
    ),
    Probe(
        "two queries, four keys",
        drawn((2, 3), (4, 3)),
        "There is one score for each pair. How many pairs are there, and which axis is which?",
    ),
    Probe(BATCH, drawn((2, 3, 4), (2, 5, 4)), Q_BATCH),
    Probe(HEADS, drawn((2, 3, 4, 6), (2, 3, 5, 6)), Q_BATCH),
    Probe(DOUBLE, drawn((2, 3), (4, 3), dtype=torch.float64), Q_DOUBLE),
)

DOT = Exercise(
    id="1.2",
    title="Dot-product scores",
    signature="dot_scores(q, k)",
    shapes=SCORES,
    reference=attention.dot_scores,
    probes=DOT_PROBES,
    mistakes=(
        Mistake(
            "not transposed",
            lambda q, k: q @ k,
            "A matrix product takes rows from the left and columns from the right. Here the keys "
            "are rows too. Which two axes of `k` must change places?",
        ),
        Mistake(
            "all axes reversed",
            lambda q, k: q @ k.T,
            "`k.T` reverses all axes, the batch's too. That fits a single table only. How do you "
            "swap the last two axes and leave the rest?",
        ),
        Mistake(
            "first two axes swapped",
            lambda q, k: q @ k.transpose(0, 1),
            "`transpose(0, 1)` swaps the first two axes. In a batch these are sentence and key. "
            "Which two should it be, counted from the end?",
        ),
        Mistake(
            "axes 1 and 2 swapped",
            lambda q, k: q @ k.transpose(1, 2),
            "`transpose(1, 2)` fits exactly three axes. With fewer there is no axis 2, with more "
            "it takes the wrong ones. How do you count so that leading axes make no difference?",
        ),
        Mistake("keys first", partial(_scores, keys_first=True), KEYS_FIRST),
        Mistake(
            "reshaped",
            lambda q, k: q @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2]),
            RESHAPED,
            group="view for transpose",
        ),
        Mistake(
            "one table reshaped",
            lambda q, k: q @ k.view(k.shape[-1], k.shape[-2]),
            RESHAPED,
            group="view for transpose",
        ),
        Mistake(
            "number by number",
            lambda q, k: (q * k).sum(-1),
            "`q * k` pairs the first query with the first key, the second with the second. Every "
            "query should meet every key. What combines all rows with all rows?",
        ),
        Mistake(
            "already scaled",
            partial(_scores, divisor=root_of_d),
            "This divides by √D. That is the next exercise; here the plain product is asked. "
            "What do these scores look like before the division?",
        ),
        Mistake(
            "already softmax",
            partial(_scores, softmax=True),
            "These are weights: each row sums to 1. What stood there before the softmax?",
        ),
    ),
    hints=(
        "The score of query i and key j is the sum over q[i] · k[j], number by number. A matrix "
        "product does that for all pairs at once.",
        "For `q @ …` the keys must stand as columns: shape (..., D, Tk). Swap the last two axes "
        "of `k`, counted from the end, so that leading axes stay where they are.",
        "`k.transpose(-2, -1)` has the shape (..., D, Tk).",
    ),
)

SCALED = Exercise(
    id="1.3",
    title="Scaled dot-product scores",
    signature="scaled_dot_scores(q, k)",
    shapes=SCORES,
    reference=attention.scaled_dot_scores,
    probes=(
        Probe(
            BY_HAND,
            given(
                [[2.0, 0.0, 0.0, 2.0]],
                [[1.0, 5.0, 7.0, 1.0], [3.0, 0.0, 0.0, -2.0], [0.0, 9.0, 9.0, 0.0]],
            ),
            "The dot products are 4, 2 and 0, and a query has four numbers. What is √4?",
        ),
        replace(
            DOT_PROBES[1],
            question="By which number is each score divided? Does it change with the number of "
            "queries or keys?",
        ),
        *DOT_PROBES[2:],
    ),
    mistakes=(
        Mistake(
            "not scaled",
            partial(_scaled, divisor=lambda q, k: 1.0),
            "These are the plain dot products. Their variance grows with the length of the "
            "vectors. By what are they to be divided?",
        ),
        Mistake(
            "divided by D",
            partial(_scaled, divisor=lambda q, k: q.shape[-1]),
            "You divide by D itself (perhaps by √D on both sides). The variance of a dot product "
            "is D. What, then, is its standard deviation?",
        ),
        Mistake(
            "multiplied",
            partial(_scaled, divisor=lambda q, k: 1 / root_of_d(q, k)),
            "You multiply by √D, and the scores grow even more. Which operation makes them "
            "smaller?",
        ),
        Mistake(
            "root of Tk",
            partial(_scaled, divisor=lambda q, k: math.sqrt(k.shape[-2])),
            "You divide by the root of the number of keys. The spread of a score comes from how "
            "many products are added up in it. How many are that?",
        ),
        Mistake(
            "root of Tq",
            partial(_scaled, divisor=lambda q, k: math.sqrt(q.shape[-2])),
            "You divide by the root of the number of queries. Which axis of `q` is it that a dot "
            "product adds up over?",
        ),
        Mistake(
            "root of the first axis",
            partial(_scaled, divisor=lambda q, k: math.sqrt(q.shape[0])),
            "You divide by the root of the first axis, which is the batch when there is one. "
            "Which axis of `q` is it that a dot product adds up over?",
        ),
        Mistake(
            "root of 512",
            partial(_scaled, divisor=lambda q, k: math.sqrt(512)),
            FIXED,
            group="a fixed size",
        ),
        Mistake(
            "root of 64",
            partial(_scaled, divisor=lambda q, k: math.sqrt(64)),
            FIXED,
            group="a fixed size",
        ),
        Mistake(
            "rounded down",
            lambda q, k: (q @ k.mT) // root_of_d(q, k),
            "`//` divides and rounds down to whole numbers. Which sign divides and keeps the rest?",
        ),
        Mistake("keys first", partial(_scaled, keys_first=True), KEYS_FIRST),
        Mistake(
            "already softmax",
            partial(_scaled, softmax=True),
            "These are weights: each row sums to 1. What stood there before the softmax?",
        ),
        Mistake(
            "axis counted from the front",
            partial(_scaled, divisor=lambda q, k: math.sqrt(q.shape[1])),
            "Axis 1 is the size of a vector in a single table, but not when a batch comes in "
            "front. How do you name the last axis, however many there are?",
        ),
    ),
    hints=(
        "A dot product of D random numbers has a variance of about D. Divide by what brings it "
        "back to 1.",
        "The standard deviation is the root of the variance. D is the size of the last axis of "
        "`q`: `q.shape[-1]`.",
        "`dot_scores(q, k)` divided by `math.sqrt(…)` of that size.",
    ),
)
