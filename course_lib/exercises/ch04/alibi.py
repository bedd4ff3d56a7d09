"""4.5 alibi_bias."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_lib import positions
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import given
from course_lib.exercises.spec import Exercise, Function, Invariant, Mistake, Probe


def _right_slopes(num_heads: int) -> Tensor:
    return 2.0 ** (-8.0 * torch.arange(1, num_heads + 1) / num_heads)


def _distance(queries: Tensor, keys: Tensor) -> Tensor:
    return (queries - keys).abs()


def _bias(
    num_heads: int,
    num_queries: int,
    slopes: Callable[[int], Tensor] = _right_slopes,
    distance: Callable[[Tensor, Tensor], Tensor] = _distance,
    sign: float = -1.0,
    finish: Callable[[Tensor], Tensor] = lambda bias: bias,
) -> Tensor:
    """ALiBi's bias, with the switches of what goes wrong with it."""
    places = torch.arange(num_queries)
    apart = distance(places[:, None], places[None, :])
    return finish(sign * slopes(num_heads)[:, None, None] * apart)


def _alone(**switches: Any) -> Function:
    """No `partial`: few people make this mistake together with another."""
    return lambda num_heads, num_queries: _bias(num_heads, num_queries, **switches)


def _only_the_past(bias: Tensor) -> Tensor:
    return bias.masked_fill(torch.ones_like(bias).triu(1).bool(), -torch.inf)


Q_HEADS = "Which slope has the first head, which the last? What is the factor between neighbours?"

