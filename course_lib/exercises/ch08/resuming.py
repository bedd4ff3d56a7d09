"""8.6 resume: go on as if nothing had happened."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.ch08.common import (
    Batch,
    Descent,
    Line,
    batches_of,
    rows,
    squared_error,
    weights,
)
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe

Saved = dict[str, Any]


def resume(saved: Saved, model: nn.Module, optimizer: Any) -> int:
    """Bring a new model and its optimizer to where they were. Returns the steps that are done."""
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    return saved["step"]


def _resume(
    saved: Saved,
    model: nn.Module,
    optimizer: Any,
    parts: tuple[str, ...] = ("model", "optimizer", "random"),
    late: int = 0,
    reseed: bool = False,
) -> int:
    """The way back, with the switches of what goes wrong with it."""
    if "model" in parts:
        model.load_state_dict(saved["model"])
    if "optimizer" in parts:
        optimizer.load_state_dict(saved["optimizer"])
    if "random" in parts:
        torch.set_rng_state(saved["random"])
    if reseed:
        torch.manual_seed(0)
    return saved["step"] + late


def _returns_nothing(saved: Saved, model: nn.Module, optimizer: Any) -> None:
    resume(saved, model, optimizer)


def go_on(model: nn.Module, optimizer: Descent, batches: Sequence[Batch], done: int) -> list[float]:
    """Train from step `done` to the last batch, with dropout and a rate that falls."""
    losses = []
    for number, (x, y) in list(enumerate(batches))[done:]:
        optimizer.rate = 0.2 / (1 + number)
        kept = x * (torch.rand_like(x) > 0.3)
        optimizer.zero_grad()
        loss = squared_error(model, (kept, y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def use(
    answer: Function, weight: Tensor, x: Tensor, y: Tensor, sizes: list[int], done: int
) -> dict[str, Any]:
    """Train for `done` steps, save, and let the answer prepare another model to go on."""
    batches = batches_of(x, y, sizes)
    torch.manual_seed(0)
    model = Line(weight)
    optimizer = Descent(model.parameters(), 0.2, momentum=0.9)
    go_on(model, optimizer, batches[:done], 0)
    saved = {
        "model": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
        "step": done,
    }
    torch.manual_seed(99)  # whatever happened in between
    fresh = Line(torch.ones_like(weight))
    other = Descent(fresh.parameters(), 0.2, momentum=0.9)
    step = answer(saved, fresh, other)
    losses = go_on(fresh, other, batches, step) if isinstance(step, int) else []
    return {"steps done": step, "losses": losses, "weights at the end": weights(fresh)}


def _probe(sizes: list[int], num_features: int, done: int) -> Any:
    return lambda dice: (*rows(sizes, num_features)(dice), done)


RESUME = Exercise(
    id="8.6",
    title="Go on as if nothing had happened",
    signature="resume(saved, model, optimizer)",
    shapes="weight (D,), x (N, D), y (N,) -> ()",
    input_names=("weight", "x", "y", "sizes", "done"),
    reference=resume,
    use=use,
    smooth=0,
    probes=(
        Probe(
            "stopped before the first step",
            _probe([3, 3], 2, 0),
            "Nothing was trained yet. Does it begin as the first run began?",
        ),
        Probe(
            "stopped after two steps",
            _probe([3, 4, 3, 4], 2, 2),
            "Of what is to come, what does `saved` decide: the weights, the momentum, the dropout, "
            "the rate? Which of its four entries does your code not use?",
        ),
        Probe(
            "stopped before the last step",
            _probe([2, 5, 4, 3, 2], 3, 4),
            "Which step comes next, and is it made once?",
        ),
    ),
    mistakes=(
        Mistake(
            "optimizer forgotten",
            partial(_resume, parts=("model", "random")),
            "The weights are back, and the optimizer begins anew: its momentum is gone. Adam would "
            "have lost both its averages. Where are they?",
        ),
        Mistake(
            "random numbers forgotten",
            partial(_resume, parts=("model", "optimizer")),
            "Weights and optimizer are back, and dropout draws other numbers than it would have. "
            "Which entry of `saved` has not been used?",
        ),
        Mistake(
            "only the weights",
            partial(_resume, parts=("model",)),
            "The weights are back, and nothing else: neither what the optimizer remembers nor the "
            "state of the random numbers. What for are the other entries?",
        ),
        Mistake(
            "weights forgotten",
            partial(_resume, parts=("optimizer", "random")),
            "The optimizer and the dice are back, and the model has the weights that it was made "
            "with. What is missing?",
        ),
        Mistake(
            "optimizer alone",
            partial(_resume, parts=("optimizer",)),
            "Only the optimizer is back. What else was saved?",
        ),
        Mistake(
            "dice alone",
            partial(_resume, parts=("random",)),
            "Only the random numbers are back. What else was saved?",
        ),
        Mistake(
            "nothing but the step",
            partial(_resume, parts=()),
            "It goes on at the right step, with a model that knows nothing. What else was saved?",
        ),
        Mistake(
            "a step is skipped",
            partial(_resume, late=1),
            "One step is left out: its batch is never seen. `saved` says how many steps are "
            "*done*. Which one is next, if they are counted from 0?",
        ),
        Mistake(
            "a step is made twice",
            partial(_resume, late=-1),
            "The last step is made once more. `saved` says how many steps are *done*. Which one is "
            "next, if they are counted from 0?",
        ),
        Mistake(
            "nothing returned",
            _returns_nothing,
            "Whoever goes on is not told where: the answer returns nothing. Which entry of `saved` "
            "says how many steps are done?",
        ),
        Mistake(
            "from the beginning",
            lambda *args: 0 * resume(*args),
            "Everything is back in its place, and then all batches are seen again from the first "
            "one. What should be returned, so that it goes on where it was?",
        ),
        Mistake(
            "seeded anew",
            partial(_resume, parts=("model", "optimizer"), reseed=True),
            "Dropout begins with its first numbers again, as at the very start, and not with those "
            "that were next. A seed is where the dice begin. What says where they *are*?",
        ),
    ),
    hints=(
        "Four entries, four lines. Two of them have a `load_state_dict` that takes them.",
        "`torch.set_rng_state` puts the random numbers where they were. What is returned is how "
        "many steps are done.",
    ),
)
