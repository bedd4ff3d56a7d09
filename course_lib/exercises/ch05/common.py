"""What the banks of this chapter share."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

BY_HAND = "numbers small enough for paper"
BATCH = "a batch of two"
DOUBLE = "double precision"
Q_BATCH = "With a batch in front, which axis does each number in your code name? From which end?"
Q_DOUBLE = "Does your code make numbers of its own, and of which kind?"
NO_SUPER = (
    "A module keeps its parts in a list, and that list does not exist yet. Which call must come "
    "first in `__init__`, before anything is put on `self`?"
)
NO_RETURN = "`forward` comes to its end and returns nothing. Which word hands the result out?"


def has_zeros(x: Any, within: bool = False) -> bool:
    """Is a number 0? With `within`, in a word that is not 0 altogether."""
    if not isinstance(x, Tensor):
        return False
    zero = x == 0
    return bool((zero & ~zero.all(-1, keepdim=True)).any() if within else zero.any())


def how_it_should_drop(p: float) -> str:
    """What `how_it_drops` says of dropout as it should be."""
    return f"×0 or ×{1 / (1 - p):g}, each by itself" if p else "×1"


def how_it_drops(before: Tensor, after: Tensor) -> str:
    """What dropout made of these numbers: by which factors, and which of them together."""
    if before.shape != after.shape:
        return "another shape"
    there = before != 0
    factors = (after / before)[there].round(decimals=2).unique().tolist()
    if len(factors) > 2:
        return "more than dropout does"
    there, gone = (x.reshape(-1, x.shape[-1]) for x in (there, there & (after == 0)))
    together = [
        name
        for name, axis in {"words": -1, "features": 0}.items()
        if bool(((gone.sum(axis) == 0) | (gone.sum(axis) == there.sum(axis))).all())
    ]
    each = f", whole {together[0]} at a time" if together else ", each by itself"
    return " or ".join(f"×{factor:g}" for factor in factors) + each * (len(factors) > 1)


def differ(x: Any, y: Any) -> bool:
    return not (isinstance(x, Tensor) and isinstance(y, Tensor) and torch.equal(x, y))


def alone(spoiled: Callable[..., nn.Module], **switches: Any) -> Callable[..., nn.Module]:
    """A mistake that is not looked for together with others: there would be too many pairs."""
    return lambda *sizes: spoiled(*sizes, **switches)
