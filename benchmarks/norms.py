"""Does post-norm learn without warm-up, and does pre-norm, at several depths and rates?

    python benchmarks/norms.py --layers 6

Encoders learn to say ten digits backwards (`course_lib.reversal`), three of them at once with
different seeds. Each leaves a line in records/norms.jsonl: after how many steps the mean loss of
the last 20 was below 0.1 (null: never), and what it was at the end. What stands there already is
not run again.
"""

import json
import time
from itertools import product
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from course_lib.ensembles import train_together
from course_lib.reversal import Reverser, backwards

RECORDS = Path(__file__).with_name("records") / "norms.jsonl"
RATES, WARMUPS, SEEDS, STEPS = (1e-3, 3e-3, 1e-2), (0, 400), 3, 1_000
SOLVED, WINDOW = 0.1, 20


def solved_at(losses: Tensor) -> int | None:
    """The first step at which the mean of the last 20 losses is below 0.1. Shapes: losses (n)."""
    means = losses.unfold(0, WINDOW, 1).mean(dim=-1)
    below = torch.nonzero(means < SOLVED)
    return int(below[0]) + WINDOW if len(below) else None


def known() -> list[dict[str, object]]:
    if not RECORDS.exists():
        return []
    return [json.loads(line) for line in RECORDS.read_text(encoding="utf-8").splitlines()]


def run(layers: int, norm: str, warmup: int, rate: float) -> None:
    told: list[Tensor] = []
    start = time.process_time()
    train_together(
        lambda: Reverser(layers, norm_first=norm == "pre"),
        backwards,
        num_models=SEEDS,
        steps=STEPS,
        learning_rate=rate,
        warmup=warmup,
        watch=told.append,
    )
    case = {"layers": layers, "norm": norm, "warmup": warmup, "rate": rate}
    with RECORDS.open("a", encoding="utf-8") as file:
        for seed, losses in enumerate(torch.stack(told, dim=1)):
            end = round(losses[-WINDOW:].mean().item(), 4)
            record = {**case, "seed": seed, "solved_at": solved_at(losses), "final_loss": end}
            file.write(json.dumps(record) + "\n")
            print(record)
    print(f"{time.process_time() - start:.0f} s of processor time")


def main(layers: Annotated[list[int], typer.Option()]) -> None:
    """Train every combination of norm, warm-up and rate for each number of layers."""
    for depth, norm, warmup, rate in product(layers, ("pre", "post"), WARMUPS, RATES):
        case = {"layers": depth, "norm": norm, "warmup": warmup, "rate": rate}
        if not any(case.items() <= record.items() for record in known()):
            run(depth, norm, warmup, rate)


if __name__ == "__main__":
    typer.run(main)
