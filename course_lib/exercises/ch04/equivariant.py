"""4.6 is_permutation_equivariant: a probe that the learner writes, tried on known functions."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib import attention, masks, positions
from course_lib.exercises.probes import Draw, Named, verdict
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Layer = Callable[[Tensor], Tensor]
TOLERANCE = 1e-6
TRIES = 25


def _attend(x: Tensor) -> Tensor:
    return attention.attention(x, x, x)


def _with_positions(x: Tensor, size: float = 1.0) -> Tensor:
    table = positions.sinusoidal_table(*x.shape)
    return _attend(x + size * table.to(x))


FIVE_ROWS = positions.sinusoidal_table(5, 4).double()


def _with_five_places(x: Tensor) -> Tensor:
    """Made for five words of four features, and for nothing else."""
    return _attend(x + FIVE_ROWS.to(x.device))


def _causal(x: Tensor) -> Tensor:
    return attention.attention(x, x, x, masks.causal_mask(len(x)).to(x.device))


def _sorted(x: Tensor) -> Tensor:
    return x.sort(dim=0).values


def _last_louder(x: Tensor) -> Tensor:
    out = _attend(x)
    return torch.cat([out[:-1], out[-1:] + 1])


def _ends_meet(x: Tensor) -> Tensor:
    """The mean of both neighbours; the first and the last word have one alone."""
    padded = torch.cat([torch.zeros_like(x[:1]), x, torch.zeros_like(x[:1])])
    return (padded[:-2] + padded[2:]) / 2


def _in_a_ring(x: Tensor) -> Tensor:
    return x.roll(1, 0)


def _louder_before_quieter(one: int, other: int) -> Layer:
    """Every output moves if the one-loudest word stands before the other-loudest."""

    def layer(x: Tensor) -> Tensor:
        order = x[:, 0].argsort(descending=True)
        return _attend(x) + (order[one] < order[other]).to(x)

    return layer


def _takes_and_gives(x: Tensor) -> Tensor:
    """Order shows, but the sum over all words, and that over features, stays the same."""
    place = torch.arange(len(x)).to(x) - (len(x) - 1) / 2
    signs = torch.ones_like(x[0])
    signs[1::2] = -1
    return _attend(x) + place[:, None] * signs


NO_POSITIONS = Named("attention without positions", _attend)
ALONE = Named("each word for itself, doubled", lambda x: 2 * x)
POOLED = Named("every word gets the mean", lambda x: x.mean(0).expand_as(x))
LOUD = Named("every word gets a million times the mean", lambda x: 1e6 * POOLED(x))
WITH_POSITIONS = Named("attention with sinusoidal positions", _with_positions)
WITH_FIVE_PLACES = Named("attention with positions for five words", _with_five_places)
WHISPERED = Named(
    "attention with positions of a twenty-thousandth of their size",
    lambda x: _with_positions(x, size=5e-5),
)
CAUSAL = Named("attention with a causal mask", _causal)
SORTED = Named("each feature sorted by size", _sorted)
LAST = Named("attention, with 1 added to the last word", _last_louder)
NEIGHBOURS = Named("the mean of the left and the right neighbour", _ends_meet)
RING = Named("every word gets its left neighbour, the first gets the last", _in_a_ring)
PAIRS = [
    Named(
        f"attention, with 1 added everywhere if, of the words by their first feature, number "
        f"{one + 1} from the top stands before number {other + 1}",
        _louder_before_quieter(one, other),
    )
    for one, other in combinations(range(5), 2)
]
FIRST = Named("every word gets the first", lambda x: x[:1].expand_as(x).clone())
BALANCED = Named(
    "attention plus the place of the word (counted from the middle), for every other feature minus",
    _takes_and_gives,
)


def random_orders(x: Tensor) -> Iterable[Tensor]:
    """Random permutations of the words of x."""
    return [torch.randperm(len(x)) for _ in range(TRIES)]


def is_permutation_equivariant(f: Layer, x: Tensor) -> bool:
    """Do the outputs come out permuted when the words are, and otherwise the same?"""
    return _probe(f, x)


def _size(change: Tensor) -> Tensor:
    return change.abs().max()


def _probe(
    f: Layer,
    x: Tensor,
    orders: Callable[[Tensor], Iterable[Tensor]] = random_orders,
    expected: Callable[[Tensor, Tensor], Tensor] = lambda out, order: out[order],
    size: Callable[[Tensor], Tensor] = _size,
    tolerance: float = TOLERANCE,
) -> bool:
    out = f(x)
    return all(bool(size(f(x[order]) - expected(out, order)) <= tolerance) for order in orders(x))


def _wrong(**switches: Any) -> Function:
    """A wrong probe. No `partial`: yes or no cannot tell two mistakes at once."""
    return lambda f, x: _probe(f, x, **switches)


def _identity(x: Tensor) -> Iterable[Tensor]:
    return [torch.arange(len(x))]


def _reversed(x: Tensor) -> Iterable[Tensor]:
    return [torch.arange(len(x)).flip(0)]


def _rolled(x: Tensor) -> Iterable[Tensor]:
    return [torch.arange(len(x)).roll(k) for k in range(len(x))]


def _swapped(x: Tensor, pairs: Iterable[Sequence[int]]) -> Iterable[Tensor]:
    for one, other in pairs:
        order = torch.arange(len(x))
        order[[one, other]] = order[[other, one]]
        yield order


def _neighbours(x: Tensor) -> Iterable[Tensor]:
    return _swapped(x, [(i, i + 1) for i in range(len(x) - 1)])


def _first_two(x: Tensor) -> Iterable[Tensor]:
    return _swapped(x, [(0, 1)])


def _first_and_last(x: Tensor) -> Iterable[Tensor]:
    return _swapped(x, [(0, len(x) - 1)])


def _features_permuted(f: Layer, x: Tensor) -> bool:
    order = torch.randperm(x.shape[1])
    return bool(_size(f(x[:, order]) - f(x)[:, order]) <= TOLERANCE)


def _once_is_enough(tries: int) -> Function:
    def probe(f: Layer, x: Tensor) -> bool:
        out, orders = f(x), [torch.randperm(len(x)) for _ in range(tries)]
        return any(bool(_size(f(x[order]) - out[order]) <= TOLERANCE) for order in orders)

    return probe


def _one_order(x: Tensor) -> Iterable[Tensor]:
    return [torch.randperm(len(x))]


def _other_words(f: Layer, x: Tensor) -> bool:
    twin, order = torch.randn_like(x), torch.randperm(len(x))
    return bool(_size(f(twin)[order] - f(x)[order]) <= TOLERANCE)


def _same_call_twice(f: Layer, x: Tensor) -> bool:
    return all(bool(_size(f(x[order]) - f(x[order])) == 0) for order in random_orders(x))


def _same_shape(f: Layer, x: Tensor) -> bool:
    return f(x[torch.randperm(len(x))]).shape == f(x).shape


def _suspected(suspect: Named, length: int, d: int, kind: str = "") -> Draw:
    """A suspect and words for it, in double precision."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn((length, d), generator=dice, dtype=torch.float64).round(decimals=2)
        if kind == "twice":
            x[1] = x[0]
        if kind == "mirrored":
            x[length // 2 :] = x[: length - length // 2].flip(0)
        if kind.startswith("from"):  # order by the first feature, as given
            ranks = torch.tensor([int(digit) for digit in kind[4:]])
            x[ranks, 0] = torch.arange(length, 0, -1, dtype=x.dtype)
        return suspect, x

    return draw


ALWAYS_YES = (
    "Your probe says yes to everything. Either f sees the same words in the same order twice, or "
    "what is compared can never differ. On what could it fail?"
)

EQUIVARIANT = Exercise(
    id="4.6",
    title="Does order matter?",
    signature="is_permutation_equivariant(f, x)",
    shapes="x (T, D) -> ()",
    reference=is_permutation_equivariant,
    use=verdict,
    smooth=0,
    probes=(
        Probe(
            "attention without positions",
            _suspected(NO_POSITIONS, 5, 4),
            "Here permuted words give permuted outputs, up to rounding. Which row of which output "
            "did you compare with which?",
        ),
        Probe(
            "attention with positions",
            _suspected(WITH_FIVE_PLACES, 5, 4),
            "Here order matters. Did you hand in words in another order, and compare?",
        ),
        Probe(
            "each word for itself",
            _suspected(ALONE, 6, 3),
            "No word looks at another here. What should the outputs do when the words change "
            "places?",
        ),
        Probe(
            "the mean for everyone",
            _suspected(POOLED, 5, 3),
            "All outputs are the same here, in whatever order. Is that in order?",
        ),
        Probe(
            "the mean for everyone, a million times as large",
            _suspected(LOUD, 5, 3),
            "In double precision even this is rounded by far less than 1e-6. In which precision do "
            "you compute?",
        ),
        Probe(
            "a causal mask",
            _suspected(CAUSAL, 6, 4),
            "A mask counts, too: the first word sees one word, the last all. Do you try an order "
            "that shows it?",
        ),
        Probe(
            "outputs that do not move with the words",
            _suspected(SORTED, 5, 3),
            "These outputs stay where they are whatever the order of the words. Should they?",
        ),
        Probe(
            "the first word for everyone",
            _suspected(FIRST, 5, 3),
            "All outputs are alike here, and which they are depends on the first word. Were the "
            "words in another order when f saw them the second time?",
        ),
        Probe(
            "positions in a whisper",
            _suspected(WHISPERED, 5, 4),
            "Order changes little here, and a little is not nothing. How large a difference do you "
            "still take for rounding?",
        ),
        Probe(
            "only the last word is treated differently",
            _suspected(LAST, 6, 4),
            "Do your orders move the last word, and do you look at all outputs?",
        ),
        Probe(
            "neighbours, the same from both sides",
            _suspected(NEIGHBOURS, 6, 3),
            "Read from right to left, all is as before. Which orders did you try?",
        ),
        Probe(
            "neighbours in a ring",
            _suspected(RING, 6, 3),
            "Turned as a ring, all is as before. Which orders did you try?",
        ),
        Probe(
            "differences that cancel",
            _suspected(BALANCED, 5, 4),
            "Some outputs grow and others shrink. How do you measure a difference?",
        ),
        Probe(
            "two words that are the same",
            _suspected(WITH_POSITIONS, 5, 4, "twice"),
            "The first two words are equal here. What does it show if they change places?",
        ),
        Probe(
            "a sentence that reads the same backwards",
            _suspected(WITH_POSITIONS, 6, 4, "mirrored"),
            "Which of your orders give another sentence here?",
        ),
        *(
            Probe(
                f"it matters which of two words comes first ({number} of 4)",
                _suspected(PAIRS[index], 5, 3, kind),
                "One order shows this, another does not. How many did you try, and which?",
            )
            for number, (index, kind) in enumerate(
                [(3, "from02413"), (0, "from13042"), (3, "from41302"), (0, "from30241")], 1
            )
        ),
    ),
    mistakes=(
        Mistake(
            "outputs expected to stay",
            _wrong(expected=lambda out, order: out),
            "You ask that the outputs stay as they were. That would be *invariant*. Equivariant "
            "means that they move along: which row of the old output belongs to row 0 of the new?",
        ),
        Mistake(
            "words not moved",
            lambda f, x: all(
                bool(_size(f(x) - f(x)[order]) <= TOLERANCE) for order in random_orders(x)
            ),
            "The words stay in order and the outputs alone are permuted. What should f be given "
            "the second time?",
        ),
        Mistake(
            "moved back the wrong way",
            _wrong(expected=lambda out, order: out[order.argsort()]),
            "You permute the words one way and the outputs the other way round. If `x[order]` goes "
            "in, in which order do the outputs come?",
        ),
        Mistake(
            "to the last digit",
            _wrong(tolerance=0.0),
            "You ask for equality to the last digit. A sum in another order is rounded in another "
            "way. How large a difference may that make, in double precision?",
        ),
        *(
            Mistake(
                f"too generous by {tolerance:g}",
                _wrong(tolerance=tolerance),
                "You let differences pass that are far larger than rounding. How small does "
                "rounding make them, in double precision?",
                group="too generous",
            )
            for tolerance in (0.05, 1e-3)
        ),
        Mistake(
            "single precision",
            lambda f, x: _probe(f, x.float()),
            "Somewhere the numbers become single precision, which rounds after seven digits, and "
            "more than 1e-6 is lost. The words come in double precision. Which step of yours "
            "changes that?",
        ),
        Mistake(
            "words of your own",
            lambda f, x: _probe(f, torch.randn(6, 8, dtype=torch.float64)),
            "Your probe makes words of its own, of its own number and size, and f may be made for "
            "others. Which words are you given?",
        ),
        Mistake("the order as it was", _wrong(orders=_identity), ALWAYS_YES, group="always yes"),
        Mistake("the same call twice", _same_call_twice, ALWAYS_YES, group="always yes"),
        Mistake("only the shape", _same_shape, ALWAYS_YES, group="always yes"),
        Mistake(
            "one random order",
            _wrong(orders=_one_order),
            "You try one random order, and it may leave in place what matters: of two words, every "
            "second order keeps the first one first. How many orders would make you sure?",
        ),
        Mistake(
            "the first two exchanged",
            _wrong(orders=_first_two),
            "You exchange the first two words and leave the others. Much can hide behind them. "
            "Which orders would move every word?",
        ),
        Mistake(
            "the first and the last exchanged",
            _wrong(orders=_first_and_last),
            "You exchange the first word and the last, and leave those between. Two words that are "
            "alike hide everything. Which orders would move every word?",
        ),
        Mistake(
            "neighbours exchanged",
            _wrong(orders=_neighbours),
            "You exchange two neighbours at a time, so every sentence that you try is nearly the "
            "old one: words that are far apart keep their order. Which orders mix more?",
        ),
        Mistake(
            "only backwards",
            _wrong(orders=_reversed),
            "You try one order, from back to front. What treats left and right alike slips "
            "through. Which other orders are there?",
        ),
        Mistake(
            "only in a ring",
            _wrong(orders=_rolled),
            "You move all words along by the same number of places, as in a ring. What looks only "
            "at neighbours slips through. Which other orders are there?",
        ),
        Mistake(
            "features permuted",
            _features_permuted,
            "You permute the features, the last axis. Words are the rows. Which index permutes "
            "rows?",
        ),
        Mistake(
            "the other way round",
            lambda f, x: not _probe(f, x),
            "Your answer is yes where order matters, and no where it does not. Which of the two is "
            "equivariant?",
        ),
        *(
            Mistake(
                f"one order of {tries} is enough",
                _once_is_enough(tries),
                "One order that works is enough for you, and among many some order nearly always "
                "works. How many of them must?",
                group="one order is enough",
            )
            for tries in (20, 30, 40, 50, 100)
        ),
        *(
            Mistake(
                f"{name}, {many}",
                _wrong(size=size, orders=orders),
                "You add up the differences, or take their mean, before you take their size: what "
                "goes up and what goes down cancel. In which order should it be?",
                group="ups and downs added",
            )
            for name, size in (
                ("the size of the sum", lambda change: change.sum().abs()),
                ("the sum", torch.sum),
                ("the mean", torch.mean),
            )
            for many, orders in (("many orders", random_orders), ("one order", _one_order))
        ),
        Mistake(
            "only what grows",
            _wrong(size=lambda change: change.max()),
            "You look at the largest difference, and a difference downwards is a negative number. "
            "What measures a difference in either direction?",
        ),
        Mistake(
            "other words",
            _other_words,
            "Your probe says no to everything, even where permuted words give permuted outputs. Do "
            "both sentences have the same words, and do you compare the outputs of the same word?",
        ),
    ),
    hints=(
        "Run f twice: on x, and on the same words in another order. Equivariant means: the second "
        "output is the first one, in that order.",
        "`order = torch.randperm(len(x))` is a random order, `x[order]` the words in it. Compare "
        "`f(x[order])` with `f(x)[order]`, and let differences below 1e-6 pass.",
        "One random order proves little: it may leave the important words as they are. Try a few "
        "dozen, and say yes only if all agree.",
    ),
)
