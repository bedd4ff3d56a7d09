"""Values beside each other, in words and tables: which axis, which cell, which number."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.faces import Comparison, aligned
from course_lib.exercises.spec import Inputs

PRINTED = 24  # a tensor with more cells, or more than two axes, is summarised
COLUMNS, ROWS = 8, 6


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors and numbers in a value, each with where it stands: ("output", tensor)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}[{key!r}]" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def close(one: Tensor, other: Tensor, tolerance: float) -> Tensor:
    """Which cells agree, to `tolerance` (in double precision to its square)."""
    if not one.is_floating_point():
        return one == other
    tight = tolerance if one.dtype != torch.float64 else tolerance**2
    return torch.isclose(one, other, rtol=tight, atol=tight, equal_nan=True)


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Do two values agree in structure, type, shape, dtype and numbers?"""
    pairs = list(leaves(one)), list(leaves(other))
    if type(one) is not type(other) or [p for p, _ in pairs[0]] != [p for p, _ in pairs[1]]:
        return False
    for (_, a), (_, b) in zip(*pairs, strict=True):
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            if a.shape != b.shape or a.dtype != b.dtype or not close(a, b, tolerance).all():
                return False
        elif isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance):
                return False
        elif type(a) is not type(b) or a != b:
            return False
    return True


def axis_names(shapes: str, inputs: dict[str, Any]) -> tuple[dict[str, int], list[str]]:
    """The size of each axis that `shapes` names, and the names of the result's axes.

    "q (..., Tq, Dh) -> (..., Tq)" with a q of shape (2, 3, 4): ({B: 2, Tq: 3, Dh: 4}, [B, Tq]).
    """
    before, after = shapes.split("->")
    sizes: dict[str, int] = {}
    leading: list[str] = []
    for name, inner in re.findall(r"(\w+) \(([^)]*)\)", before):
        axes, value = _axes(inner), inputs.get(name)
        if not isinstance(value, Tensor):
            continue
        if axes[0] == "...":
            extra = value.dim() - len(axes) + 1
            leading = ["B", "H", *(f"axis {i}" for i in range(2, extra))][:extra]
            axes = [*leading, *axes[1:]]
        sizes |= dict(zip(axes, value.shape, strict=False))
    out = _axes(after.strip(" ()"))
    return sizes, [*leading, *out[1:]] if out[:1] == ["..."] else out


def _axes(inner: str) -> list[str]:
    return [axis for axis in re.split(r"[,\s]+", inner) if axis]


def shape_in_words(got: Sequence[int], sizes: dict[str, int], expected: list[str]) -> str:
    """What became of the axes of a result that has the wrong shape."""
    by_size = {sizes[name]: name for name in [*reversed(list(sizes)), *reversed(expected)]}
    names = [by_size.get(size, str(size)) for size in got]
    right = tuple(sizes[name] for name in expected)
    named = f"{_tuple(names)} = " if any(name in sizes for name in names) else ""
    text = f"You returned {named}{_tuple(got)}; expected is {_tuple(expected)} = {_tuple(right)}"
    lost = [name for name in expected if name not in names]
    if len(names) > 1 and [*names[:-2], names[-1], names[-2]] == expected:
        return f"{text}: the last two axes are swapped."
    if sorted(names) == sorted(expected):
        return f"{text}: the same axes, in another order."
    if lost and len(got) == len(expected) - len(lost):
        verb = "is" if len(lost) == 1 else "are"
        return f"{text}: {' and '.join(lost)} {verb} gone. Was something summed or picked there?"
    if len(got) > len(expected):
        return f"{text}: there are more axes than there should be."
    return f"{text}."


def _tuple(items: Sequence[object]) -> str:
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"


def inputs_in_words(names: Sequence[str], inputs: Inputs) -> str:
    """The inputs of a probe: small tensors in full, large ones summarised."""
    blocks = []
    for name, value in zip(names, inputs, strict=False):
        if isinstance(value, Tensor):
            head = f"{name} {_tuple(value.shape)}"
            if value.dim() > 2 or value.numel() > PRINTED:
                low, high = number(float(value.min())), number(float(value.max()))
                kind = str(value.dtype).removeprefix("torch.")
                blocks.append(f"{head}: {kind} from {low} to {high}")
            else:
                rows = [[number(x) for x in row] for row in _matrix(value).tolist()]
                blocks.append("\n".join([head, *(f"  {line}" for line in aligned(rows))]))
        else:
            blocks.append(f"{name} = {value!r}")
    return "\n".join(blocks)


def number(value: float, digits: int = 4) -> str:
    """A number as a person would write it."""
    return f"{value + 0.0:.{digits}g}" if isinstance(value, float) else str(value)  # 0 for -0


def comparison(got: Tensor, expected: Tensor, tolerance: float) -> Comparison:
    """The place where two tensors of one shape first differ, and what stands around it."""
    wrong = ~close(got, expected, tolerance)
    first = tuple(torch.nonzero(wrong)[0].tolist())
    total, differing = wrong.numel(), int(wrong.sum())
    leading = first[:-2]
    place = f"[{', '.join(map(str, first))}]"
    part = f", within [{', '.join(map(str, leading))}]" if leading else ""
    mine, right = _matrix(got[leading]), _matrix(expected[leading])
    row, column = (0, *first)[-2:] if first else (0, 0)
    top, left = max(0, row - ROWS + 1), max(0, column - COLUMNS + 1)
    window = slice(top, top + ROWS), slice(left, left + COLUMNS)
    if mine[window].shape != mine.shape:
        part += " (a part of it)"
    digits = _digits(float(mine[row, column]), float(right[row, column]))
    tables = [
        [[number(x, digits) for x in line] for line in values[window].tolist()]
        for values in (mine, right)
    ]
    differ = "numbers differ, the first at" if differing > 1 else "numbers differs, at"
    title = f"{differing} of {total} {differ} {place}. Side by side{part}:"
    if total == 1:
        title = "Side by side:"
    return Comparison(title, tables[0], tables[1], (row - top, column - left))


def _matrix(value: Tensor) -> Tensor:
    return value.reshape(1, -1) if value.dim() < 2 else value


def _digits(one: float, other: float) -> int:
    """As few digits as tell two numbers apart, but at least four."""
    return next((d for d in range(4, 17) if number(one, d) != number(other, d)), 17)


def pattern(got: Tensor, expected: Tensor) -> str:
    """A plain relation between all numbers got and expected, if three of them or more have one."""
    if not got.is_floating_point() or not (got.isfinite().all() and expected.isfinite().all()):
        return ""
    nonzero = expected.abs() > 1e-6
    if nonzero.sum() > 2:
        factors = got[nonzero] / expected[nonzero]
        alike = torch.allclose(factors, factors[0], rtol=1e-4) and not got[~nonzero].any()
        if alike and abs(float(factors[0]) - 1) > 1e-4:
            return f"Each of your numbers is {number(float(factors[0]))} times the expected one."
    if got.numel() > 2 and torch.allclose(got - expected, (got - expected).flatten()[0], atol=1e-5):
        difference = float((got - expected).flatten()[0])
        return f"Each of your numbers is the expected one plus {number(difference)}."
    return ""
