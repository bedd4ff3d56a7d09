"""What the banks of this chapter share: splitting and merging, right and wrong."""

import torch
from torch import Tensor

from course_lib.exercises.probes import Draw, drawn
from course_lib.exercises.spec import Inputs

DOUBLE = "double precision"
Q_DOUBLE = "Does your code make numbers of its own, and of which kind?"


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features into heads: (B, T, D) to (B, H, T, Dh)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads side by side again: (B, H, T, Dh) to (B, T, D)."""
    return x.transpose(1, 2).flatten(-2)


def split_by_view(x: Tensor, num_heads: int) -> Tensor:
    """The right shape, and the numbers in the old order."""
    return x.reshape(x.shape[0], num_heads, x.shape[1], -1)


def merge_by_view(x: Tensor) -> Tensor:
    """The right shape, and the numbers in the old order."""
    return x.reshape(x.shape[0], x.shape[2], -1)


def drawn_and(*shapes: tuple[int, ...], more: Inputs, dtype: torch.dtype = torch.float32) -> Draw:
    """Random tensors, then the plain values in `more`."""
    draw = drawn(*shapes, dtype=dtype)
    return lambda dice: (*draw(dice), *more)
