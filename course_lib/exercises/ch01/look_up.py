"""1.6 attend and 1.8, find the bug in look_up."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import BATCH, BY_HAND, FUSED, HEADS, Q_BATCH
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import Exercise, Inputs, Invariant, Mistake, Probe

WITHIN_VALUES = Invariant(
    "an average lies between the smallest and the largest value (or at 0)",
    lambda result, *inputs: _within(result, inputs[-1]),
)


def _within(result: Tensor, values: Tensor) -> bool:
    low, high = values.amin().clamp(max=0), values.amax().clamp(min=0)
    return bool((result >= low - 1e-4).all() and (result <= high + 1e-4).all())


def attend(weights: Tensor, values: Tensor) -> Tensor:
    """The weighted average of the values, for each query."""
    return weights @ values


def _weights_and_values(shape: tuple[int, ...], d_value: int, hidden: int | None = None) -> Draw:
    def draw(dice: Generator) -> Inputs:
        weights = torch.randn(shape, generator=dice).softmax(-1)
        if hidden is not None:
            weights[..., hidden, :] = 0
        values = torch.randn((*shape[:-2], shape[-1], d_value), generator=dice)
        return weights, values.round(decimals=1)

    return draw


ATTEND = Exercise(
    id="1.6",
    title="Attend: average the values",
    signature="attend(weights, values)",
    shapes="weights (..., Tq, Tk), values (..., Tk, Dv) -> (..., Tq, Dv)",
    reference=attend,
    forbidden=FUSED,
    probes=(
        Probe(
            BY_HAND,
            given([[0.5, 0.5, 0.0]], [[2.0, 0.0], [4.0, 2.0], [100.0, 100.0]]),
            "Half of the first value and half of the second: what is that?",
        ),
        Probe(
            "two queries, three keys",
            _weights_and_values((2, 3), 4),
            "Each query gets one vector. As long as what?",
        ),
        Probe(BATCH, _weights_and_values((2, 3, 5), 4), Q_BATCH),
        Probe(HEADS, _weights_and_values((2, 3, 4, 5), 6), Q_BATCH),
        Probe(
            "a query that attends to nothing",
            _weights_and_values((3, 5), 4, hidden=1),
            "All weights of that query are 0. How much of each value does it get?",
        ),
    ),
    invariants=(WITHIN_VALUES,),
    mistakes=(
        Mistake(
            "softmax again",
            lambda weights, values: weights.softmax(-1) @ values,
            "The weights go through a softmax once more, which makes them almost equal. They are "
            "shares already. What is left to do with them?",
        ),
        Mistake(
            "divided by Tk",
            lambda weights, values: weights @ values / weights.shape[-1],
            "You divide by the number of keys, as for a plain mean. The weights of a query sum to "
            "1 already. What is then left to divide by?",
        ),
        Mistake(
            "plain mean",
            lambda weights, values: torch.ones_like(weights) @ values / weights.shape[-1],
            "Every query gets the plain mean of the values. Where do the weights come in?",
        ),
        Mistake(
            "plain sum",
            lambda weights, values: torch.ones_like(weights) @ values,
            "Every query gets all values in full, added up. Where do the weights come in?",
        ),
        Mistake(
            "only the best",
            lambda weights, values: (
                F.one_hot(weights.argmax(-1), weights.shape[-1]).float() @ values
            ),
            "Each query takes the one value with the largest weight. A soft look-up takes some of "
            "each. How much of each?",
        ),
        Mistake(
            "picked by index",
            lambda weights, values: values[weights.argmax(-1)],
            "The value with the largest weight is picked. A soft look-up takes some of each value. "
            "How much of each?",
        ),
        Mistake(
            "weights transposed",
            lambda weights, values: weights.mT @ values,
            "The weights are turned round, so that their rows belong to keys. Which axis should "
            "meet the keys' axis of the values?",
        ),
        Mistake(
            "result transposed",
            lambda weights, values: values.mT @ weights.mT,
            "The numbers are right, and turned round: one column for each query. Which factor "
            "stands on the left, if each query is to be a row?",
        ),
        Mistake(
            "summed over the queries",
            lambda weights, values: (weights @ values).sum(-2),
            "The queries are added up. Each should keep its own answer. Which axis is gone?",
        ),
        Mistake(
            "number by number",
            lambda weights, values: weights * values,
            "`*` multiplies cell by cell. A weighted sum is asked, over all keys. Which product "
            "multiplies and adds up?",
        ),
        Mistake(
            "normalised again",
            lambda weights, values: (weights / weights.sum(-1, keepdim=True)) @ values,
            "The weights are divided by their sum. It is 1 anyway, and for a query that may attend "
            "to nothing it is 0. Is the division needed?",
        ),
    ),
    hints=(
        "The answer to a query is the first weight times the first value, plus the second times "
        "the second, and so on, over all keys.",
        "Multiply and add up over the keys: that is what a matrix product does. The keys are the "
        "last axis of the weights and the one before the last of the values.",
        "(..., Tq, Tk) times (..., Tk, Dv) is (..., Tq, Dv).",
    ),
)


def _look_up(weights: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    return lambda q, k, v: weights(attention.scaled_dot_scores(q, k)) @ v


LOOK_UP = Exercise(
    id="1.8",
    title="Find the bug",
    signature="look_up(q, k, v)",
    shapes="q (..., Tq, D), k (..., Tk, D), v (..., Tk, Dv) -> (..., Tq, Dv)",
    reference=attention.attention,
    library=(attention.DotProductAttention,),
    forbidden=FUSED,
    invariants=(WITHIN_VALUES,),
    bug="axis counted from the front",
    probes=(
        Probe(
            "one sentence: two queries, four keys",
            drawn((2, 3), (4, 3), (4, 5)),
            "Print the shape of every line. Whose weights should sum to 1?",
        ),
        Probe(BATCH, drawn((2, 3, 4), (2, 5, 4), (2, 5, 6)), Q_BATCH),
        Probe(HEADS, drawn((2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 7)), Q_BATCH),
    ),
    mistakes=(
        Mistake(
            "axis counted from the front",
            _look_up(lambda s: s.softmax(1)),
            "One sentence alone comes out right, a batch does not, and every shape fits: the bug "
            "is in a line that depends on how many axes there are. Which of them is axis 1 now?",
        ),
        Mistake(
            "over the queries",
            _look_up(lambda s: s.softmax(-2)),
            "The weights sum to 1 down the columns, over the queries: now one sentence alone is "
            "wrong, too. Which axis holds the keys, counted from the end?",
        ),
        Mistake(
            "over the first axis",
            _look_up(lambda s: s.softmax(0)),
            "Axis 0 is the queries of one sentence, and mixes sentences when there is a batch. "
            "Which axis holds the keys, counted from the end?",
        ),
        Mistake(
            "third axis",
            _look_up(lambda s: s.softmax(2)),
            "Axis 2 holds the keys of a batch, but not of one sentence, nor when there are heads. "
            "Can you name it so that it holds for all three?",
        ),
        Mistake(
            "over all cells at once",
            _look_up(lambda s: s.flatten().softmax(0).view_as(s)),
            "All weights together sum to 1. Each query has a 1 of its own to share. Among what?",
        ),
        Mistake(
            "number by number",
            lambda q, k, v: attention.attention_weights(attention.scaled_dot_scores(q, k)) * v,
            "`*` multiplies cell by cell. The values are to be added up, each by its weight. Which "
            "product multiplies and adds up?",
        ),
        Mistake(
            "scale lost",
            lambda q, k, v: attention.attention_weights(attention.dot_scores(q, k)) @ v,
            "The softmax is right now, but the division by √D is gone. Was that line the bug?",
        ),
        Mistake(
            "values lost",
            lambda q, k, v: attention.attention_weights(attention.scaled_dot_scores(q, k)),
            "These are the weights, and they are right. What became of the line that mixed the "
            "values?",
        ),
        Mistake(
            "softmax lost",
            _look_up(lambda s: s),
            "The scores are used as weights, without any softmax. Do they sum to 1?",
        ),
    ),
    hints=(
        "Three lines, three ideas: scores, weights, average. Which of them names an axis by a "
        "number that is right only as long as there is no batch?",
        "Give it one sentence and then the same sentence as a batch of one, `q[None]`, and print "
        "the sums of the weights over the last axis.",
        "The keys are the last axis of the scores, whatever comes in front.",
    ),
)
