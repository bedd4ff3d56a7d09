"""`course lab`: JupyterLab in the learner's folder."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.tools.editions import work_folder

DEFAULTS = Path(__file__).parent / "jupyter"  # JupyterLab's settings where the user has none


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