ALIBI = Exercise(
    id="4.5",
    title="A penalty for distance",
    signature="alibi_bias(num_heads, num_queries)",
    shapes="num_heads, num_queries -> (H, T, T)",
    reference=positions.alibi_bias,
    library=(positions.alibi_slopes,),
    probes=(
        Probe(
            BY_HAND,
            given(more=(2, 3)),
            "Two heads: their slopes are 2⁻⁴ and 2⁻⁸. Which bias has the first word for the third?",
        ),
        Probe("four heads, five words", given(more=(4, 5)), Q_HEADS),
        Probe("eight heads, three words", given(more=(8, 3)), Q_HEADS),
        Probe("one head, six words", given(more=(1, 6)), "With H = 1, what is −8 · h / H?"),
        Probe("sixteen heads, two words", given(more=(16, 2)), Q_HEADS),
        Probe("one word", given(more=(2, 1)), "How far is a word from itself?"),
    ),
    invariants=(
        Invariant(
            "no bias lifts a word up: all are 0 or below",
            lambda bias, *sizes: bool((bias <= 1e-6).all()),
        ),
        Invariant(
            "a word has no distance from itself: the diagonal is 0",
            lambda bias, *sizes: bool((bias.diagonal(dim1=-2, dim2=-1).abs() < 1e-6).all()),
        ),
    ),
    mistakes=(
        Mistake(
            "to the power of the distance",
            lambda num_heads, num_queries: (
                -(
                    _right_slopes(num_heads)[:, None, None]
                    ** _distance(torch.arange(num_queries)[:, None], torch.arange(num_queries))
                )
            ),
            "The slope is raised to the power of the distance, so that a word is pushed down most "
            "for itself. A line rises by its slope at each step. Which operation is that?",
        ),
        Mistake(
            "times the number of heads",
            partial(_bias, slopes=lambda h: 2.0 ** (-8.0 * torch.arange(1, h + 1) * h)),
            "The exponent is multiplied by the number of heads. Then the last slope is 1/256 only "
            "for one head. Where does H stand in the formula?",
        ),
        Mistake(
            "powers of two upwards",
            partial(_bias, slopes=lambda h: 2.0 ** (8.0 * torch.arange(1, h + 1) / h)),
            "The slopes are 2 and more: far words are pushed down at once, in every head. Which "
            "sign has the exponent?",
        ),
        Mistake(
            "lifted up",
            partial(_bias, sign=1.0),
            "The bias is positive, so the furthest word gets the most. Which sign pushes what is "
            "far away down?",
        ),
        Mistake(
            "distance with a sign",
            partial(_bias, distance=lambda queries, keys: queries - keys),
            "The distance has a sign, so that earlier words are pushed down and later ones lifted "
            "up. How far apart are words 2 and 5, and how far 5 and 2?",
        ),
        Mistake(
            "distance with the other sign",
            partial(_bias, distance=lambda queries, keys: keys - queries),
            "Later words are pushed down, and earlier ones lifted up, the more the further back. "
            "What does a distance never have?",
        ),
        Mistake(
            "the past alone",
            partial(_bias, distance=lambda queries, keys: (queries - keys).clamp(min=0)),
            "Later words have no penalty at all. Under a causal mask nobody would notice, but this "
            "bias is for all models. How far is the first word from the last?",
        ),
        Mistake(
            "masked too",
            _alone(finish=_only_the_past),
            "The future is at minus infinity: a causal mask has come in. Masks are a thing of "
            "their own here, and combine with any bias. What is the bias of a word that is three "
            "places ahead?",
        ),
        Mistake(
            "distance squared",
            _alone(distance=lambda queries, keys: (queries - keys) ** 2),
            "The penalty grows as the square of the distance. The L in the name stands for "
            "*linear*. What should two places cost, if one costs 1/4?",
        ),
        Mistake(
            "distance from 1",
            _alone(distance=lambda queries, keys: (queries - keys).abs() + 1),
            "Every distance is one too large. Softmax would not notice, as it is the same for all "
            "keys, but the numbers are not ALiBi's. How far is a word from itself?",
        ),
        Mistake(
            "place instead of distance",
            _alone(distance=lambda queries, keys: keys + 0 * queries),
            "The penalty grows with the place of the *key*, wherever the query stands. From where "
            "is a distance measured?",
        ),
        Mistake(
            "halved from head to head",
            partial(_bias, slopes=lambda n: 2.0 ** -torch.arange(1, n + 1)),
            "The slopes are 1/2, 1/4, 1/8, … whatever the number of heads. That is right for eight "
            "heads. With H heads, what is the last slope always?",
        ),
        Mistake(
            "without the 8",
            partial(_bias, slopes=lambda n: 2.0 ** (-torch.arange(1, n + 1) / n)),
            "The last slope is 1/2 and the first is nearly 1: all heads are short-sighted. Which "
            "number stands above H in the exponent?",
        ),
        Mistake(
            "whole numbers",
            _alone(slopes=lambda n: torch.zeros(n, dtype=torch.int64), sign=-1),
            "The slopes are whole numbers, and 2 to the power of −8 is then rounded to 0: nothing "
            "is left. What makes the 2, or its exponent, a number with a point?",
        ),
        Mistake(
            "heads from 0",
            partial(_bias, slopes=lambda n: 2.0 ** (-8.0 * torch.arange(n) / n)),
            "The heads are counted from 0, so the first slope is 1 and the last not 1/256. Where "
            "does h begin?",
        ),
        Mistake(
            "heads in reverse",
            _alone(slopes=lambda n: _right_slopes(n).flip(0)),
            "The slopes are right and in reverse order. Does the first head look near or far?",
        ),
        Mistake(
            "one slope for all",
            _alone(slopes=lambda n: torch.full((n,), 0.5)),
            "All heads have the same slope, and see equally far. Where does h come in?",
        ),
        Mistake(
            "no slopes",
            _alone(slopes=lambda n: torch.ones(n)),
            "The bias is the bare distance. By what is it multiplied, head by head?",
        ),
        Mistake(
            "slopes in even steps",
            _alone(slopes=lambda n: torch.arange(1, n + 1) / n),
            "The slopes grow in even steps from head to head. They should fall, each by the same "
            "*factor*. Which power of 2 has head h?",
        ),
        Mistake(
            "heads at the end",
            _alone(finish=lambda bias: bias.movedim(0, -1)),
            "The heads are the last axis. Scores have the shape (B, H, Tq, Tk), and the bias is "
            "added to them. Which axis must the heads be?",
        ),
        Mistake(
            "heads summed up",
            _alone(finish=lambda bias: bias.sum(0)),
            "The heads have been added up. Each needs a table of its own. Which axis is gone?",
        ),
        Mistake(
            "a batch axis",
            _alone(finish=lambda bias: bias[None]),
            "There is an axis of size 1 for a batch in front. Broadcasting puts it there by "
            "itself. Which three axes are asked for?",
        ),
    ),
    hints=(
        "First the distances, a table (T, T): `places[:, None] - places[None, :]`, without its "
        "sign. Then the slopes, a row of H numbers.",
        "The slopes are 2 to the power of −8h/H for h = 1 … H: `torch.arange(1, H + 1)`.",
        "`slopes[:, None, None]` has the shape (H, 1, 1) and meets (T, T). What is far is pushed "
        "*down*.",
    ),
)
