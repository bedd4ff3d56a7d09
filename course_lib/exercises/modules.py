"""How a probe puts an answer to use that is a class: a module."""

from collections.abc import Callable
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

from course_lib.exercises import compare

TRAINING = "does train() change the output"


def use_module(
    answer: Callable[..., nn.Module], sizes: tuple[Any, ...], *inputs: Any
) -> dict[str, Any]:
    """Build a module, give each parameter a value that follows from its name, and call it.

    It is moved to the device and dtype of the first tensor of the inputs, as a user would.
    """
    module = answer(*sizes)
    sample = next((x for x in inputs if isinstance(x, Tensor)), None)
    if sample is not None:
        module.to(device=sample.device, dtype=sample.dtype if sample.is_floating_point() else None)
    parameters = sorted(module.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters:
            dice = torch.Generator().manual_seed(crc32(name.encode()))
            parameter.copy_(torch.randn(parameter.shape, generator=dice))
    again = [x.clone() if isinstance(x, Tensor) else x for x in inputs]  # it may write into them
    output = module.eval()(*inputs)
    return {
        "parameters": "; ".join(f"{name} {tuple(p.shape)}" for name, p in parameters),
        "output": output,
        "parameters that a gradient reaches": _reached(output, parameters),
        TRAINING: not compare.same(module.train()(*again), output, 0.0),
    }


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


def _reached(output: Any, parameters: list[tuple[str, nn.Parameter]]) -> str:
    """The names of the parameters that a gradient of the output reaches."""
    trainable = [(name, parameter) for name, parameter in parameters if parameter.requires_grad]
    roots = [x for _, x in compare.leaves(output) if isinstance(x, Tensor) and x.requires_grad]
    if not roots or not trainable:
        return ""
    gradients = torch.autograd.grad(
        torch.stack([root.sum() for root in roots]).sum(),
        [parameter for _, parameter in trainable],
        retain_graph=True,
        allow_unused=True,
    )
    found = zip(trainable, gradients, strict=True)
    return "; ".join(name for (name, _), gradient in found if gradient is not None)
