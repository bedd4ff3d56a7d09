"""2.7 and 2.8: find the bug."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib import attention, masks
from course_lib.exercises.ch01.common import BATCH, FUSED, HEADS, Q_BATCH
from course_lib.exercises.ch02.common import Q_POLARITY
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Mistake, Probe

Weights = Callable[[Tensor, Tensor], Tensor]
Q_FIRST = "What may the first word see? Which value must it therefore return, unchanged?"
SHAPES = "q (..., T, Dh), k (..., T, Dh), v (..., T, Dv) -> (..., T, Dv)"
NO_SOFTMAX = "The scores are used as weights, without any softmax. Do they sum to 1?"
SEES_ALL = (
    "Nothing is hidden any more: the first word sees the whole sentence. That was not the bug. "
    "What should row 1 look like?"
)
WITHOUT_ITSELF = (
    "No word sees itself now, and the first sees nothing. Which diagonal belongs to the visible "
    "triangle?"
)


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention under a causal mask."""
    return attention.attention(q, k, v, masks.causal_mask(q.shape[-2], device=q.device))


def _triangle(q: Tensor, diagonal: int = 0) -> Tensor:
    n = q.shape[-2]
    return torch.ones(n, n, dtype=torch.bool, device=q.device).tril(diagonal)


PROBES = (
    Probe(
        "two words, by hand",
        given([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [[10.0], [20.0]]),
        Q_FIRST,
    ),
    Probe("five words", drawn((5, 3), (5, 3), (5, 4)), Q_FIRST),
    Probe(BATCH, drawn((2, 5, 3), (2, 5, 3), (2, 5, 4)), Q_BATCH),
    Probe(HEADS, drawn((2, 3, 6, 4), (2, 3, 6, 4), (2, 3, 6, 5)), Q_BATCH),
)


def _look_back(weights: Weights, diagonal: int = 0) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    return lambda q, k, v: weights(attention.scaled_dot_scores(q, k), _triangle(q, diagonal)) @ v


LOOK_BACK = Exercise(
    id="2.7",
    title="Find the bug",
    signature="look_back(q, k, v)",
    shapes=SHAPES,
    reference=causal_attention,
    library=(attention.attention, attention.DotProductAttention),
    forbidden=FUSED,
    bug="mask after the softmax",
    probes=PROBES,
    mistakes=(
        Mistake(
            "mask after the softmax",
            _look_back(lambda s, m: s.softmax(-1) * m),
            "The picture of the weights is a fine triangle, and yet its numbers know the future: "
            "the hidden scores took part in the softmax. What do the rows sum to?",
        ),
        Mistake(
            "mask lost",
            _look_back(lambda s, m: s.softmax(-1)),
            SEES_ALL,
        ),
        Mistake(
            "scores filled with 0",
            _look_back(lambda s, m: (s * m).softmax(-1)),
            "The mask comes before the softmax now, but the hidden scores become 0, and e⁰ is 1. "
            "Which score gives a power of exactly 0?",
        ),
        Mistake(
            "hidden what may be seen",
            _look_back(lambda s, m: s.masked_fill(m, -math.inf).softmax(-1)),
            "`masked_fill` writes where its mask is True, and here that is what may be seen. "
            + Q_POLARITY,
        ),
        Mistake(
            "without itself",
            _look_back(lambda s, m: s.masked_fill(~m, -math.inf).softmax(-1), diagonal=-1),
            WITHOUT_ITSELF,
        ),
        Mistake(
            "one step too far",
            _look_back(lambda s, m: s.masked_fill(~m, -math.inf).softmax(-1), diagonal=1),
            "Each word now sees the one after it as well. Was the triangle wrong before?",
        ),
        Mistake(
            "over the queries",
            _look_back(lambda s, m: s.masked_fill(~m, -math.inf).softmax(-2)),
            "The weights sum to 1 down the columns now. Which axis holds the keys?",
        ),
        Mistake(
            "scale lost",
            lambda q, k, v: (
                attention.attention_weights(attention.dot_scores(q, k), _triangle(q)) @ v
            ),
            "The mask is right now, but the division by √Dh is gone. Was that line the bug?",
        ),
        Mistake(
            "no softmax",
            _look_back(lambda s, m: s.masked_fill(~m, 0.0)),
            NO_SOFTMAX,
            group="no softmax",
        ),
        Mistake(
            "no softmax, minus infinity",
            _look_back(lambda s, m: s.masked_fill(~m, -math.inf)),
            NO_SOFTMAX,
            group="no softmax",
        ),
        Mistake(
            "minus infinity after the softmax",
            _look_back(lambda s, m: s.softmax(-1).masked_fill(~m, -math.inf)),
            "Minus infinity stands among the *weights* now. It belongs among the scores, where the "
            "softmax makes a 0 of it. Which of the two lines comes first?",
        ),
    ),
    hints=(
        "Print the sum of each row of the weights. For which words is it 1?",
        "A softmax that has seen the hidden scores has shared with them. The mask must come one "
        "line earlier.",
        "Before the softmax, hidden is a score of minus infinity: `masked_fill` with `~mask`.",
    ),
)


def _fused(mask: Callable[[Tensor], Tensor | None]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=mask(q))


FUSED_CAUSAL = Exercise(
    id="2.8",
    title="Find the bug",
    signature="fused_causal(q, k, v)",
    shapes=SHAPES,
    reference=causal_attention,
    library=(attention.attention, attention.DotProductAttention),
    bug="True means hidden",
    probes=PROBES,
    mistakes=(
        Mistake(
            "True means hidden",
            _fused(lambda q: ~_triangle(q)),
            "Every word sees the future and nothing else. The kernel takes True for *may look*; "
            "this mask says True for *hidden*. Which of the two has to change?",
        ),
        Mistake(
            "the future and itself",
            _fused(lambda q: ~_triangle(q, -1)),
            "Now every word sees itself and the future. The diagonal was not the bug. Which "
            "triangle may a word look at?",
        ),
        Mistake("without itself", _fused(lambda q: _triangle(q, -1)), WITHOUT_ITSELF),
        Mistake(
            "one step too far",
            _fused(lambda q: _triangle(q, 1)),
            "The right triangle, and one diagonal too many: each word sees the one after it. "
            "Where does the past end?",
        ),
        Mistake("no mask", _fused(lambda q: None), SEES_ALL),
        Mistake(
            "a mask of floats",
            _fused(lambda q: _triangle(q).to(q.dtype)),
            "A mask of floats is *added* to the scores: 1 more for the visible, 0 for the hidden, "
            "and nothing is hidden. What must the mask be made of, to say yes and no?",
        ),
        Mistake(
            "floats of the hidden",
            _fused(lambda q: (~_triangle(q)).to(q.dtype)),
            "A mask of floats is *added* to the scores, so the future gets 1 more. What must the "
            "mask be made of, to say yes and no, and which is which?",
        ),
        Mistake(
            "the queries in the keys' place",
            lambda q, k, v: F.scaled_dot_product_attention(q, q, v, is_causal=True),
            "The mask is right now, and the queries are compared with themselves. Where did the "
            "keys go?",
        ),
    ),
    hints=(
        "Give the values 10, 20, 30, … to the words. What should the first word return, and what "
        "does it return?",
        "Open the help of the kernel, `F.scaled_dot_product_attention?`, and read what a True in "
        "`attn_mask` means.",
        "Either turn the mask round with `~`, or build the lower triangle with `tril`.",
    ),
)
