"""2.1 project_qkv."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.exercises.ch01.common import BATCH, BY_HAND, DOUBLE, HEADS, Q_BATCH, Q_DOUBLE
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import Exercise, Mistake, Probe

Three = tuple[Tensor, Tensor, Tensor]


def project_qkv(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor) -> Three:
    """Queries, keys and values of the same words."""
    return F.linear(x, w_q), F.linear(x, w_k), F.linear(x, w_v)


def _project(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    shared: bool = False,
    softmax: bool = False,
) -> Three:
    """Projections, with the switches of what goes wrong with them."""
    q, k, v = project_qkv(x, w_q, w_q if shared else w_k, w_v)
    if softmax:
        q, k, v = q.softmax(-1), k.softmax(-1), v.softmax(-1)
    return q, k, v


def _chained(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor) -> Three:
    q = x @ w_q.T
    k = q @ w_k.T
    return q, k, k @ w_v.T


def _with_features(
    *shape: int, d_key: int, d_value: int, dtype: torch.dtype = torch.float32
) -> Draw:
    d = shape[-1]
    return drawn(shape, (d_key, d), (d_key, d), (d_value, d), dtype=dtype)


PROJECT = Exercise(
    id="2.1",
    title="Queries, keys and values",
    signature="project_qkv(x, w_q, w_k, w_v)",
    shapes="x (..., T, D), w_q (Dk, D), w_k (Dk, D), w_v (Dv, D) -> (..., T, Dk)",
    reference=project_qkv,
    probes=(
        Probe(
            BY_HAND,
            given(
                [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
                [[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]],
                [[1.0, 0.0], [0.0, 1.0], [5.0, 0.0]],
                [[3.0, 4.0]],
            ),
            "The first word is (1, 0), so it picks the first column of each matrix. Which three "
            "vectors does it get?",
        ),
        Probe(
            "four words of three features",
            _with_features(4, 3, d_key=5, d_value=2),
            "A matrix here has a row for each new feature. Which axis of it meets the features of "
            "a word?",
        ),
        Probe(BATCH, _with_features(2, 4, 3, d_key=5, d_value=6), Q_BATCH),
        Probe(HEADS, _with_features(2, 3, 5, 4, d_key=6, d_value=7), Q_BATCH),
        Probe(DOUBLE, _with_features(4, 3, d_key=5, d_value=2, dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "matrix not turned",
            lambda x, w_q, w_k, w_v: (x @ w_q, x @ w_k, x @ w_v),
            "Words are rows of `x`, and new features are rows of each matrix, as in `nn.Linear`. "
            "`@` takes rows from the left and columns from the right. What has to be turned?",
        ),
        Mistake(
            "matrix first",
            lambda x, w_q, w_k, w_v: (w_q @ x, w_k @ x, w_v @ x),
            "`W @ x` is how papers write it, for one word that stands as a column. Here words are "
            "rows, many at a time. On which side does the matrix stand then?",
        ),
        Mistake(
            "one column for each word",
            lambda x, w_q, w_k, w_v: (w_q @ x.mT, w_k @ x.mT, w_v @ x.mT),
            "The numbers are right, and turned round: a column for each word. The course keeps a "
            "row for each. Which factor stands on the left then?",
        ),
        Mistake(
            "reshaped",
            lambda x, w_q, w_k, w_v: tuple(x @ w.reshape(x.shape[-1], -1) for w in (w_q, w_k, w_v)),
            "The matrices have the right shape, and their numbers stand in other places: `view` "
            "and `reshape` read the numbers on in the old order. What turns rows into columns?",
        ),
        Mistake(
            "keys with the queries' matrix",
            partial(_project, shared=True),
            "Queries and keys come from the same matrix: a line was copied and not changed. What "
            "would be the score of word 1 for word 2, compared with that of word 2 for word 1?",
        ),
        Mistake(
            "queries with the keys' matrix",
            lambda x, w_q, w_k, w_v: project_qkv(x, w_k, w_k, w_v),
            "The queries are made with the keys' matrix, so that every word asks for what it "
            "offers. Which matrix is for asking?",
        ),
        Mistake(
            "queries and keys swapped",
            lambda x, w_q, w_k, w_v: project_qkv(x, w_k, w_q, w_v),
            "The first two results stand in each other's place. In which order does the docstring "
            "give them?",
        ),
        Mistake(
            "values first",
            lambda x, w_q, w_k, w_v: (F.linear(x, w_v), F.linear(x, w_q), F.linear(x, w_k)),
            "The values come first. In which order does the docstring give the three results?",
        ),
        Mistake(
            "values with the keys' matrix",
            lambda x, w_q, w_k, w_v: (F.linear(x, w_q), F.linear(x, w_k), F.linear(x, w_k)),
            "The values are made with the keys' matrix: a line was copied and not changed. Which "
            "matrix is left unused?",
        ),
        Mistake(
            "keys and values swapped",
            lambda x, w_q, w_k, w_v: (F.linear(x, w_q), F.linear(x, w_v), F.linear(x, w_k)),
            "The last two results stand in each other's place. In which order does the docstring "
            "give them?",
        ),
        Mistake(
            "no values",
            lambda x, w_q, w_k, w_v: (F.linear(x, w_q), F.linear(x, w_k)),
            "Two results come back, and three are asked. Which role of a word is missing?",
        ),
        Mistake(
            "scores at once",
            lambda x, w_q, w_k, w_v: F.linear(x, w_q) @ F.linear(x, w_k).mT,
            "These are scores, the next step. Here the three projections themselves are asked. "
            "What went into the product?",
        ),
        Mistake(
            "values without projection",
            lambda x, w_q, w_k, w_v: (F.linear(x, w_q), F.linear(x, w_k), x),
            "The values are the words as they are. They have a matrix too: what a word is found by "
            "and what it hands over may differ. Which matrix is left unused?",
        ),
        Mistake(
            "one after the other",
            _chained,
            "The keys are made from the queries, and the values from the keys. What are all three "
            "made from, in the docstring?",
        ),
        Mistake(
            "softmax at once",
            partial(_project, softmax=True),
            "A softmax turns scores into shares, and these are no scores yet. What comes between "
            "the projections and the softmax?",
        ),
        Mistake(
            "stacked",
            lambda x, w_q, w_k, w_v: torch.cat(
                [F.linear(x, w_q), F.linear(x, w_k), F.linear(x, w_v)], -1
            ),
            "All three stand in one tensor, side by side. Three results are asked. How does a "
            "Python function return several?",
        ),
    ),
    hints=(
        "The same sentence goes through three matrices. Each gives every word a new vector, as "
        "long as the matrix has rows.",
        "Words are the rows of `x`, so the matrix stands on the right of `@`. Its features axis, "
        "the last, must come to meet the last axis of `x`.",
        "`x @ w_q.T` gives the queries, (..., T, Dk). Two more lines, and `return` with commas.",
    ),
)
