"""8.8, find the bug: a validation loss that is too high, and never twice the same."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.ch08.common import Batch, Line, LossOf, batches_of, rows, squared_error
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe


class WithDropout(Line):
    """A model whose answers depend on whether it is training."""

    def __init__(self, weight: Tensor):
        super().__init__(weight)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.dropout(x))


def validate(model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]) -> float:
    """The mean loss over all rows, as the model is used: without dropout, without gradients."""
    model.eval()
    total = 0.0
    with torch.no_grad():
        for batch, size in zip(batches, sizes, strict=True):
            total += loss_of(model, batch).item() * size
    return total / sum(sizes)


def _validate(
    model: nn.Module,
    loss_of: LossOf,
    batches: list[Batch],
    sizes: list[int],
    evaluating: bool = True,
    late: bool = False,
    weighted: bool = True,
    divided: bool = True,
    gradients: bool = False,
) -> float:
    """The mean loss, with the switches of what goes wrong with it."""
    if evaluating:
        model.eval()
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        loss = loss_of(model, batch)
        if gradients:
            loss.backward()
        total += loss.item() * (size if weighted else 1)
        if late:
            model.eval()
    return total / (sum(sizes) if weighted else len(sizes)) if divided else total


def _training(model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]) -> float:
    model.train()
    return _validate(model, loss_of, batches, sizes, evaluating=False)


def use(answer: Function, weight: Tensor, x: Tensor, y: Tensor, sizes: list[int]) -> dict[str, Any]:
    """As in the middle of a training: the model is in the mode for training."""
    model = WithDropout(weight).train()
    loss = answer(model, squared_error, batches_of(x, y, sizes), sizes)
    return {
        "loss": loss,
        "a gradient is left behind": model.weight.grad is not None,
        "share that dropout takes in the next training step": model.dropout.p,
    }


def _taken_out(model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]) -> float:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return _validate(model, loss_of, batches, sizes, evaluating=False)


DROPOUT_ON = (
    "Dropout is still on: half of what the model reads is thrown away at random, so that the loss "
    "is too high, and another one each time. What tells a model that it is not training now?"
)

VALIDATE = Exercise(
    id="8.8",
    title="Find the bug",
    signature="validate(model, loss_of, batches, sizes)",
    shapes="weight (D,), x (N, D), y (N,) -> ()",
    input_names=("weight", "x", "y", "sizes"),
    reference=validate,
    use=use,
    bug="dropout is on",
    smooth=0,
    probes=(
        Probe(
            "one batch",
            rows([4], 3),
            "Call it twice with the same model. Should a measurement give two results?",
        ),
        Probe(
            "batches of different sizes",
            rows([5, 1, 3], 4),
            "The mean is over rows. Was that the bug?",
        ),
    ),
    mistakes=(
        Mistake(
            "dropout is on",
            partial(_validate, evaluating=False),
            DROPOUT_ON,
            group="dropout is on",
        ),
        Mistake("set to train", _training, DROPOUT_ON, group="dropout is on"),
        Mistake(
            "switched off too late",
            partial(_validate, evaluating=False, late=True),
            "Dropout is switched off after the first batch has been read. When is it in time?",
        ),
        Mistake(
            "dropout taken out of the model",
            _taken_out,
            "The measurement is right, and the model has lost its dropout: it will train without "
            "from now on. What switches it off for a while only?",
        ),
        Mistake(
            "mean of means",
            partial(_validate, weighted=False),
            "Dropout is off now, and each batch counts the same, however large. Was the weighting "
            "the bug?",
        ),
        Mistake(
            "summed up",
            partial(_validate, divided=False),
            "Dropout is off now, and the sum is no mean any more. Was the division the bug?",
        ),
        Mistake(
            "gradients are left",
            partial(_validate, gradients=True),
            "Dropout is off now. But a gradient is left behind, and the next training step may add "
            "its own to it. Who asked for one?",
        ),
    ),
    hints=(
        "Run the function twice on the same model. What in a model depends on chance?",
        "Modules have two modes. `model.train()` is the one that a training has set.",
    ),
)
