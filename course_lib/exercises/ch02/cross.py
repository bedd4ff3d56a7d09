"""2.5 cross_attention."""

import math
from functools import partial

import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib import attention, masks
from course_lib.exercises.ch01.common import BATCH, FUSED, HEADS, Q_BATCH
from course_lib.exercises.ch02.common import Q_POLARITY, masked
from course_lib.exercises.probes import Draw, drawn
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe


def cross_attention(
    x: Tensor,
    context: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    mask: Tensor | None = None,
) -> Tensor:
    """What each word of x finds in the context; self-attention where both are the same."""
    q, k, v = F.linear(x, w_q), F.linear(context, w_k), F.linear(context, w_v)
    return attention.attention(q, k, v, mask)


def _cross(
    x: Tensor,
    context: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    mask: Tensor | None = None,
    alone: bool = False,
    exchanged: bool = False,
    sharpness: str = "root of Dk",
    shows: str = "visible",
    axis: int = -1,
) -> Tensor:
    """Cross-attention, with the switches of what goes wrong with it."""
    x, context = (context, x) if exchanged else (x, x if alone else context)
    q, k, v = F.linear(x, w_q), F.linear(context, w_k), F.linear(context, w_v)
    sizes = {"root of Dk": q.shape[-1], "root of D": x.shape[-1], "none": 1}
    scores = attention.dot_scores(q, k) / math.sqrt(sizes[sharpness])
    if mask is None or shows == "all":
        return scores.softmax(axis) @ v
    mask = mask if shows == "visible" else ~mask
    weights = scores.masked_fill(~mask, -math.inf).softmax(axis).nan_to_num(0.0)
    return weights @ v


def _sentences(*x: int, keys: int, d_key: int, d_value: int) -> Draw:
    d, leading = x[-1], x[:-2]
    return drawn(x, (*leading, keys, d), (d_key, d), (d_key, d), (d_value, d))


def _one_sentence(dice: Generator) -> Inputs:
    """x is the context, as in self-attention, under a causal mask."""
    x, *matrices = drawn((4, 3), (5, 3), (5, 3), (2, 3))(dice)
    return x, x, *matrices, masks.causal_mask(4)


CROSS = Exercise(
    id="2.5",
    title="Cross-attention",
    signature="cross_attention(x, context, w_q, w_k, w_v, mask=None)",
    shapes="x (..., Tq, D), context (..., Tk, D), w_q (Dk, D), w_k (Dk, D), w_v (Dv, D) "
    "-> (..., Tq, Dv)",
    reference=cross_attention,
    library=(attention.attention, attention.DotProductAttention),
    forbidden=FUSED,
    probes=(
        Probe(
            "two words look at four, no mask",
            _sentences(2, 3, keys=4, d_key=5, d_value=6),
            "Who asks, and who answers? Which projection belongs to the one who asks?",
        ),
        Probe(BATCH, _sentences(2, 3, 4, keys=5, d_key=6, d_value=7), Q_BATCH),
        Probe(
            "some words are hidden",
            masked(_sentences(2, 3, keys=4, d_key=5, d_value=6), 2, 4),
            "Where does the mask enter? " + Q_POLARITY,
        ),
        Probe(
            "a batch with padding",
            masked(_sentences(2, 3, 4, keys=5, d_key=6, d_value=7), 2, 1, 5),
            Q_BATCH,
        ),
        Probe(HEADS, _sentences(2, 3, 4, 5, keys=6, d_key=7, d_value=8), Q_BATCH),
        Probe(
            "a query of the sentence itself, under a causal mask",
            _one_sentence,
            "Here `x` and `context` are the same sentence. What may its first word see?",
        ),
    ),
    mistakes=(
        Mistake(
            "the context is not used",
            partial(_cross, alone=True),
            "The words of `x` look at themselves: `context` changes nothing. Who should answer?",
        ),
        Mistake(
            "the context asks",
            partial(_cross, exchanged=True),
            "Here the context asks and `x` answers, so there is a row for each word of the "
            "context. Which of the two is projected by `w_q`?",
        ),
        Mistake(
            "not scaled",
            partial(_cross, sharpness="none"),
            "The scores are not divided by the root of the number of features, so the softmax is "
            "too sharp. Which function of chapter 1 does both?",
        ),
        Mistake(
            "root of D",
            partial(_cross, sharpness="root of D"),
            "You divide by the root of the size of a *word*. The dot product adds up over the "
            "features of queries and keys. How many are these after the projection?",
        ),
        Mistake(
            "mask not used",
            partial(_cross, shows="all"),
            "Without a mask it is right, and with one nothing changes. Where should `mask` go?",
        ),
        Mistake(
            "a mask is demanded",
            lambda x, c, w_q, w_k, w_v, mask=None: cross_attention(x, c, w_q, w_k, w_v, ~~mask),
            "Without a mask, `mask` is `None`, and that cannot be turned round. What should happen "
            "when there is no limit?",
        ),
        Mistake(
            "mask turned round",
            partial(_cross, shows="hidden"),
            "What may be seen is hidden, and the other way round. " + Q_POLARITY,
        ),
        Mistake(
            "over the queries",
            partial(_cross, axis=-2),
            "The weights sum to 1 down the columns. Whose attention is it that is shared out, and "
            "among whom?",
        ),
        Mistake(
            "values not projected",
            lambda x, c, w_q, w_k, w_v, mask=None: attention.attention(
                x @ w_q.T, c @ w_k.T, c, mask
            ),
            "The context's words are mixed as they are: `w_v` is not used. What does a word hand "
            "over, in section 2.1?",
        ),
        Mistake(
            "nothing projected",
            lambda x, c, w_q, w_k, w_v, mask=None: attention.attention(x, c, c, mask),
            "The three matrices are not used at all. What do they make out of the words?",
        ),
        Mistake(
            "the same matrix for both",
            lambda x, c, w_q, w_k, w_v, mask=None: attention.attention(
                x @ w_q.T, c @ w_q.T, c @ w_v.T, mask
            ),
            "The keys are made with `w_q`. What a word is asked by and what it is found by have "
            "matrices of their own. Which one is left unused?",
        ),
        Mistake(
            "softmax twice",
            lambda x, c, w_q, w_k, w_v, mask=None: (
                attention.attention_weights(
                    attention.scaled_dot_scores(x @ w_q.T, c @ w_k.T), mask
                ).softmax(-1)
                @ (c @ w_v.T)
            ),
            "The weights go through a softmax a second time, which makes them almost equal. Which "
            "of your lines takes one already?",
        ),
        Mistake(
            "mask after the softmax",
            lambda x, c, w_q, w_k, w_v, mask=None: (
                (
                    attention.attention_weights(attention.scaled_dot_scores(x @ w_q.T, c @ w_k.T))
                    * (1.0 if mask is None else mask)
                )
                @ (c @ w_v.T)
            ),
            "The mask comes after the softmax: hidden words have taken their share by then. Which "
            "function of yours knows both?",
        ),
        Mistake(
            "only the weights",
            lambda x, c, w_q, w_k, w_v, mask=None: attention.attention_weights(
                attention.scaled_dot_scores(x @ w_q.T, c @ w_k.T), mask
            ),
            "These are the weights, and they are right. What are they used for?",
        ),
    ),
    hints=(
        "It is one line for each idea: three projections, scores, weights, average. You have "
        "written all of them.",
        "Queries come from `x`; keys and values from `context`. `project_qkv` makes all three from "
        "one sentence, so project by hand here, or call it twice and throw some away.",
        "`masked_weights` wants a mask. Without one, `scores.softmax(dim=-1)` does.",
    ),
)
