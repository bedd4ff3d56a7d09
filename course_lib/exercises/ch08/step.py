"""8.4 train_step: predict, compare, go down the gradient."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.ch08.common import (
    Batch,
    Descent,
    Line,
    LossOf,
    batches_of,
    rows,
    squared_error,
    stale,
    weights,
)
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe


def train_step(
    model: nn.Module, loss_of: LossOf, batch: Batch, optimizer: Any, clip_norm: float
) -> float:
    """One step on one batch. Returns the loss."""
    optimizer.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return loss.item()


def _step(
    model: nn.Module,
    loss_of: LossOf,
    batch: Batch,
    optimizer: Any,
    clip_norm: float,
    zero: str = "first",
    clip: str = "before",
    step: str = "last",
) -> float:
    """The step, with the switches of what goes wrong with it."""
    if zero == "first":
        optimizer.zero_grad()
    loss = loss_of(model, batch)
    if step == "before the gradient":
        optimizer.step()
    loss.backward()
    if zero == "after the gradient":
        optimizer.zero_grad()
    if clip == "before":
        nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    elif clip == "each value":
        nn.utils.clip_grad_value_(model.parameters(), clip_norm)
    elif clip == "stretched":
        norm = weights_norm(model)
        for p in model.parameters():
            if p.grad is not None:
                p.grad *= clip_norm / norm
    if step == "last":
        optimizer.step()
    elif step == "twice":
        optimizer.step()
        optimizer.step()
    if clip == "after":
        nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    if zero == "last":
        optimizer.zero_grad()
    return loss.item()


def _switched(**switches: Any) -> Function:
    """A step with switches that would hide others, so that no pairs are made of it."""
    return lambda *args: _step(*args, **switches)


def weights_norm(model: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()


def _loss_after(model: nn.Module, loss_of: LossOf, batch: Batch, *rest: Any) -> float:
    train_step(model, loss_of, batch, *rest)
    return loss_of(model, batch).item()


def _clipped_weights(
    model: nn.Module, loss_of: LossOf, batch: Batch, optimizer: Any, clip_norm: float
) -> float:
    loss = train_step(model, loss_of, batch, optimizer, 1e9)
    with torch.no_grad():
        for p in model.parameters():
            p.clamp_(-clip_norm, clip_norm)
    return loss


def use(
    answer: Function, weight: Tensor, x: Tensor, y: Tensor, sizes: list[int], clip_norm: float
) -> dict[str, Any]:
    """Two steps from given weights, with a gradient that is left over from before."""
    model = Line(weight)
    optimizer = Descent(model.parameters(), rate=0.1)
    stale(model)
    losses, after = [], []
    for batch in batches_of(x, y, sizes):
        loss = answer(model, squared_error, batch, optimizer, clip_norm)
        losses.append(loss)
        after.append(weights(model))
    plain = all(isinstance(loss, float) for loss in losses)
    return {"losses": losses, "weights after each step": torch.stack(after), "floats": plain}


def _probe(sizes: list[int], num_features: int, clip_norm: float, scale: float = 1.0) -> Any:
    return lambda dice: (*rows(sizes, num_features, scale)(dice), clip_norm)


UNCLIPPED = (
    "A gradient that is too long goes into the weights as it is. Is it clipped at all, and if so, "
    "before the weights move or after?"
)
STAY = (
    "The weights stay where they are: nobody moves them, or the optimizer is asked to when there "
    "is no gradient, not yet or not any more. In which order do the calls have to come?"
)

STEP = Exercise(
    id="8.4",
    title="One step",
    signature="train_step(model, loss_of, batch, optimizer, clip_norm)",
    shapes="weight (D,), x (N, D), y (N,) -> ()",
    input_names=("weight", "x", "y", "sizes", "clip_norm"),
    reference=train_step,
    use=use,
    smooth=0,
    probes=(
        Probe(
            "one step, after another one that left its gradient",
            _probe([4], 2, 1e9),
            "`backward` *adds* to the gradient that is there. Which one should be there before?",
        ),
        Probe(
            "two steps one after the other",
            _probe([4, 3], 2, 1e9),
            "What must be as new at the beginning of the second step?",
        ),
        Probe(
            "a gradient that is too long",
            _probe([5, 4], 3, 0.5, scale=30.0),
            "The gradient is to be shortened to `clip_norm`, with its direction kept. When does "
            "that have to happen, so that it counts?",
        ),
        Probe(
            "one that is short enough",
            _probe([5, 4], 3, 50.0),
            "This gradient is shorter than `clip_norm`. What should clipping do with it?",
        ),
    ),
    mistakes=(
        Mistake(
            "not zeroed",
            partial(_step, zero="never"),
            "The gradients of all steps so far add up: each step still goes where the first ones "
            "went. What begins a step?",
        ),
        Mistake(
            "zeroed too late",
            _switched(zero="after the gradient"),
            STAY,
            group="the weights stay",
        ),
        Mistake(
            "zeroed at the end",
            partial(_step, zero="last"),
            "The step leaves all in order behind it, but trusts that whoever came before did the "
            "same. A gradient was left over here. Where is `zero_grad` safe?",
        ),
        Mistake(
            "clipped after the step",
            _switched(clip="after"),
            UNCLIPPED,
            group="not clipped in time",
        ),
        Mistake(
            "not clipped",
            partial(_step, clip="never"),
            UNCLIPPED,
            group="not clipped in time",
        ),
        Mistake(
            "each value clipped",
            partial(_step, clip="each value"),
            "Each number of the gradient is cut off by itself, which turns it into another "
            "direction. What keeps the direction and shortens the whole?",
        ),
        Mistake(
            "always as long as the limit",
            partial(_step, clip="stretched"),
            "The gradient is brought to the length `clip_norm`, also where it was shorter. What "
            "should happen with a short one?",
        ),
        Mistake(
            "step before the gradient",
            _switched(step="before the gradient"),
            STAY,
            group="the weights stay",
        ),
        Mistake(
            "no step",
            _switched(step="never"),
            STAY,
            group="the weights stay",
        ),
        Mistake(
            "two steps",
            partial(_step, step="twice"),
            "The weights move twice by the same gradient. How often should the optimizer step?",
        ),
        Mistake(
            "the loss afterwards",
            _loss_after,
            "The weights are right. The loss that you return is of the weights *after* the step: "
            "another pass through the model. Which loss do you have already?",
        ),
        Mistake(
            "weights clipped",
            _clipped_weights,
            "It is the *weights* that are clipped. What is `clip_norm` a limit for?",
        ),
        Mistake(
            "a tensor",
            lambda *args: torch.tensor(train_step(*args)),
            "The weights are right. A tensor comes back where a plain number was asked for: as it "
            "comes from the model, it would keep the whole graph alive. What turns it into one?",
        ),
    ),
    hints=(
        "Five lines: forget old gradients, loss, new gradients, clip, step. Then the loss as a "
        "plain number.",
        "`nn.utils.clip_grad_norm_(model.parameters(), clip_norm)` changes the gradients in place. "
        "It belongs between `backward` and `step`.",
    ),
)
