"""How probes get their inputs: written out, or drawn."""

from collections.abc import Callable, Sequence

import torch
from torch import Generator

from course_lib.exercises.spec import Inputs

Draw = Callable[[Generator], Inputs]


def given(*rows: Sequence[object], more: Inputs = ()) -> Draw:
    """The same tensors every time, then the plain values in `more`."""
    return lambda dice: (*(torch.tensor(r) for r in rows), *more)


def drawn(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Draw:
    """Normal random tensors, to one decimal, so that they can be read."""
    return lambda dice: tuple(
        torch.randn(shape, generator=dice).round(decimals=1).to(dtype) for shape in shapes
    )
