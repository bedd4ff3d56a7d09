"""Which run, and on which device: what the commands share that use a trained model."""

import json
import sys
import timeit
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from course_lib.checkpoints import Run
from course_lib.corpora import load_corpus
from course_lib.errors import CourseError, RunError
from course_lib.pretrained import pretrained_run

if TYPE_CHECKING:
    from datasets import DatasetDict

# What works as long as nothing was trained
FIRST = {"translation": "multi30k-en-de", "summarization": "docstrings"}
# How much faster products in bfloat16 must be to pay for turning numbers into them and back
CASTS = 1.5


def pick_device(name: str) -> torch.device:
    """`auto` takes a GPU if there is one. Raises CourseError if the device is not to be had."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if name not in available:
        raise CourseError(f"--device must be auto, cpu, cuda or mps, got {name!r}")
    if not available[name]:
        raise CourseError(f"--device {name}: PyTorch finds no such device here; leave --device out")
    return torch.device(name)


def faster_precision(device: torch.device) -> str:
    """What "auto" in a recipe is here: the precision in which training is likely to be faster.

    On a CPU that is bfloat16 if its products are, which takes a processor that has them; others
    turn each number into float32 first. Other devices are given float32.
    """
    if device.type != "cpu":
        return "float32"
    long, short = map(seconds_of_product, (torch.float32, torch.bfloat16))
    return "bfloat16" if long > CASTS * short else "float32"


def seconds_of_product(dtype: torch.dtype, trials: int = 5) -> float:
    """The fastest of some products of matrices as large as those of a training step."""
    a, b = torch.ones(800, 128, dtype=dtype), torch.ones(128, 2_000, dtype=dtype)
    return min(timeit.repeat(lambda: a @ b, number=1, repeat=trials))


def choose_run(folder: Path | None, pretrained: str | None, task: str | None = None) -> Run:
    """The run in a folder, or a model that comes with the course; without either, the latest run.

    Raises CourseError if both are given, if there is no such model, or if it is for another task.
    """
    if folder and pretrained:
        raise CourseError("give a run's folder or --pretrained, not both")
    run = pretrained_run(pretrained) if pretrained else Run.open(folder or latest_run(task))
    if task and run.config.task != task:
        raise CourseError(
            f"{pretrained or folder} is for {run.config.task}, not for {task}: choose another one"
        )
    return run


def run_to_use(task: str, folder: Path | None, pretrained: str | None) -> Run:
    """As `choose_run`, and before anything was trained, a model that comes with the course."""
    if not (folder or pretrained or saved_runs(task)):
        pretrained = FIRST[task]
        say(f"note: no run here yet; {pretrained} comes with the course")
    return choose_run(folder, pretrained, task)


def corpus_of(run: Run) -> "DatasetDict":
    """The corpus that a run was started with, as it is now; its fingerprint may be another one."""
    spec = run.config.corpus
    return load_corpus(spec["name"], source=spec["source"], target=spec["target"])


def saved_runs(task: str | None = None, parent: Path = Path("runs")) -> list[Path]:
    """The folders of all runs that have weights, or of those for a task."""
    folders = [path.parent for path in parent.glob("*/model.safetensors")]
    return [folder for folder in folders if task is None or task_of(folder) in (task, None)]


def task_of(folder: Path) -> str | None:
    """What a run was trained for; None if its configuration does not say."""
    try:
        return str(json.loads((folder / "config.json").read_bytes())["task"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def latest_run(task: str | None = None, parent: Path = Path("runs")) -> Path:
    """The run that was saved last. Raises RunError if there is none."""
    saved = saved_runs(task, parent)
    if not saved:
        raise RunError(
            f"there is no run trained{f' for {task}' if task else ''} under {parent.resolve()}: "
            f"train one with `course train {task or 'translation'} --minutes 3`, or name one with "
            "`--run`"
        )
    return max(saved, key=lambda folder: (folder / "model.safetensors").stat().st_mtime)


def say(line: str) -> None:
    """Tell the user something that is not the result itself."""
    print(line, file=sys.stderr, flush=True)
