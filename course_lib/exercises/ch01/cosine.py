"""1.4 cosine_scores."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import (
    BATCH,
    BY_HAND,
    DOUBLE,
    KEYS_FIRST,
    Q_BATCH,
    Q_DOUBLE,
    SCORES,
)
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe

AT_MOST_ONE = Invariant(
    "a cosine lies between -1 and 1", lambda value, *_: bool((value.abs() <= 1 + 1e-4).all())
)


def _norm(x: Tensor) -> Tensor:
    return x.norm(dim=-1, keepdim=True)


def _length(x: Tensor, eps: float) -> Tensor:
    return _norm(x).clamp(min=eps)


def _cosine(
    q: Tensor,
    k: Tensor,
    eps: float = 1e-8,
    normalised: str = "qk",
    length: Callable[[Tensor, float], Tensor] = _length,
    keys_first: bool = False,
) -> Tensor:
    """Cosines, with the switches of what goes wrong with them."""
    q = q / length(q, eps) if "q" in normalised else q
    k = k / length(k, eps) if "k" in normalised else k
    return k @ q.mT if keys_first else q @ k.mT


COSINE = Exercise(
    id="1.4",
    title="Cosine scores",
    signature="cosine_scores(q, k, eps=1e-8)",
    shapes=SCORES,
    reference=attention.cosine_scores,
    forbidden={"F.cosine_similarity": F.cosine_similarity},
    probes=(
        Probe(
            BY_HAND,
            given([[3.0, 4.0]], [[6.0, 8.0], [4.0, -3.0], [-3.0, -4.0]]),
            "The keys lie along the query, across it and against it. What is the cosine of each?",
        ),
        Probe(
            "two queries, four keys",
            drawn((2, 3), (4, 3)),
            "How long is each vector after your division? Print its norm.",
        ),
        Probe(BATCH, drawn((2, 3, 4), (2, 5, 4)), Q_BATCH),
        Probe(
            "a query of zeros, and one that is nearly zero",
            given([[0.0, 0.0, 0.0], [1.5e-8, 0.0, 0.0], [1.0, 2.0, 2.0]], [[3.0, 0.0, 4.0]]),
            "What is the length of that query, and what comes of dividing by it?",
        ),
        Probe(
            "vectors shorter than eps = 0.5",
            given(
                [[0.3, 0.0, 0.0], [0.0, 2.0, 0.0]], [[0.4, 0.0, 0.0], [4.0, 3.0, 0.0]], more=(0.5,)
            ),
            "The first query has length 0.3, and eps is 0.5. By which of them is it divided?",
        ),
        Probe(DOUBLE, drawn((2, 3), (4, 3), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(AT_MOST_ONE,),
    mistakes=(
        Mistake(
            "only the queries",
            partial(_cosine, normalised="q"),
            "The queries have length 1, the keys have kept theirs: a long key scores high whatever "
            "its direction. What is still to be divided?",
        ),
        Mistake(
            "only the keys",
            partial(_cosine, normalised="k"),
            "The keys have length 1, the queries have kept theirs. What is still to be divided?",
        ),
        Mistake(
            "not normalised",
            partial(_cosine, normalised=""),
            "These are plain dot products. A cosine knows only directions. What must happen to "
            "the lengths?",
        ),
        Mistake(
            "scaled instead",
            lambda q, k, eps=1e-8: attention.scaled_dot_scores(q, k),
            "This divides every score by √D. A cosine divides by the lengths of the two vectors "
            "at hand. How is the length of a vector computed?",
        ),
        Mistake(
            "over time",
            partial(_cosine, length=lambda x, eps: x.norm(dim=-2, keepdim=True).clamp(min=eps)),
            "The length is taken down the columns, over the words. One word's vector lies along a "
            "row. Which axis is that?",
        ),
        Mistake(
            "length of the whole tensor",
            partial(_cosine, length=lambda x, eps: x.norm().clamp(min=eps)),
            "There is one length for all vectors together. Each has its own. Over which axis is "
            "it computed, and how does that axis stay in place?",
        ),
        Mistake(
            "squared lengths",
            partial(_cosine, length=lambda x, eps: _norm(x).square().clamp(min=eps)),
            "You divide by the sum of squares. What is missing on the way to the length?",
        ),
        Mistake(
            "no eps",
            partial(_cosine, length=lambda x, eps: _norm(x)),
            "`eps` is not used: a vector of zeros gives 0/0. What should the length be replaced by "
            "when it is smaller than `eps`?",
        ),
        Mistake(
            "eps added",
            partial(_cosine, length=lambda x, eps: _norm(x) + eps),
            "`eps` is added to every length, so all cosines come out a little small. It should "
            "matter only for vectors shorter than `eps`. Which function takes the larger of two?",
        ),
        Mistake(
            "eps inside the root",
            partial(_cosine, length=lambda x, eps: (_norm(x).square() + eps).sqrt()),
            "`eps` is added to the sum of squares, under the root. It is meant to be the smallest "
            "length to divide by. Where does it belong?",
        ),
        Mistake(
            "eps for the product",
            lambda q, k, eps=1e-8: (
                attention.dot_scores(q, k) / (_norm(q) @ _norm(k).mT).clamp(min=eps)
            ),
            "`eps` limits the product of the two lengths. Here each vector has its own limit. "
            "What changes if one is short and the other long?",
        ),
        Mistake(
            "sum of absolute values",
            partial(_cosine, length=lambda x, eps: x.norm(1, -1, keepdim=True).clamp(min=eps)),
            "You divide by the sum of absolute values. The length that Pythagoras means is "
            "another one. How long is (3, 4)?",
        ),
        Mistake(
            "keys first",
            partial(_cosine, keys_first=True),
            KEYS_FIRST,
        ),
    ),
    hints=(
        "The cosine of two vectors is their dot product once both have length 1.",
        "Divide each vector by its own length, over the last axis, with the axis kept. A length "
        "below `eps` is replaced by `eps`: `clamp(min=eps)`.",
        "`q / q.norm(dim=-1, keepdim=True).clamp(min=eps)`, the same for `k`, then the dot scores.",
    ),
)
