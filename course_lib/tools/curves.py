"""What `course curves` does: several runs in one picture, and in one table."""

import itertools
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from course_lib.checkpoints import Run
from course_lib.curves import MOST_RUNS, training_curves
from course_lib.errors import CourseError, RunError
from course_lib.files import write_bytes
from course_lib.plots import png
from course_lib.training import Record


def draw(folders: Sequence[Path], output: Path | None) -> Path:
    """Draw the curves of runs, print their table, and return where the picture is.

    Raises CourseError if there are too many runs, or none that has begun, or if `output` is there.
    """
    if len(folders) > MOST_RUNS:
        raise CourseError(f"{len(folders)} runs can't be told apart: name {MOST_RUNS} at the most")
    if output and not output.parent.is_dir():
        raise CourseError(f"--output {output}: there is no folder {output.parent}: make it first")
    if output and output.exists():
        raise CourseError(f"{output} is there already: choose another --output, or delete it")
    runs = {str(folder): Run.open(folder).records() for folder in folders}
    for name, records in runs.items():
        if not records:
            raise RunError(f"{name} has no records: was the run stopped before its first save?")
    output = output or free_name(Path("curves.png"))
    write_bytes(output, png(training_curves(runs, "Training curves")))
    Console().print(table(runs))
    return output


def table(runs: dict[str, list[Record]]) -> Table:
    """A row for each run: where it is, and how well it does."""
    result = Table()
    result.add_column("run", overflow="fold")
    for heading in ("steps", "minutes", "loss", "validation", "tokens/s"):
        result.add_column(heading, justify="right")
    for name, records in runs.items():
        seconds = sum(record.seconds for record in records)
        validated = [r.validation_loss for r in records if r.validation_loss is not None]
        result.add_row(
            name,
            f"{records[-1].step:,}",
            f"{seconds / 60:.1f}",
            f"{statistics.fmean(record.loss for record in records[-20:]):.3f}",
            f"{min(validated):.3f}" if validated else "",
            f"{sum(record.tokens for record in records) / seconds:,.0f}",
        )
    return result


def free_name(path: Path) -> Path:
    """The path, or the first of name-2, name-3, … that does not exist."""
    numbered = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(2))
    return next(p for p in itertools.chain([path], numbered) if not p.exists())
