"""`course test`: everything that must hold, step by step, and a summary."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.tools import kernels

# The unit tests share the cores, file by file: what a file's tests have in common is made once.
# Notebooks don't share them: each trains on two.
SHARED = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")
NBVAL = ("--nbval-current-env", "--nbval-cell-timeout=600")


@dataclass(frozen=True)
class Step:
    """A name for the heading, and what to run with this Python: `-m` and its arguments."""

    name: str
    module: str
    args: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", self.module, *self.args]


@dataclass(frozen=True)
class Outcome:
    step: Step
    seconds: float
    passed: bool


def steps(root: Path, chapter: str | None = None, unit_args: Sequence[str] = ()) -> Iterator[Step]:
    """All steps in order; with a chapter, only the unit tests and that chapter's notebooks."""
    if chapter is None:
        yield Step("ruff check", "ruff", ("check",))
        yield Step("ruff format", "ruff", ("format", "--check"))
        yield Step("mypy", "mypy")
        yield Step("course build --check", "course_lib.tools.cli", ("build", "--check"))
    yield Step("unit tests", "pytest", ("tests", *SHARED, *unit_args))
    solved = notebooks(root / "solutions", chapter)
    if solved:
        yield Step("solutions, outputs compared", "pytest", ("--nbval", *NBVAL, *solved))
    unsolved = notebooks(root / "notebooks", chapter)
    if unsolved:
        yield Step("notebooks, as learners get them", "pytest", ("--nbval-lax", *NBVAL, *unsolved))


def notebooks(folder: Path, chapter: str | None) -> list[str]:
    """The chapters of one edition. Raises CourseError for a chapter that does not exist."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if chapter is not None:
        number = chapter.split("_")[0].zfill(2)
        there = ", ".join(file.name[:2] for file in found) or "none yet"
        found = [file for file in found if file.name.startswith(f"{number}_")]
        if not found:
            raise CourseError(f"{folder.name}/ has no chapter {chapter}; it has: {there}")
    return [f"{folder.name}/{file.name}" for file in found]


def run_step(step: Step, root: Path) -> Outcome:
    print(f"\n==== {step.name} ====", flush=True)
    start = time.monotonic()
    code = subprocess.run(step.command, cwd=root, env=kernels.environment()).returncode
    return Outcome(step, time.monotonic() - start, passed=code == 0)


def summary(outcomes: Sequence[Outcome]) -> str:
    lines = [
        f"{'ok' if outcome.passed else 'FAILED':<6}  {outcome.seconds:6.1f} s  {outcome.step.name}"
        for outcome in outcomes
    ]
    total, failed = sum(o.seconds for o in outcomes), sum(not o.passed for o in outcomes)
    verdict = f"{failed} of {len(outcomes)} steps failed" if failed else "all steps passed"
    return "\n".join([*lines, f"{verdict} in {total:.0f} s"])


def run_suite(
    root: Path,
    fast: str | None = None,
    unit_args: Sequence[str] = (),
    run: Callable[[Step, Path], Outcome] = run_step,
) -> int:
    """Run every step, also after one that failed. Returns 1 if any did, else 0."""
    outcomes = [run(step, root) for step in list(steps(root, fast, unit_args))]
    print(f"\n==== summary ====\n{summary(outcomes)}", flush=True)
    return int(not all(outcome.passed for outcome in outcomes))
