"""What the banks of this chapter share: a model with two numbers a row, and the plainest optimizer.

Answers are run on them for a few steps; what counts is where the weights are afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Inputs

Batch = tuple[Tensor, Tensor]
LossOf = Callable[[nn.Module, Batch], Tensor]


class Line(nn.Module):
    """y = w · x, from given weights. Shapes: x (N, D). Returns (N,)."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


class Descent:
    """An optimizer: down the gradient, with momentum, so that it has a memory of its own."""

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float, momentum: float = 0.0):
        self.parameters, self.rate, self.momentum = list(parameters), rate, momentum
        self.velocity = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        for i, p in enumerate(self.parameters):
            if p.grad is not None:
                self.velocity[i] = self.momentum * self.velocity[i] + p.grad
                p.sub_(self.rate * self.velocity[i])

    def state_dict(self) -> dict[str, Any]:
        return {"velocity": [v.clone() for v in self.velocity]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.velocity = [v.clone() for v in state["velocity"]]


def squared_error(model: nn.Module, batch: Batch) -> Tensor:
    """The mean over the rows of a batch."""
    x, y = batch
    return ((model(x) - y) ** 2).mean()


def rows(sizes: Sequence[int], num_features: int, scale: float = 1.0) -> Draw:
    """Weights, and as many batches as there are sizes, one below the other, as x and y."""

    def draw(dice: Generator) -> Inputs:
        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=dice).round(decimals=1)

        total = sum(sizes)
        x, y = normal(total, num_features), scale * normal(total)
        return normal(num_features), x, y, list(sizes)

    return draw


def batches_of(x: Tensor, y: Tensor, sizes: list[int]) -> list[Batch]:
    return list(zip(x.split(sizes), y.split(sizes), strict=True))


def stale(model: nn.Module) -> None:
    """Leave a gradient behind, as an earlier step does."""
    for p in model.parameters():
        p.grad = torch.ones_like(p)


def weights(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])
