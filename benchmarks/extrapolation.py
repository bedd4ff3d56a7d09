"""How far do positions carry? The experiment of chapter 04, with ten seeds.

    python benchmarks/extrapolation.py [--seeds 10] [--task "three back"] [--task "last capital"]

Trains the chapter's own models on sentences of 32 letters and tests them on 128. Writes a line of
JSON for each run to records/extrapolation.jsonl, which the chapter shows, in place of the lines
that the same task, method and seed had before. Takes about a second a run and core.
"""

import json
import statistics
from pathlib import Path
from typing import Annotated

import torch
import typer
from mutants import surroundings
from rich.console import Console

from course_lib.extrapolation import RECORDS, TASKS, accuracy, stored_runs, train
from course_lib.tools.sources import find_chapters, read_chapter

ROOT = Path(__file__).resolve().parents[1]
STEPS = 400
# What is trained: its name in the records, the chapter's name for the method, the layers
MODELS = [
    ("none", "none", 1),
    ("learned", "learned", 1),
    ("sinusoidal", "sinusoidal", 1),
    ("rotary", "rotary", 1),
    ("ALiBi", "ALiBi", 1),
    ("none, two layers", "none", 2),
]


def main(
    seeds: Annotated[int, typer.Option(help="How many, from 0.")] = 10,
    task: Annotated[list[str] | None, typer.Option(help="Which tasks; by default all.")] = None,
) -> None:
    build = surroundings(read_chapter(find_chapters(ROOT, ["04"])[0]))["reader"]
    runs = {_key(run): run for run in stored_runs()} if RECORDS.is_file() else {}
    console = Console()
    for task_name in task or list(TASKS):
        for name, method, num_layers in MODELS:
            for seed in range(seeds):
                torch.manual_seed(seed)
                model = build(method, num_layers)
                losses = train(model, TASKS[task_name], seed, steps=STEPS)
                run = {"task": task_name, "method": name, "seed": seed, "steps": STEPS}
                run["loss"] = round(statistics.fmean(losses[-20:]), 4)
                shares = accuracy(model, TASKS[task_name])
                run["accuracy"] = [round(share, 4) for share in shares]
                runs[_key(run)] = run
            lines = [json.dumps(run, ensure_ascii=False) for run in runs.values()]
            RECORDS.parent.mkdir(exist_ok=True)
            RECORDS.write_text("\n".join(lines) + "\n", encoding="utf-8")
            console.print(task_name, name, run["loss"], run["accuracy"][3::4])


def _key(run: dict[str, object]) -> tuple[object, ...]:
    return run["task"], run["method"], run["seed"]


if __name__ == "__main__":
    typer.run(main)
