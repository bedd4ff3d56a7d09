"""2.4 masked_weights."""

import math
from functools import partial

import torch
from torch import Generator, Tensor

from course_lib import attention
from course_lib.exercises.ch01.common import BATCH, BY_HAND, HEADS, Q_BATCH
from course_lib.exercises.ch02.common import Q_POLARITY, masked
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Inputs, Invariant, Mistake, Probe


def _weights(
    scores: Tensor,
    mask: Tensor,
    fill: float = -math.inf,
    inverted: bool = False,
    axis: int = -1,
) -> Tensor:
    """Softmax over the visible keys, with the switches of what goes wrong with it."""
    mask = ~mask if inverted else mask
    return scores.masked_fill(~mask, fill).softmax(axis).nan_to_num(0.0)


def _shared_out_again(scores: Tensor, mask: Tensor, least: float) -> Tensor:
    weights = scores.softmax(-1) * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=least)


def _far_below_zero(dice: Generator) -> Inputs:
    scores = torch.randn((2, 5), generator=dice).round(decimals=1) - 3000
    return scores, torch.tensor(
        [[True, True, False, True, False], [True, False, True, True, False]]
    )


def _loud_and_hidden(dice: Generator) -> Inputs:
    scores = torch.randn((2, 5), generator=dice).round(decimals=1)
    scores[:, 2] = 1000
    return scores, torch.tensor([True, True, False, True, False]).expand(2, 5)


def _nothing_to_look_at(dice: Generator) -> Inputs:
    scores = torch.randn((3, 4), generator=dice).round(decimals=1)
    some, none, each = [True, False, True, True], [False] * 4, [True] * 4
    return scores, torch.tensor([some, none, each])


AFTER = (
    "You share out first and hide afterwards: the rows no longer sum to 1, and how much is left "
    "over depends on the hidden scores. When must the softmax learn that a key is hidden?"
)
AGAIN = (
    "You hide after the softmax and share out again. On paper that is right. But a loud hidden key "
    "takes everything first, and nothing is left to share; and where all is hidden you divide by "
    "zero. Could the hidden keys be taken out *before* the softmax?"
)
OVER_QUERIES = "The weights sum to 1 down the columns. Which axis holds the keys?"
WRONG_KEYS = (
    "What may be seen is hidden, and the other way round. " + Q_POLARITY + " Where does "
    "`masked_fill` write: where its mask is True, or where it is False?"
)
SCORE_OF_ZERO = (
    "The hidden scores become 0, and e⁰ is 1: a hidden key still gets its share. Which score gives "
    "a power of exactly 0?"
)
FINITE = (
    "A query that may look at nothing takes the plain mean of what it must not see: after a large "
    "negative number in place of minus infinity all its scores are equal. What should such a row "
    "take, and which score means *never*?"
)

