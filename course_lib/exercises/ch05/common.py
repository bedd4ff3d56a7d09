"""What the banks of this chapter share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.modules import use_module

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


@dataclass(frozen=True)
class Named:
    """A function with a name that tells what it does."""

    name: str
    function: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)

    def __repr__(self) -> str:
        return self.name


def build_and_use(
    answer: Callable[..., nn.Module], sizes: tuple[Any, ...], *inputs: Any
) -> tuple[nn.Module, dict[str, Any]]:
    """The module that was built, and what `use_module` says of it."""
    built: list[nn.Module] = []

    def build(*sizes: Any) -> nn.Module:
        built.append(answer(*sizes))
        return built[-1]

    seen = use_module(build, sizes, *inputs)
    return built[-1], seen


def has_zeros(x: Any) -> bool:
    return isinstance(x, Tensor) and bool((x == 0).any())


def differ(x: Any, y: Any) -> bool:
    return not (isinstance(x, Tensor) and isinstance(y, Tensor) and torch.equal(x, y))


def alone(spoiled: Callable[..., nn.Module], **switches: Any) -> Callable[..., nn.Module]:
    """A mistake that is not looked for together with others: there would be too many pairs."""
    return lambda *sizes: spoiled(*sizes, **switches)
