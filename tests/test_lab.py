import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.tools import lab

CHAPTER = "09_translation.ipynb"


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / CHAPTER).write_text("first edition")
    return tmp_path


class Server:
    """Stands for JupyterLab: notes how it was started, is interrupted once, then ends with 5."""

    calls: list[tuple[list[str], Path, dict[str, str]]]

    def __init__(self, command, cwd, env):
        self.calls.append((command, cwd, env))
        self.results = iter([KeyboardInterrupt(), 5])

    def wait(self):
        result = next(self.results)
        if isinstance(result, KeyboardInterrupt):
            raise result
        return result


@pytest.fixture
def calls(monkeypatch):
    Server.calls = []
    monkeypatch.setattr(subprocess, "Popen", Server)
    return Server.calls


def test_lab_runs_in_work_and_passes_arguments_on(root, calls):
    assert lab.start_lab(root, False, ["--no-browser", "--port", "9999"]) == 5
    command, folder, _ = calls[0]
    assert command == [sys.executable, "-m", "jupyterlab", "--no-browser", "--port", "9999"]
    assert folder == root / "work"


def test_lab_tells_of_a_newer_edition(root, calls, capsys):
    lab.start_lab(root, False, [])
    assert capsys.readouterr().out == ""
    (root / "notebooks" / CHAPTER).write_text("second edition")
    lab.start_lab(root, False, [])
    assert "`course update 09`" in capsys.readouterr().out


def test_solutions_are_opened_in_place(root, calls):
    with pytest.raises(CourseError, match="solutions is missing"):
        lab.start_lab(root, True, [])
    (root / "solutions").mkdir()
    lab.start_lab(root, True, [])
    assert calls[0][1] == root / "solutions"
    assert not (root / "work").exists()


def test_jupyterlab_takes_our_defaults(monkeypatch, tmp_path):
    settings = pytest.importorskip("jupyterlab_server.settings_utils")
    plugin = "@jupyterlab/apputils-extension:notification"
    assert plugin not in settings._get_overrides(str(tmp_path))[0]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", lab.lab_environment({})["JUPYTER_CONFIG_PATH"])
    overrides, error = settings._get_overrides(str(tmp_path))
    assert not error
    assert overrides[plugin]["fetchNews"] == "false"


def test_the_users_own_configuration_is_kept():
    environment = lab.lab_environment({"JUPYTER_CONFIG_PATH": "/theirs", "HOME": "/home/me"})
    assert environment["JUPYTER_CONFIG_PATH"].endswith(":/theirs")
    assert environment["HOME"] == "/home/me"
