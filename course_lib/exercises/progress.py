"""Which exercises are solved: one line of JSON for each, in the learner's folder.

The file is a help, and nothing depends on it. It is only ever added to, so two notebooks may
write at once, and a line that was damaged costs that line alone.
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from course_lib.exercises.faces import Face, Listing, Words
from course_lib.exercises.spec import Task

FILE = Path(".course") / "progress.jsonl"


def learners_folder(start: Path) -> Path | None:
    """The folder with the learner's chapters, at or above `start`; None if there is none."""
    return next(
        (folder for folder in (start, *start.parents) if (folder / ".course").is_dir()), None
    )


def solved_exercises(folder: Path | None) -> dict[str, str]:
    """Each solved exercise with the time of its first success, as ISO 8601."""
    solved: dict[str, str] = {}
    lines: list[str] = []
    if folder is not None:
        with contextlib.suppress(OSError):
            lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            record = json.loads(line)
            solved.setdefault(str(record["exercise"]), str(record["solved"]))
    return solved


def remember(exercise_id: str, folder: Path | None) -> None:
    """Note that an exercise is solved. What cannot be written is not said: the check passed."""
    if folder is None or exercise_id in solved_exercises(folder):
        return
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    record = json.dumps({"exercise": exercise_id, "solved": now})
    with contextlib.suppress(OSError), (folder / FILE).open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            record = record if file.read() == b"\n" else f"\n{record}"  # after a line cut short
        file.write(f"{record}\n".encode())


def overview(chapters: Mapping[str, tuple[Task, ...]], solved: Mapping[str, str]) -> Face:
    """What is solved, chapter by chapter, and what comes next."""
    tasks = [task for chapter in chapters.values() for task in chapter]
    width = max(map(len, chapters), default=0)
    lines = [
        f"{title:<{width}}  {'  '.join(_mark(t, solved) for t in chapter)}"
        for title, chapter in chapters.items()
    ]
    done = sum(task.id in solved for task in tasks)
    upcoming = next((task for task in tasks if task.id not in solved), None)
    last = f"Next: {upcoming.label}." if upcoming else "All of them."
    title = f"Your progress: {done} of {len(tasks)} exercises"
    return Face(
        "good" if upcoming is None else "calm",
        "→",
        title,
        (Listing("", "\n".join(lines)), Words("", last)),
    )


def _mark(task: Task, solved: Mapping[str, str]) -> str:
    return f"{'✓' if task.id in solved else '○'} {task.id}"
