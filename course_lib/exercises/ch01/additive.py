"""1.5 additive_scores."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import BATCH, BY_HAND, HEADS, KEYS_FIRST, Q_BATCH
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe

WITHIN_V = Invariant(
    "no score is larger than the sum of the absolute values in `v`",
    lambda value, q, k, w_q, w_k, v: bool((value.abs() <= v.abs().sum() + 1e-4).all()),
)


def additive_scores(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor) -> Tensor:
    """`course_lib.attention.AdditiveScores`, with its weights as arguments."""
    return torch.tanh(_pairs(q, k, w_q, w_k)) @ v


def _additive(
    q: Tensor,
    k: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    v: Tensor,
    bend: Callable[[Tensor], Tensor] = torch.tanh,
    pair: Callable[[Tensor, Tensor], Tensor] = torch.add,
    weigh: Callable[[Tensor, Tensor], Tensor] = torch.matmul,
    keys_first: bool = False,
    softmax: bool = False,
) -> Tensor:
    """Additive scores, with the switches of what goes wrong with them."""
    queries, keys = (q @ w_q.T).unsqueeze(-2), (k @ w_k.T).unsqueeze(-3)
    scores = weigh(bend(pair(queries, keys)), v)
    scores = scores.mT if keys_first else scores
    return scores.softmax(-1) if softmax else scores


def _pairs(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor) -> Tensor:
    return (q @ w_q.T).unsqueeze(-2) + (k @ w_k.T).unsqueeze(-3)  # (..., Tq, Tk, Dh)


ADDITIVE = Exercise(
    id="1.5",
    title="Additive scores",
    signature="additive_scores(q, k, w_q, w_k, v)",
    shapes="q (..., Tq, Dq), k (..., Tk, Dk), w_q (Dh, Dq), w_k (Dh, Dk), v (Dh) -> (..., Tq, Tk)",
    reference=additive_scores,
    library=(attention.AdditiveScores,),
    probes=(
        Probe(
            BY_HAND,
            given(
                [[1.0, 0.0, 0.0]],
                [[-1.0, 5.0], [19.0, 5.0], [-21.0, 5.0]],
                [[1.0, 0.0, 0.0]],
                [[1.0, 0.0]],
                [3.0],
            ),
            "The query gives 1, the keys -1, 19 and -21. What is tanh of the three sums, almost?",
        ),
        Probe(
            "two queries, four keys",
            drawn((2, 3), (4, 5), (6, 3), (6, 5), (6,)),
            "Each query meets each key before tanh. What shape has the tensor of all those sums?",
        ),
        Probe(BATCH, drawn((2, 3, 4), (2, 5, 6), (7, 4), (7, 6), (7,)), Q_BATCH),
        Probe(HEADS, drawn((2, 3, 4, 5), (2, 3, 6, 7), (8, 5), (8, 7), (8,)), Q_BATCH),
    ),
    invariants=(WITHIN_V,),
    mistakes=(
        Mistake(
            "no tanh",
            partial(_additive, bend=lambda pairs: pairs),
            "There is no tanh. Without it the score is a part for the query plus a part for the "
            "key, and every query likes the same keys. What bends the sum before `v`?",
        ),
        Mistake(
            "tanh at the end",
            lambda q, k, w_q, w_k, v: torch.tanh(_pairs(q, k, w_q, w_k) @ v),
            "tanh comes after `v` here, so no score can leave -1 … 1. In the formula vᵀ tanh(…), "
            "which of the two comes first?",
        ),
        Mistake(
            "sigmoid",
            partial(_additive, bend=torch.sigmoid),
            "The sums go through a sigmoid. Which curve does the formula name, one that is 0 at 0?",
        ),
        Mistake(
            "relu",
            partial(_additive, bend=torch.relu),
            "The sums go through a ReLU. Which curve does the formula name, one that keeps the "
            "sign?",
        ),
        Mistake(
            "tanh on each side",
            lambda q, k, w_q, w_k, v: (
                _pairs(torch.tanh(q @ w_q.T), torch.tanh(k @ w_k.T), *[torch.eye(len(v))] * 2) @ v
            ),
            "tanh is taken of query and key apart, and then they are added: the two never meet "
            "inside the bend. Which comes first, the sum or tanh?",
        ),
        Mistake(
            "multiplied",
            partial(_additive, pair=torch.mul),
            "Query and key are multiplied. What gave these scores the name additive?",
        ),
        Mistake(
            "subtracted",
            partial(_additive, pair=torch.sub),
            "The key is taken away from the query. What gave these scores the name additive?",
        ),
        Mistake(
            "no new axes",
            lambda q, k, w_q, w_k, v: torch.tanh(q @ w_q.T + k @ w_k.T) @ v,
            "The first query is added to the first key, the second to the second. Every query "
            "should meet every key. Where does each of them need a new axis of size 1?",
        ),
        Mistake(
            "keys first",
            partial(_additive, keys_first=True),
            KEYS_FIRST.replace(
                "Which of the two comes first in the product",
                "Which of the two gets its new axis where",
            ),
        ),
        Mistake(
            "v not used",
            partial(_additive, weigh=lambda bent, v: bent.sum(-1)),
            "The numbers after tanh are added up, all with the same weight. What is `v` for?",
        ),
        Mistake(
            "weights not transposed",
            lambda q, k, w_q, w_k, v: (
                torch.tanh((q @ w_q).unsqueeze(-2) + (k @ w_k).unsqueeze(-3)) @ v
            ),
            "`w_q` has the shape (Dh, Dq), as in `nn.Linear`: it expects the vector on its right. "
            "What has to happen to it when the queries stand on the left?",
        ),
        Mistake(
            "already softmax",
            partial(_additive, softmax=True),
            "These are weights: each row sums to 1. What stood there before the softmax?",
        ),
    ),
    hints=(
        "First bring queries and keys to the same size: `q @ w_q.T` is (..., Tq, Dh), and the "
        "keys likewise. Then every query has to be added to every key.",
        "Broadcasting makes all pairs: (..., Tq, 1, Dh) plus (..., 1, Tk, Dh) is "
        "(..., Tq, Tk, Dh). `unsqueeze` makes the axes of size 1.",
        "`pairs = (q @ w_q.T).unsqueeze(-2) + (k @ w_k.T).unsqueeze(-3)`. Then tanh, and last the "
        "product with `v`, which adds up over Dh.",
    ),
)
