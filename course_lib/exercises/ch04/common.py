"""What the banks of this chapter share."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Inputs

Exponents = Callable[[int], Tensor]
BASE = 10_000.0
OWN_PRECISION = (
    "The numbers are in double precision, and a model works in single precision. On the way that "
    "does no harm, but which type should come out (`.float()`)?"
)
OWN_WAVES = (
    "Every feature has a speed of its own. Two neighbours belong together: they are the sine and "
    "the cosine of *one* angle. What is the *i* of features 6 and 7?"
)
FAST = (
    "The exponent is twice as large as it should be, and the waves slow down too soon: a 2 has "
    "come in once too often (a loop `for i in range(0, d, 2)` has it in its `i`). Which numbers "
    "take its place, for d = 6?"
)
SLOW = (
    "The exponent is half as large as it should be: *i* stands where the formula has 2i, and the "
    "waves hardly slow down. Which numbers should stand above d, for d = 6?"
)
UPSIDE_DOWN = (
    "The waves become faster from pair to pair, ten thousand times in the end: the power went to "
    "the wrong side of the fraction line. Which pair should be the fastest?"
)
BASE_LOST = (
    "The waves slow down to 1/e at most: the power is one of e. With `exp`, the logarithm of which "
    "number belongs into the exponent?"
)


def pair_exponents(d: int) -> Tensor:
    """Exponent of each pair of features: 2i / d."""
    return torch.arange(0, d, 2, dtype=torch.float64) / d


def half_exponents(d: int) -> Tensor:
    return pair_exponents(d) / 2


def double_exponents(d: int) -> Tensor:
    return pair_exponents(d) * 2


def turned_exponents(d: int) -> Tensor:
    return -pair_exponents(d)


def same_everywhere(*shape: int) -> Draw:
    """One random vector at all places: (*shape) with equal rows."""

    def draw(dice: Generator) -> Inputs:
        row = torch.randn(shape[-1:], generator=dice).round(decimals=1)
        return (row.expand(shape).clone(),)

    return draw
