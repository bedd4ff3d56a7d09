import json
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
    (tmp_path / "notebooks" / "scratch.ipynb").write_text("not a chapter")
    return tmp_path


def test_each_chapter_is_copied_once(root, capsys):
    work = lab.work_folder(root)
    assert work == root / "work"
    assert (work / CHAPTER).read_text() == "first edition"
    assert sorted(file.name for file in work.iterdir()) == [".course", CHAPTER]
    assert lab.work_folder(root) == work
    assert capsys.readouterr().out == ""


def test_what_the_learner_wrote_is_never_overwritten(root, capsys):
    copy = lab.work_folder(root) / CHAPTER
    copy.write_text("my answers")
    lab.work_folder(root)
    assert capsys.readouterr().out == ""
    (root / "notebooks" / CHAPTER).write_text("second edition")
    lab.work_folder(root)
    assert copy.read_text() == "my answers"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert f"notebooks/{CHAPTER} is newer" in said


def test_after_renaming_the_copy_comes_the_new_edition(root, capsys):
    copy = lab.work_folder(root) / CHAPTER
    (root / "notebooks" / CHAPTER).write_text("second edition")
    copy.rename(copy.with_name("mine.ipynb"))
    lab.work_folder(root)
    assert copy.read_text() == "second edition"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"09_translation.ipynb": 7}', "\udcff"])
def test_a_damaged_memory_does_no_harm(root, content):
    copy = lab.work_folder(root) / CHAPTER
    copy.write_text("my answers")
    memory = root / "work" / ".course" / "editions.json"
    memory.write_bytes(content.encode(errors="surrogateescape"))
    lab.work_folder(root)
    assert copy.read_text() == "my answers"
    assert json.loads(memory.read_text()) == {CHAPTER: lab.digest(root / "notebooks" / CHAPTER)}


def test_a_copy_that_fails_leaves_nothing_that_looks_like_a_chapter(root, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lab.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        lab.work_folder(root)
    assert not (root / "work" / CHAPTER).exists()


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