WEIGHTS = Exercise(
    id="2.4",
    title="Weights under a mask",
    signature="masked_weights(scores, mask)",
    shapes="scores (..., Tq, Tk), mask -> (..., Tq, Tk)",
    reference=attention.attention_weights,
    smooth=6,  # there a gradient of NaN would show
    invariants=(
        Invariant("a hidden key gets a weight of 0", lambda w, s, m: not w[~m.expand_as(w)].any()),
        Invariant(
            "a row sums to 1, or to 0 if it may see nothing",
            lambda w, s, m: torch.allclose(
                w.sum(-1), m.expand_as(w).any(-1).to(w.dtype), atol=1e-5
            ),
        ),
    ),
    probes=(
        Probe(
            BY_HAND,
            given([[1.0, 1.0, 1.0]], [[True, True, False]]),
            "Two keys with equal scores are left. What share does each get?",
        ),
        Probe(
            "three queries, four keys",
            masked(drawn((3, 4)), 3, 4),
            "Each row has one whole to share among the keys that it may see. " + Q_POLARITY,
        ),
        Probe(BATCH, masked(drawn((2, 3, 5)), 2, 1, 5), Q_BATCH),
        Probe(HEADS, masked(drawn((2, 3, 4, 5)), 4, 5), Q_BATCH),
        Probe(
            "a hidden key with a score of 1000",
            _loud_and_hidden,
            "Nothing that is hidden may change the result, however loud. Does it still take part "
            "somewhere?",
        ),
        Probe(
            "scores in the thousands below zero",
            _far_below_zero,
            "Softmax looks at differences. Is your hidden score lower than these?",
        ),
        Probe(
            "a query that may look at nothing",
            _nothing_to_look_at,
            "There is nothing to share and nobody to share it with. Which row of weights takes "
            "nothing from anywhere?",
        ),
    ),
    mistakes=(
        Mistake("after the softmax", lambda s, m: s.softmax(-1) * m, AFTER),
        Mistake(
            "shared out again",
            partial(_shared_out_again, least=0.0),
            AGAIN,
            group="shared out again",
        ),
        Mistake(
            "shared out again, never by zero",
            partial(_shared_out_again, least=1e-9),
            AGAIN,
            group="shared out again",
        ),
        Mistake(
            "times the mask",
            lambda s, m: (s * m).softmax(-1),
            SCORE_OF_ZERO,
            group="a score of 0",
        ),
        Mistake("filled with 0", partial(_weights, fill=0.0), SCORE_OF_ZERO, group="a score of 0"),
        Mistake("minus a billion", partial(_weights, fill=-1e9), FINITE, group="finite fill"),
        Mistake(
            "the smallest float",
            partial(_weights, fill=torch.finfo(torch.float32).min),
            FINITE,
            group="finite fill",
        ),
        Mistake(
            "minus a hundred",
            partial(_weights, fill=-100.0),
            "You fill with a number that you take for very low. Next to lower scores it is the "
            "highest of all. Which number is below every score?",
        ),
        Mistake(
            "NaN left",
            lambda s, m: s.masked_fill(~m, -math.inf).softmax(-1),
            "Well done up to the last step: a query that may look at nothing gets 0 / 0. It should "
            "take nothing from anywhere. How do you find such rows, and what do you write there?",
        ),
        Mistake(
            "the wrong keys hidden",
            partial(_weights, inverted=True),
            WRONG_KEYS,
            group="the wrong keys hidden",
        ),
        Mistake(
            "the wrong keys hidden, NaN left",
            lambda s, m: s.masked_fill(m, -math.inf).softmax(-1),
            WRONG_KEYS,
            group="the wrong keys hidden",
        ),
        Mistake(
            "mask forgotten",
            lambda s, m: s.softmax(-1),
            "The mask changes nothing. `masked_fill` without an underscore returns a new tensor "
            "and leaves the old one as it was. What becomes of what it returns?",
        ),
        Mistake(
            "over the queries",
            partial(_weights, axis=-2),
            OVER_QUERIES,
            group="over the queries",
        ),
        Mistake(
            "over the queries, NaN left",
            lambda s, m: s.masked_fill(~m, -math.inf).softmax(-2),
            OVER_QUERIES,
            group="over the queries",
        ),
        Mistake(
            "axis 1",
            lambda s, m: s.masked_fill(~m, -math.inf).softmax(1),
            "Axis 1 holds the keys of one table, and in a batch it holds the queries. How do you "
            "name the last axis, however many there are?",
        ),
        Mistake(
            "no softmax",
            lambda s, m: s.masked_fill(~m, -math.inf),
            "The hidden scores are minus infinity, and there it ends. What turns scores into "
            "shares?",
        ),
        Mistake(
            "mask added",
            lambda s, m: (s + m).softmax(-1),
            "Adding a boolean adds 1 where it is True. That favours a visible key a little. What "
            "would have to be added to a hidden one, so that nothing is left of it?",
        ),
    ),
    hints=(
        "Which score would give a key a weight of exactly zero? The power e^x must be 0 there.",
        "`scores.masked_fill(where, -math.inf)` returns scores with minus infinity wherever its "
        "mask is True. Yours is True where a query may look. Then the softmax.",
        "A row without any visible key is NaN now, and all its keys are hidden. Write 0 to hidden "
        "keys once more, after the softmax: there it does no harm.",
    ),
)
