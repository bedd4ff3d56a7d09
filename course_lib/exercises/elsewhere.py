"""Would this code run on a GPU? Tried without one.

Under `Elsewhere`, a tensor can be marked as lying on a GPU; it is an ordinary tensor all the same.
What is computed from marked tensors is marked, `x.device` and `.to(…)` play along, and where a
marked tensor meets one that was made without asking for the device, the error is PyTorch's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

GPU = torch.device("cuda", 0)
CLASH = (
    "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
)
TO_NUMPY = (
    "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
    "memory first."
)
ASKS = "_has_compatible_shallow_copy_type"  # of `nn.Module.to`
MAY_MIX = ("__getitem__", "__setitem__", "index_put_", "copy_", ASKS)  # and indices from the CPU


def mark(value: Any) -> Any:
    """Mark all tensors in a value as lying on the GPU."""
    for tensor in _tensors(value):
        tensor._is_elsewhere = True  # type: ignore[attr-defined]
    return value


def is_marked(tensor: Tensor) -> bool:
    return getattr(tensor, "_is_elsewhere", False)


class Elsewhere(TorchFunctionMode):
    """Plays the GPU for marked tensors."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(function, "__name__", "")
        owner = getattr(getattr(function, "__self__", None), "__name__", "")
        given = list(_tensors((args, kwargs)))
        marked = [tensor for tensor in given if is_marked(tensor)]
        if name == "__get__" and owner in ("device", "is_cuda", "is_cpu"):
            there = bool(marked)
            return {"device": GPU if there else function(*args), "is_cuda": there}.get(
                owner, not there
            )
        if owner == "data" and name == "__set__":
            function(*args)
            return mark(args[0]) if is_marked(args[1]) else None
        if name in ("numpy", "__array__") and marked:
            raise TypeError(TO_NUMPY)
        moved = name in ("to", "cuda", "cpu")
        target = _named_device(name, args, kwargs)
        if target is not None or moved:
            return self._placed(function, args, kwargs, target, given)
        left_behind = any(tensor.dim() and not is_marked(tensor) for tensor in given)
        if marked and left_behind and name not in MAY_MIX:
            raise RuntimeError(CLASH)
        result = function(*args, **kwargs)
        return mark(result) if marked else result

    def _placed(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        target: str | None,
        given: list[Tensor],
    ) -> Any:
        """A tensor made on, or moved to, a device: marked if that is the GPU."""
        args = tuple(_on_cpu(item) for item in args)
        kwargs = {key: _on_cpu(item) for key, item in kwargs.items()}
        if function.__name__ == "cuda":
            result = args[0].view_as(args[0])
        else:
            result = function(*args, **kwargs)
        there = target == "cuda" if target else any(map(is_marked, given))
        if isinstance(result, Tensor) and any(result is tensor for tensor in given):
            result = result.view_as(result)  # else the mark would stick to the original
        return mark(result) if there else result


def _named_device(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """The type of the device that a call names; None if it names none."""
    if name in ("cuda", "cpu"):
        return name
    if name in ("device", "_parse_to"):
        return None
    items = [*args[1:], kwargs.get("device")] if name == "to" else [kwargs.get("device")]
    for item in items:
        if isinstance(item, torch.device):
            return item.type
        if isinstance(item, Tensor):  # x.to(y)
            return "cuda" if is_marked(item) else "cpu"
        if isinstance(item, str):
            return item.split(":")[0]
    return None


def _on_cpu(item: Any) -> Any:
    if isinstance(item, torch.device):
        return torch.device("cpu")
    return "cpu" if isinstance(item, str) and item.startswith("cuda") else item


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
