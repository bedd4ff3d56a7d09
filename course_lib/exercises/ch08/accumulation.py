"""8.5 accumulate: the gradient of several small batches is that of a large one."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.ch08.common import (
    Batch,
    Line,
    LossOf,
    batches_of,
    rows,
    squared_error,
    stale,
)
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe


def accumulate(model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]) -> float:
    """Leave the gradient of the mean over all rows behind. Returns that mean."""
    model.zero_grad()
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        loss = loss_of(model, batch) * (size / sum(sizes))
        loss.backward()
        total += loss.item()
    return total


def _sum(
    model: nn.Module,
    loss_of: LossOf,
    batches: list[Batch],
    sizes: list[int],
    weight: str = "share",
    zero: str = "once",
    report: str = "weighted",
) -> float:
    """The gradient, with the switches of what goes wrong with it."""
    if zero == "once":
        model.zero_grad()
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        if zero == "each":
            model.zero_grad()
        shares = {"share": size / sum(sizes), "equal": 1 / len(sizes), "none": 1.0, "size": size}
        loss = loss_of(model, batch)
        (loss * shares[weight]).backward()
        total += loss.item() * (shares[weight] if report == "weighted" else 1.0)
    return total / len(sizes) if report == "mean" else total


def _only_the_last(
    model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]
) -> float:
    model.zero_grad()
    total = 0.0
    for batch, size in zip(batches, sizes, strict=True):
        loss = loss_of(model, batch) * (size / sum(sizes))
        total += loss.item()
    loss.backward()
    return total


def _no_gradient(
    model: nn.Module, loss_of: LossOf, batches: list[Batch], sizes: list[int]
) -> float:
    model.zero_grad()
    pairs = zip(batches, sizes, strict=True)
    return sum(loss_of(model, batch).item() * size for batch, size in pairs) / sum(sizes)


def use(answer: Function, weight: Tensor, x: Tensor, y: Tensor, sizes: list[int]) -> dict[str, Any]:
    model = Line(weight)
    stale(model)
    loss = answer(model, squared_error, batches_of(x, y, sizes), sizes)
    grad = model.weight.grad
    return {
        "loss": float(loss) if isinstance(loss, (float, Tensor)) else loss,
        "the loss is a plain number": isinstance(loss, float),
        "gradient": torch.zeros_like(weight) if grad is None else grad,
        "weights": model.weight,
    }


ONLY_THE_LAST = (
    "The gradient is that of the last batch alone. Is it forgotten before each batch, or is "
    "`backward` called once, after the loop? When does each batch add its part?"
)

ACCUMULATE = Exercise(
    id="8.5",
    title="Small batches, one large step",
    signature="accumulate(model, loss_of, batches, sizes)",
    shapes="weight (D,), x (N, D), y (N,) -> ()",
    input_names=("weight", "x", "y", "sizes"),
    reference=accumulate,
    use=use,
    smooth=0,
    probes=(
        Probe("one batch", rows([4], 2), "A gradient was left over. Is it still in there?"),
        Probe(
            "two of the same size",
            rows([3, 3], 2),
            "The gradient of the mean over six rows: how much does each batch of three add to it?",
        ),
        Probe(
            "three of different sizes",
            rows([5, 1, 2], 3),
            "One batch has five rows, another one. Should they weigh the same?",
        ),
    ),
    mistakes=(
        Mistake(
            "all alike",
            partial(_sum, weight="equal"),
            "Each batch weighs the same, however many tokens it has: a token in a small batch "
            "counts for more than one in a large batch. What should a batch's share be?",
        ),
        Mistake(
            "added up",
            partial(_sum, weight="none"),
            "The gradients are added up as they are: with twice as many batches the step is twice "
            "as long. What makes a mean of them?",
        ),
        Mistake(
            "times the size",
            partial(_sum, weight="size"),
            "Each batch counts by its size, which makes a sum over all rows. By what is it to be "
            "divided, to be a mean?",
        ),
        Mistake(
            "zeroed in the loop",
            partial(_sum, zero="each"),
            ONLY_THE_LAST,
            group="only the last batch",
        ),
        Mistake(
            "not zeroed",
            partial(_sum, zero="never"),
            "A gradient was left over from before, and is still in there. What comes first?",
        ),
        Mistake(
            "the losses added up",
            partial(_sum, report="sum"),
            "The gradient is right. The loss is the sum of the batches' means. It should be the "
            "mean over all rows: with which weights?",
        ),
        Mistake(
            "mean of the losses",
            partial(_sum, report="mean"),
            "The gradient is right. The loss is the plain mean of the batches' means. Which "
            "weights did the gradient have?",
        ),
        Mistake(
            "only the last goes back",
            _only_the_last,
            ONLY_THE_LAST,
            group="only the last batch",
        ),
        Mistake(
            "a tensor",
            lambda *args: torch.tensor(accumulate(*args)),
            "The gradient is right, and the loss, too; but it is a tensor. As it comes from the "
            "model, it keeps the graph of every batch alive. What makes a plain number of it?",
        ),
        Mistake(
            "no gradient",
            _no_gradient,
            "The loss is right, and no gradient is left behind. Who computes it?",
        ),
    ),
    hints=(
        "`backward` adds to what is there. So a loop of `backward` calls adds up gradients, if "
        "nobody forgets them in between.",
        "The mean over all rows is the sum of the batches' means, each times its share of the "
        "rows: `size / sum(sizes)`.",
    ),
)
