"""How far do positions carry? Two tasks on random letters, to be trained short and tested long.

A task draws sentences: ids (B, T), and at each position a letter to name, or IGNORE. Its letters
are 0 to 7, the same written as capitals 8 to 15.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.parallel import num_threads

IGNORE = -100
LETTERS = 8
VOCAB_SIZE = 2 * LETTERS
RECORDS = Path(__file__).parents[1] / "benchmarks" / "records" / "extrapolation.jsonl"

Task = Callable[[Generator, int, int], tuple[Tensor, Tensor]]


def three_back(dice: Generator, batch_size: int, seq_len: int) -> tuple[Tensor, Tensor]:
    """Random letters; name the one that stood three places earlier."""
    ids = torch.randint(LETTERS, (batch_size, seq_len), generator=dice)
    return ids, F.pad(ids, (3, 0), value=IGNORE)[:, :seq_len]


def last_capital(dice: Generator, batch_size: int, seq_len: int) -> tuple[Tensor, Tensor]:
    """Random letters, about one in eight a capital, the first always; name the latest capital."""
    letters = torch.randint(LETTERS, (batch_size, seq_len), generator=dice)
    is_capital = torch.rand((batch_size, seq_len), generator=dice) < 1 / 8
    is_capital[:, 0] = True
    latest = torch.where(is_capital, torch.arange(seq_len), 0).cummax(dim=1).values
    return letters + LETTERS * is_capital, letters.gather(1, latest)


TASKS: dict[str, Task] = {"three back": three_back, "last capital": last_capital}


def in_letters(ids: Tensor) -> str:
    """The ids (T,) of a sentence, or its targets, as text: "aFc"; a dot where none is asked."""
    return "".join("." if i == IGNORE else "abcdefghABCDEFGH"[i] for i in ids.tolist())


@num_threads(1)
def train(
    model: nn.Module, task: Task, seed: int, *, steps: int = 400, seq_len: int = 32
) -> list[float]:
    """Train on `steps` batches of 16 fresh sentences with Adam. Returns the losses, in nats."""
    dice = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:  # up in 50 steps, down in the second half
            group["lr"] = 3e-3 * min(1, (step + 1) / 50, 2 * (1 - step / steps))
        ids, targets = task(dice, 16, seq_len)
        logits = model(ids)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@num_threads(1)
@torch.no_grad()
def accuracy(
    model: Callable[[Tensor], Tensor],
    task: Task,
    *,
    seq_len: int = 128,
    block: int = 8,
    sentences: int = 200,
) -> list[float]:
    """Share of right answers in each block of positions, on sentences not seen before.

    Under a causal mask a position does not know how long its sentence goes on, so that one long
    test holds all shorter ones.
    """
    ids, targets = task(torch.Generator().manual_seed(1_000_000), sentences, seq_len)
    hits, asked = (model(ids).argmax(dim=-1) == targets), targets != IGNORE
    per_block = hits.view(sentences, -1, block).sum(dim=(0, 2)) / asked.view(
        sentences, -1, block
    ).sum(dim=(0, 2))
    return per_block.tolist()


def stored_runs(path: Path = RECORDS) -> Iterator[dict[str, Any]]:
    """The runs that `benchmarks/extrapolation.py` has stored, one at a time.

    Raises FileNotFoundError, which says how to make them, if there are none.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run python benchmarks/extrapolation.py")
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
