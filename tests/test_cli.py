import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib
from course_lib.errors import CourseError
from course_lib.tools import authoring, cli, editions, environment, lab, suite
from course_lib.tools.suite import Outcome, Step


def run(capsys, *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        cli.main(args)
    out, err = capsys.readouterr()
    code = end.value.code
    assert code is None or isinstance(code, int)
    return code or 0, out, err


@pytest.mark.parametrize(
    "args", [["nothing"], ["doctor", "--nothing"], ["doctor", "7"], ["test", "--fast"]]
)
def test_what_is_not_understood_is_one_line(capsys, args):
    code, out, err = run(capsys, *args)
    assert (code, out) == (2, "")
    assert err.startswith("course: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CourseError("no such corpus"), 2, "course: no such corpus"),
        (
            FileNotFoundError(errno.ENOENT, "No such file", "a.txt"),
            2,
            "course: No such file: a.txt",
        ),
        (OSError(errno.ENOSPC, "No space left"), 2, "course: the disk is full: make room"),
        (OSError("broken"), 2, "course: broken"),
        (KeyboardInterrupt(), 130, "course: stopped"),
    ],
)
def test_what_the_user_can_mend_is_one_line(capsys, monkeypatch, error, code, line):
    def fail(root):
        raise error

    monkeypatch.setattr(environment, "doctor", fail)
    assert run(capsys, "doctor") == (code, "", f"{line}\n")


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(environment, "doctor", lambda root: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


def test_exit_codes_and_arguments_are_passed_on(capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(lab, "start_lab", lambda *args: seen.append(args) or 3)
    monkeypatch.setattr(suite, "run_suite", lambda *args: seen.append(args) or 1)
    monkeypatch.setattr(authoring, "build", lambda *args: seen.append(args) or 0)
    root = environment.project_root()
    assert run(capsys, "lab", "--solutions", "--no-browser", "--port", "9")[0] == 3
    assert run(capsys, "test", "--fast", "09", "--", "-k", "mask")[0] == 1
    assert run(capsys, "build", "--check", "09")[0] == 0
    assert seen == [
        (root, True, ["--no-browser", "--port", "9"]),
        (root, "09", ["-k", "mask"]),
        (root, ["09"], True),
    ]


def test_reset_and_update_take_a_chapter_and_say_what_they_did(capsys, monkeypatch):
    root = environment.project_root()
    monkeypatch.setattr(editions, "reset", lambda *args: f"reset {args == (root, '03')}")
    monkeypatch.setattr(editions, "update", lambda *args: f"update {args == (root, '3')}")
    assert run(capsys, "reset", "03") == (0, "reset True\n", "")
    assert run(capsys, "update", "3") == (0, "update True\n", "")
    for command in ("reset", "update"):
        assert run(capsys, command)[0] == 2


def test_the_data_folder_is_made_absolute(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", "data")
    monkeypatch.setattr(environment, "doctor", lambda root: 0)
    run(capsys, "doctor")
    assert os.environ["COURSE_DATA"] == str(tmp_path / "data")


def test_without_a_command_comes_help(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["course"])
    with_help = run(capsys, "--help")
    assert run(capsys) == with_help
    assert with_help[0] == 0
    assert "doctor" in with_help[1]


HELP = """
import sys
from course_lib.tools.cli import main
try: main(["--help"])
except SystemExit: pass
heavy = {"torch", "numpy", "datasets", "nbformat", "rich"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


def test_help_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout


def test_a_reader_who_has_had_enough_is_no_error():
    command = f"{sys.executable} -m course_lib.tools.cli --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


# ---- doctor


def test_the_root_is_this_checkout(monkeypatch, tmp_path):
    root = Path(__file__).parents[1]
    assert environment.project_root() == root
    monkeypatch.setattr(course_lib, "__file__", str(tmp_path / "lib" / "__init__.py"))
    monkeypatch.chdir(root / "tests")
    assert environment.project_root() == root
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match="no checkout"):
        environment.project_root()


def test_findings_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    bad = [
        environment.python_finding((3, 10)),
        environment.python_finding((3, 99)),
        environment.package_finding("no-such-package"),
        environment.memory_finding(available=1e9),
        environment.disk_finding(tmp_path, free=1e8),
        environment.hub_finding(),
        environment.data_finding(),
    ]
    assert [f.state for f in bad] == ["broken", "note", "broken", "note", "note", "note", "note"]
    assert all(finding.advice for finding in bad)


def test_findings_when_all_is_well(monkeypatch, tmp_path):
    (tmp_path / "multi30k").mkdir()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    good = [
        environment.python_finding((3, 12)),
        environment.package_finding("torch"),
        environment.memory_finding(available=9e9),
        environment.disk_finding(tmp_path, free=9e9),
        environment.device_finding(),
        environment.data_finding(),
    ]
    assert {finding.state for finding in good} == {"ok"}
    assert "multi30k" in good[-1].value


def test_a_hub_out_of_reach_is_a_note(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    finding = environment.hub_finding(timeout=1)
    assert finding.state == "note"
    assert "cannot be reached" in finding.value


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("broken", 1)])
def test_doctor_fails_only_on_what_is_broken(monkeypatch, capsys, state, code):
    finding = environment.Finding("torch", "none", state, "install it")
    monkeypatch.setattr(environment, "report", lambda root: [finding])
    assert environment.doctor(Path()) == code
    out = capsys.readouterr().out
    assert state in out
    assert "install it" in out


def test_a_notebook_shows_what_doctor_finds(monkeypatch):
    fine = environment.Finding(
        "python", f"3.11, {environment.project_root()}/python", advice="of no use here"
    )
    slow = environment.Finding("memory", "1 GB", "note", "close other programs")
    lacking = environment.Finding("torch", "missing", "broken", "install it")
    good, bad = map(environment.notebook_report, ([fine, slow], [fine, lacking]))
    assert (good.tone, bad.tone) == ("good", "wrong")
    assert repr(good).splitlines() == [
        "✓ Everything that the course needs is here",
        "  ✓ python  3.11, …/python",
        "  ! memory  1 GB",
        "      → close other programs",
    ]
    assert repr(bad).startswith("✗ Not yet: 1 of these")
    assert "→ install it" in repr(bad)
    monkeypatch.setattr(environment, "report", lambda root: [lacking])
    assert repr(environment.notebook_report()) == repr(environment.notebook_report([lacking]))


# ---- suite


@pytest.fixture
def chapters(tmp_path) -> Path:
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder).mkdir()
        for name in ("08_training.ipynb", "09_translation.ipynb", "draft.ipynb"):
            (tmp_path / folder / name).touch()
    return tmp_path


def test_the_suite_in_order(chapters):
    steps = list(suite.steps(chapters))
    assert [step.module for step in steps] == [
        *["ruff", "ruff", "mypy", "course_lib.tools.cli"],
        *["pytest", "pytest", "pytest"],
    ]
    strict, lenient = steps[-2:]
    assert "--nbval" in strict.args
    assert "--nbval-lax" in lenient.args
    assert strict.args[-2:] == ("solutions/08_training.ipynb", "solutions/09_translation.ipynb")


def test_one_chapter_and_the_units(chapters):
    units, strict, lenient = suite.steps(chapters, "9", ["-x"])
    assert units.args == ("tests", *suite.SHARED, "-x")
    assert strict.args[-1] == "solutions/09_translation.ipynb"
    assert lenient.args[-1] == "notebooks/09_translation.ipynb"
    assert not [arg for arg in strict.args if "08" in arg]
    with pytest.raises(CourseError, match="no chapter 42; it has: 08, 09"):
        list(suite.steps(chapters, "42"))


def test_without_notebooks_there_is_nothing_to_run(tmp_path):
    assert list(suite.steps(tmp_path))[-1].name == "unit tests"


def test_every_step_runs_though_one_fails(capsys, chapters):
    ran = []

    def run_step(step: Step, root: Path) -> Outcome:
        ran.append(step.name)
        return Outcome(step, 1.5, passed=step.name != "mypy")

    assert suite.run_suite(chapters, run=run_step) == 1
    assert len(ran) == 7
    out = capsys.readouterr().out
    assert "FAILED     1.5 s  mypy" in out
    assert out.endswith("1 of 7 steps failed in 10 s\n")
    assert suite.run_suite(chapters, "09", run=run_step) == 0


def test_a_step_runs_offline_and_reports_its_exit_code(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", "/data")
    (tmp_path / "probe.py").write_text(
        "import os, sys\n"
        "fixed = os.environ['HF_HUB_OFFLINE'], os.environ['OMP_NUM_THREADS']\n"
        "sys.exit(fixed != ('1', '2') or 'COURSE_DATA' in os.environ or int(sys.argv[1]))\n"
    )
    assert suite.run_step(Step("good", "probe", ("0",)), tmp_path).passed
    assert not suite.run_step(Step("bad", "probe", ("4",)), tmp_path).passed
