"""`course lab`: the learner's folder, and JupyterLab in it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_bytes, write_text

DEFAULTS = Path(__file__).parent / "jupyter"  # JupyterLab's settings where the user has none


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_editions(file: Path) -> dict[str, str]:
    """Which edition of each chapter was copied; what cannot be read is taken as not known."""
    try:
        editions = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(editions, dict):
        return {}
    return {name: edition for name, edition in editions.items() if isinstance(edition, str)}


def work_folder(root: Path) -> Path:
    """The learner's folder `work/`, with a copy of every chapter that it does not have yet.

    What is there is never overwritten. A chapter that is now newer than the edition which was
    copied is told in one line.
    """
    work = root / "work"
    memory = work / ".course" / "editions.json"
    memory.parent.mkdir(parents=True, exist_ok=True)
    editions = read_editions(memory)
    for chapter in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        name, edition, copy = chapter.name, digest(chapter), work / chapter.name
        if not copy.exists():
            write_bytes(copy, chapter.read_bytes())
            editions[name] = edition
        elif editions.setdefault(name, edition) != edition:
            print(
                f"course: notebooks/{name} is newer than your copy, which stays as it is "
                f"(to get the new one, rename work/{name} and call again)"
            )
    write_text(memory, json.dumps(editions, indent=1))
    return work


def lab_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for JupyterLab: this Python's kernel, our defaults, no prompt for news."""
    paths = [str(DEFAULTS), environment.get("JUPYTER_CONFIG_PATH", "")]
    return {
        **environment,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)),
        "JUPYTER_PREFER_ENV_PATH": "1",  # not a kernel of the same name from the home folder
    }


def start_lab(root: Path, solutions: bool, extra_args: Sequence[str]) -> int:
    """Run JupyterLab in `work/`, or in `solutions/`, until it ends. Returns its exit code."""
    folder = root / "solutions" if solutions else work_folder(root)
    if not folder.is_dir():
        raise CourseError(f"{folder} is missing: this checkout of the course is not complete")
    command = [sys.executable, "-m", "jupyterlab", *extra_args]
    server = subprocess.Popen(command, cwd=folder, env=lab_environment(os.environ))
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:  # JupyterLab had it too, and asks whether to stop
            pass
