"""What `course evaluate` and `course translate` do with a run."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from course_lib.checkpoints import Run
from course_lib.corpora import corpus_fingerprint, load_corpus
from course_lib.decoding import Decoding, greedy_decode, translate
from course_lib.errors import CourseError, RunError
from course_lib.metrics import TranslationScores, translation_scores
from course_lib.pretrained import pretrained_run

if TYPE_CHECKING:
    from datasets import DatasetDict

FIRST = "multi30k-en-de"  # translates as long as nothing was trained


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


def choose_run(folder: Path | None, pretrained: str | None) -> Run:
    """The run in a folder, or a model that comes with the course; without either, the latest run.

    Raises CourseError if both are given, or if there is no such model.
    """
    if folder and pretrained:
        raise CourseError("give a run's folder or --pretrained, not both")
    return pretrained_run(pretrained) if pretrained else Run.open(folder or latest_run())


def run_to_use(folder: Path | None, pretrained: str | None) -> Run:
    """As `choose_run`, and before anything was trained, a model that comes with the course."""
    if not (folder or pretrained or saved_runs()):
        say(f"note: no run here yet; {FIRST} comes with the course")
        pretrained = FIRST
    return choose_run(folder, pretrained)


def corpus_of(run: Run) -> "DatasetDict":
    """The corpus that a run was started with, as it is now; its fingerprint may be another one."""
    spec = run.config.corpus
    return load_corpus(spec["name"], source=spec["source"], target=spec["target"])


def evaluate(
    run: Run, split: str, device: torch.device, decoding: Decoding = (greedy_decode, None)
) -> tuple[TranslationScores, float]:
    """Translate a split of the run's own corpus and score it. Returns scores and sentences/s."""
    spec, corpus = run.config.corpus, corpus_of(run)
    if corpus_fingerprint(corpus) != spec["fingerprint"]:
        say(f"note: the corpus {spec['name']} has changed since this run was trained")
    if split not in corpus:
        raise CourseError(f"--split must be one of {', '.join(corpus)}, got {split!r}")
    model, sources = run.load_model(device), list(corpus[split]["source"])
    started = time.perf_counter()
    hypotheses = translate(model, run.tokenizer, sources, *decoding)
    seconds = time.perf_counter() - started
    return translation_scores(hypotheses, corpus[split]["target"]), len(sources) / seconds


def saved_runs(parent: Path = Path("runs")) -> list[Path]:
    """The weights of all runs that have any."""
    return list(parent.glob("*/model.safetensors"))


def latest_run(parent: Path = Path("runs")) -> Path:
    """The run that was saved last. Raises RunError if there is none."""
    saved = saved_runs(parent)
    if not saved:
        raise RunError(
            f"there is no trained run under {parent.resolve()}: train one with "
            "`course train translation --minutes 3`, or name one with `--run`"
        )
    return max(saved, key=lambda path: path.stat().st_mtime).parent


def say(line: str) -> None:
    """Tell the user something that is not the result itself."""
    print(line, file=sys.stderr, flush=True)
