"""How probes get their inputs: written out, or drawn; and functions for a learner's own probe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.spec import Function, Inputs

Draw = Callable[[Generator], Inputs]


def given(*rows: Sequence[object], more: Inputs = ()) -> Draw:
    """The same tensors every time, then the plain values in `more`."""
    return lambda dice: (*(torch.tensor(r) for r in rows), *more)


def drawn(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Draw:
    """Normal random tensors, to one decimal, so that they can be read."""
    return lambda dice: tuple(
        torch.randn(shape, generator=dice).round(decimals=1).to(dtype) for shape in shapes
    )


@dataclass(frozen=True)
class Named:
    """A function with a name that tells what it does."""

    name: str
    function: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)

    def __repr__(self) -> str:
        return self.name


def verdict(answer: Function, f: Named, x: Tensor) -> Any:
    """The yes or no of a learner's probe, of whichever type."""
    found = answer(f, x)
    if isinstance(found, Tensor) and found.numel() == 1:
        found = found.item()
    return bool(found) if isinstance(found, (bool, int)) else found
