"""The script `course`, with a pretended pip: nothing is downloaded here."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "course"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the pretended Python is a shell script")

PYTHON = """#!/bin/sh
case "$*" in *"pip install"*) exec {pip} ;; *"-c "*) exec {real} "$@" ;; esac
echo "handed over: $*"
"""
PIP = """
echo "Collecting torch>=2.6 (from attention-course==0.1.0)"
echo "Installing collected packages: torch, rich"
mkdir -p "{site}/torch-1.dist-info" "{site}/rich-1.dist-info"; echo run >> "{log}"
"""


@pytest.fixture
def door() -> ModuleType:
    loader = SourceFileLoader("front_door", str(SCRIPT))
    spec = spec_from_loader("front_door", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


class Checkout:
    """A copy of the script with an environment maker and a pip that only pretend."""

    def __init__(self, folder: Path):
        self.root, self.venv = folder, folder / ".venv"
        self.site = self.venv / "lib" / "python3.11" / "site-packages"
        self.pip, self.log = folder.parent / "pip", folder.parent / "pip.log"
        folder.mkdir()
        shutil.copy(SCRIPT, folder)
        (folder / "pyproject.toml").write_text("[project]\n")
        (folder / "constraints.txt").write_text("torch==2.13.0\n")
        self.pip_does(PIP)

    def pip_does(self, script: str) -> None:
        filled = script.format(site=self.site, log=self.log)
        self.pip.write_text(f"#!/bin/sh\n{filled}")
        self.pip.chmod(0o755)

    def make_empty(self, python: str, venv: str) -> None:
        """What `python -m venv` would make."""
        assert venv == str(self.venv)
        (self.venv / "bin").mkdir(parents=True)
        (self.site / "pip-23.dist-info").mkdir(parents=True)
        interpreter = self.venv / "bin" / "python"
        interpreter.write_text(PYTHON.format(pip=self.pip, real=python))
        interpreter.chmod(0o755)

    @property
    def installs(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def checkout(tmp_path, door, monkeypatch) -> Checkout:
    made = Checkout(tmp_path / "a checkout")
    this_python = door.probe(sys.executable)
    monkeypatch.setattr(door, "find_python", lambda: this_python)
    monkeypatch.setattr(door, "make_empty", made.make_empty)
    monkeypatch.setattr(door, "hand_over", lambda root, args: 0)
    return made


def call(door, checkout, *args: str) -> int:
    return door.main(list(args), str(checkout.root))


def test_an_old_python_can_read_the_script():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    with pytest.raises(SyntaxError):
        ast.parse("match x:\n case 1: pass", feature_version=(3, 8))


def test_first_call_installs_and_the_second_does_not(door, checkout, capsys):
    assert call(door, checkout, "lab") == 0
    out = capsys.readouterr().out
    assert str(checkout.venv) in out
    assert "ready after" in out
    assert "Collecting torch" in (checkout.venv / "install.log").read_text()
    assert call(door, checkout, "doctor") == 0
    assert checkout.installs == 1
    assert capsys.readouterr().out == ""


def test_extras_are_added_when_needed_and_then_kept(door, checkout):
    call(door, checkout, "lab")
    call(door, checkout, "test", "--fast", "09")
    stamp = json.loads((checkout.venv / "course.json").read_text())
    assert stamp["extras"] == ["lab", "nbgrader", "test"]
    call(door, checkout, "lab")
    call(door, checkout, "build")
    assert checkout.installs == 2


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_the_pins_updates_in_place(door, checkout, name):
    call(door, checkout, "lab")
    (checkout.venv / "mine").touch()
    with (checkout.root / name).open("a") as file:
        file.write("# changed\n")
    call(door, checkout, "lab")
    assert checkout.installs == 2
    assert (checkout.venv / "mine").exists()


def test_a_package_removed_is_put_back_and_one_added_is_left_alone(door, checkout):
    call(door, checkout, "lab")
    (checkout.site / "added-1.dist-info").mkdir()
    call(door, checkout, "lab")
    assert checkout.installs == 1
    (checkout.site / "torch-1.dist-info").rmdir()
    call(door, checkout, "lab")
    assert checkout.installs == 2


def test_a_newer_patch_of_python_costs_no_installation(door, checkout):
    call(door, checkout, "lab")
    os.utime(checkout.venv / "bin" / "python", (1, 1))
    call(door, checkout, "lab")
    assert checkout.installs == 1
    assert not door.changes(str(checkout.root), {"lab"})


def no_stamp(checkout: Checkout) -> None:
    (checkout.venv / "course.json").unlink()


def damaged_stamp(checkout: Checkout) -> None:
    (checkout.venv / "course.json").write_text('{"fold')


def no_python(checkout: Checkout) -> None:
    (checkout.venv / "bin" / "python").unlink()


def python_that_fails(checkout: Checkout) -> None:
    (checkout.venv / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")


def no_packages(checkout: Checkout) -> None:
    shutil.rmtree(checkout.venv / "lib")
    (checkout.venv / "bin" / "python").write_text("#!/bin/sh\necho '{\"minor\": [3, 11]}'\n")


def moved_folder(checkout: Checkout) -> None:
    stamp = (checkout.venv / "course.json").read_text()
    (checkout.venv / "course.json").write_text(stamp.replace("a checkout", "elsewhere", 1))


@pytest.mark.parametrize(
    "break_it",
    [no_stamp, damaged_stamp, no_python, python_that_fails, no_packages, moved_folder],
    ids=lambda function: function.__name__,
)
def test_a_broken_environment_is_remade(door, checkout, break_it):
    call(door, checkout, "lab")
    (checkout.venv / "left over").touch()
    break_it(checkout)
    assert call(door, checkout, "lab") == 0
    assert not (checkout.venv / "left over").exists()
    assert not door.changes(str(checkout.root), {"lab"})


def test_a_link_in_the_place_of_the_environment_loses_only_the_link(door, checkout, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "kept").touch()
    checkout.venv.symlink_to(tmp_path / "theirs")
    assert call(door, checkout, "lab") == 0
    assert (tmp_path / "theirs" / "kept").exists()
    assert not checkout.venv.is_symlink()


def test_an_interpreter_that_cannot_be_started_is_replaced(door, checkout, monkeypatch):
    call(door, checkout, "lab")
    starts = iter([OSError(8, "Exec format error"), 0])

    def start(root, args):
        result = next(starts)
        if isinstance(result, OSError):
            raise result
        return result

    monkeypatch.setattr(door, "hand_over", start)
    assert call(door, checkout, "lab") == 0
    assert checkout.installs == 2


@pytest.mark.parametrize(
    ("pip_says", "advice"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Retrying after connection broken\\nERROR: No matching", "Are you offline?"),
        ("ERROR: No matching distribution found for torch", "tries afresh"),
    ],
)
def test_a_failure_of_pip_is_told_and_the_next_call_starts_afresh(
    door, checkout, capsys, pip_says, advice
):
    checkout.pip_does(f'echo "{pip_says}"; exit 1')
    assert call(door, checkout, "lab") == 2
    error = capsys.readouterr().err
    assert error.startswith("course: pip failed")
    assert advice in error
    assert "install.log" in error
    checkout.pip_does(PIP)
    assert call(door, checkout, "lab") == 0
    assert "half-made" in capsys.readouterr().out


def test_offline_an_update_can_wait(door, checkout, capsys):
    call(door, checkout, "lab")
    (checkout.root / "constraints.txt").write_text("torch==2.14.0\n")
    checkout.pip_does('echo "ERROR: connection refused"; exit 1')
    assert call(door, checkout, "lab") == 0
    assert "going on without the update" in capsys.readouterr().err
    assert call(door, checkout, "test") == 2  # but what is not installed cannot


def test_no_disk(door, checkout, capsys, monkeypatch):
    usage = shutil.disk_usage(checkout.root)._replace(free=1_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert call(door, checkout, "lab") == 2
    assert "1.0 GB free" in capsys.readouterr().err
    assert checkout.installs == 0


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"minor": [3, 10], "version": "3.10.1"}, "Python 3.10.1, and the course needs 3.11"),
        ({"intel_mac": True}, "Intel Macs"),
        ({"bits": 32}, "64-bit"),
        ({"venv": False}, "sudo apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do(door, fact, words):
    python = door.probe(sys.executable)
    assert door.objection(python) == ""
    assert words in door.objection({**python, **fact})


def test_another_python_on_the_path_is_taken_before_refusing(door, monkeypatch):
    old = {"minor": [3, 8], "version": "3.8.18", "path": "/old"}
    new = {**door.probe(sys.executable), "path": "/new"}
    known = {sys.executable: old, "/bin/python3.12": new}
    monkeypatch.setattr(door, "probe", lambda python: known.get(python, {}))
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert door.find_python()["path"] == "/new"
    del known["/bin/python3.12"]
    with pytest.raises(door.Problem, match=r"this is Python 3\.8\.18"):
        door.find_python()


def test_progress_names_the_package(door):
    progress = door.Progress()
    progress.hear("Collecting numpy>=2.0 (from attention-course==0.1.0)\n")
    assert "finding package 1: numpy>=2.0" in progress.text(0)
    progress.hear("  Downloading https://files.example.org/a/torch-2.13.0.whl (190 MB)\n")
    assert "downloading torch-2.13.0.whl (190 MB)" in progress.text(0)
    progress.hear("Installing collected packages: mpmath, torch, rich\n")
    assert "installing 2 of 3: torch" in progress.text(1)
    assert "installing 3 of 3: rich" in progress.text(9)


def test_only_one_at_a_time(door, tmp_path):
    path = str(tmp_path / "lock")
    with door.locked(path), open(path, "a+") as other:  # noqa: PTH123
        assert not door.take_lock(other)
    with open(path, "a+") as other:  # noqa: PTH123
        assert door.take_lock(other)


SLOW_PIP = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("front_door", sys.argv[1])
door = importlib.util.module_from_spec(importlib.util.spec_from_loader("front_door", loader))
loader.exec_module(door)
def install(root, extras):
    door.install(root, [sys.executable, "-c", "import time; print('begun'); time.sleep(60)"])
door.prepare = install
sys.exit(door.main(["lab"], sys.argv[2]))
"""


def test_ctrl_c_while_installing_is_one_line(checkout, door):
    call(door, checkout, "lab")
    (checkout.venv / "course.json").unlink()
    command = [sys.executable, "-c", SLOW_PIP, str(SCRIPT), str(checkout.root)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    log, deadline = checkout.venv / "install.log", time.monotonic() + 20
    log.unlink()
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the group
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert error.splitlines() == [
        "course: stopped. The next call goes on with what is already downloaded."
    ]


def test_the_fast_path_is_fast(checkout, door):
    call(door, checkout, "lab")
    command = [sys.executable, str(checkout.root / "course"), "doctor", "--all"]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        seconds.append(time.perf_counter() - start)
        assert done.stdout == "handed over: -P -m course_lib.tools.cli doctor --all\n"
    assert min(seconds) < 0.3
