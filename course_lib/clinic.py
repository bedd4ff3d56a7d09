"""A clinic for training loops: one that is healthy, and five that are broken, each in one place.

Each trains the same small model (`course_lib.reversal`: say ten digits backwards) on the same rows,
and yields its losses. All of them run without an error: their curves tell what is wrong.
"""

from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.parallel import num_threads
from course_lib.reversal import Reverser, backwards

Batches = Iterable[tuple[Tensor, Tensor]]
Loop = Callable[[Reverser, Batches, float], Iterator[float]]
WARMUP, EPOCH = 50, 100  # steps


def loss_of(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), target.flatten())


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def healthy(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    for step, (digits, target) in enumerate(batches, start=1):
        set_rate(optimizer, peak * min(1, step / WARMUP))
        optimizer.zero_grad()
        loss = loss_of(model(digits), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def patient_1(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    for step, (digits, target) in enumerate(batches, start=1):
        epoch = 1 + step // EPOCH
        set_rate(optimizer, peak * min(1, epoch / WARMUP))
        optimizer.zero_grad()
        loss = loss_of(model(digits), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def patient_2(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    for step, (_, target) in enumerate(batches, start=1):
        set_rate(optimizer, peak * min(1, step / WARMUP))
        optimizer.zero_grad()
        loss = loss_of(model(target), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def patient_3(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    for step, (digits, target) in enumerate(batches, start=1):
        set_rate(optimizer, peak * min(1, step / WARMUP))
        optimizer.zero_grad()
        loss = loss_of(model(digits).softmax(dim=-1), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def patient_4(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    model = Reverser(num_layers=2, norm_first=True)
    for step, (digits, target) in enumerate(batches, start=1):
        set_rate(optimizer, peak * min(1, step / WARMUP))
        optimizer.zero_grad()
        loss = loss_of(model(digits), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def patient_5(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters())
    for step, (digits, target) in enumerate(batches, start=1):
        set_rate(optimizer, peak * min(1, step / WARMUP))
        loss = loss_of(model(digits), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


PATIENTS: tuple[Loop, ...] = (patient_1, patient_2, patient_3, patient_4, patient_5)
BEDS = {"A": 3, "B": 5, "C": 2, "D": 1, "E": 4}  # which patient's curve has which letter


def curve(loop: Loop, steps: int = 300, peak: float = 0.003, seed: int = 0) -> list[float]:
    """The losses of a loop, in nats a token, with the same weights and rows for the same seed."""
    dice = torch.Generator().manual_seed(seed)
    with num_threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Reverser(num_layers=2, norm_first=True)
        return list(loop(model, (backwards(32, dice) for _ in range(steps)), peak))


def with_smoothing(label_smoothing: float, seed: int) -> tuple[float, float]:
    """Perplexity and share of right digits on 500 new rows, after 300 steps with such labels."""
    trained: list[Reverser] = []

    def loop(model: Reverser, batches: Batches, peak: float) -> Iterator[float]:
        trained.append(model)
        optimizer = torch.optim.Adam(model.parameters(), lr=peak)
        for digits, target in batches:
            logits = model(digits).flatten(0, 1)
            loss = F.cross_entropy(logits, target.flatten(), label_smoothing=label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()

    curve(loop, seed=seed)
    with torch.no_grad():
        digits, target = backwards(500, torch.Generator().manual_seed(99))
        logits = trained[0](digits)
    right = (logits.argmax(dim=-1) == target).float().mean().item()
    return loss_of(logits, target).exp().item(), right
