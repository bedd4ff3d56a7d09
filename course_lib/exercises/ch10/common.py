"""What the banks of this chapter share: how two texts are weighed up, and logits to be changed."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib import rouge
from course_lib.exercises.spec import Function, Mistake

Texts = list[str]
Weigh = Callable[[int, int, int], float]


def f1(shared: int, written: int, wanted: int) -> float:
    """The harmonic mean of shared / written and shared / wanted, from 0 to 1."""
    return rouge.f1(shared, written, wanted) / 100


def scored(answer: Function, *inputs: Any) -> Any:
    """What an answer gives; a whole number is as good as one with a point."""
    found = answer(*inputs)
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return float(found) if is_number else found


def random_words(count: int, kinds: str, dice: Generator) -> Texts:
    """So many words, each of them a letter of `kinds`."""
    return [kinds[i] for i in torch.randint(len(kinds), (count,), generator=dice).tolist()]


def _precision(shared: int, written: int, wanted: int) -> float:
    return shared / written if shared else 0.0


def _recall(shared: int, written: int, wanted: int) -> float:
    return shared / wanted if shared else 0.0


def _of_the_summary(shared: int, written: int, wanted: int) -> float:
    return shared / written


def _of_the_reference(shared: int, written: int, wanted: int) -> float:
    return shared / wanted


def _arithmetic(shared: int, written: int, wanted: int) -> float:
    return (shared / written + shared / wanted) / 2 if shared else 0.0


def _two_forgotten(shared: int, written: int, wanted: int) -> float:
    return shared / (written + wanted) if shared else 0.0


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _not_at_all(shared: int, written: int, wanted: int) -> float:
    return _harmonic(shared / written, shared / wanted)


def _of_the_sum(shared: int, written: int, wanted: int) -> float:
    return 2 * shared / (written + wanted)


def _too_late(shared: int, written: int, wanted: int) -> float:
    precision, recall = shared / written, shared / wanted
    return _harmonic(precision, recall) if shared else 0.0


def _against_short_texts(shared: int, written: int, wanted: int) -> float:
    return _not_at_all(shared, written, wanted) if written and wanted else 0.0


UNGUARDED: dict[str, Weigh] = {
    "nothing is caught": _not_at_all,
    "two texts without anything": _of_the_sum,
    "caught too late": _too_late,
    "nothing shared": _against_short_texts,
}


PRECISION = (
    "This is the share of the *summary* that is right: precision. A summary of one sure word would "
    "be perfect. What does the reference have that is missing there?"
)
RECALL = (
    "This is the share of the *reference* that was found: recall. Whoever repeats the whole source "
    "would do well. What does it cost to say too much?"
)


def weighed_wrongly(rouge: Function, by_zero: str) -> tuple[Mistake, ...]:
    """What goes wrong once everything is counted; `rouge` has the switches `together`, `scale`."""

    def with_(together: Weigh) -> Function:
        return lambda *inputs: rouge(*inputs, together=together)

    return (
        Mistake(
            "precision",
            partial(rouge, together=_precision),
            PRECISION,
            group="precision",
        ),
        Mistake(
            "recall",
            partial(rouge, together=_recall),
            RECALL,
            group="recall",
        ),
        Mistake(
            "the arithmetic mean",
            partial(rouge, together=_arithmetic),
            "You add precision and recall and halve the sum. F1 is their *harmonic* mean, which "
            "stays near the smaller of the two. What is its formula?",
        ),
        Mistake(
            "the two forgotten",
            with_(_two_forgotten),
            "Two equal texts would get 50. What is shared stands in *both* texts. How often "
            "should it count above the line, if both lengths stand below?",
        ),
        Mistake("precision unguarded", with_(_of_the_summary), PRECISION, group="precision"),
        Mistake("recall unguarded", with_(_of_the_reference), RECALL, group="recall"),
        Mistake(
            "rounded",
            lambda *inputs: round(rouge(*inputs), 1),
            "The score is rounded, and many rounded scores make a wrong mean. Where do you round, "
            "and where would it be early enough?",
        ),
        Mistake(
            "a share",
            partial(rouge, scale=1),
            "This is from 0 to 1. ROUGE is given from 0 to 100 here. What is missing?",
        ),
        *(
            Mistake(name, with_(weigh), by_zero, group="divided by zero")
            for name, weigh in UNGUARDED.items()
        ),
    )


FINITE = (
    "That is a very low number, and still a number: what is forbidden should have the probability "
    "0, whatever the other logits are, and in half precision so low a number may not even fit. "
    "Which number is below all others?"
)
Low = float | Callable[[torch.dtype], float]
LOW: tuple[Low, ...] = (
    *(-1e3, -1e4, -1e5, -1e6, -1e8, -1e9, -1e10, -1e20, -1e30),
    torch.finfo(torch.float32).min,
    lambda dtype: torch.finfo(dtype).min,
)
NEVER = -math.inf
ZERO_TIMES_INFINITY = (
    "What is not forbidden has become NaN, which is no number: 0 · ∞ is not 0. Which method puts a "
    "number where a mask is True, and leaves the rest alone?"
)


def random_logits(size: int, dice: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """To one decimal, so that they can be read, and none of them 0."""
    logits = torch.randn(size, generator=dice, dtype=dtype).round(decimals=1)
    return torch.where(logits == 0, 0.5, logits)


def without_gradients(answer: Function, *inputs: Any) -> Any:
    """Nothing is learned while a sentence is written."""
    with torch.no_grad():
        found = answer(*inputs)
    return found.detach() if isinstance(found, Tensor) else found


def lowest(low: Low, logits: Tensor) -> float:
    """A low number, or the one that is lowest in the precision of some logits."""
    return low(logits.dtype) if callable(low) else low


def finite(change: Callable[[Low], Function]) -> tuple[Mistake, ...]:
    """Low numbers that stand in for minus infinity."""
    return tuple(Mistake(f"low {i}", change(low), FINITE, "finite") for i, low in enumerate(LOW))
