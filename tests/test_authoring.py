"""The builder: what a learner gets for each kind of exercise, and what `--check` notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.tools import kernels
from course_lib.tools.authoring import build

CHAPTER = '''\
# %% [markdown]
# # Heads
#
# One head looks at one thing. Several heads look at several things.

# %%
from course_lib.exercises import carry_on, check, hint, progress, solution
from course_lib.little import twice

print(twice(21))

# %% tags=["exercise-3.1"]
def split_heads(x, num_heads):
    """Give every head its share."""
    ### BEGIN SOLUTION
    shares = x.unflatten(-1, (num_heads, -1))
    return shares.transpose(1, 2)
    ### END SOLUTION

# %%
check("3.1", split_heads)

# %% tags=["exercise-3.2"]
# How large is the entropy?
### BEGIN SOLUTION
prediction = 0.6931
### END SOLUTION

# %%
check("3.2", prediction)

# %% tags=["exercise-3.3"]
def mean(values):
    total = sum(values)
    ### BEGIN SOLUTION
    average = total / len(values)
    return average
    ### END SOLUTION
    ### BEGIN GIVEN
    # for value in values:
    #     total += value
    # average = total / len(values)
    # return total
    ### END GIVEN

# %%
check("3.3", mean)

# %% tags=["exercise-3.4"]
class Head:
    def forward(self, x):
        ### BEGIN SOLUTION
        return x * self.scale_of_the_head
        ### END SOLUTION

# %%
check("3.4", Head)
'''
WORDS = (
    "def check(exercise, answer):\n    pass\n\n\ncarry_on = hint = progress = solution = check\n"
)
LITTLE = "def twice(x):\n    return 2 * x\n"
PICTURE = "<img alt='A falling line' src='data:image/png;base64,AAAA'>"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a chapter 03 into a small course; kernels are replaced by an instant one."""
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "course_lib" / "exercises.py").write_text(WORDS)
    (tmp_path / "course_lib" / "little.py").write_text(LITTLE)
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder).mkdir()

    def run(notebook: NotebookNode, folder: Path) -> None:
        for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
            cell.execution_count = count

    monkeypatch.setattr(kernels, "run", run)

    def write_chapter(text: str) -> Path:
        (tmp_path / "solutions" / "03_heads.py").write_text(text, encoding="utf-8")
        return tmp_path

    return write_chapter


def built(write: Write, text: str = CHAPTER) -> Path:
    root = write(text)
    assert build(root, [], check=False) == 0
    return root


def cells(root: Path, folder: str = "notebooks") -> list[dict[str, Any]]:
    notebook = json.loads((root / folder / "03_heads.ipynb").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = notebook["cells"]
    return found


def source(root: Path, cell_id: str) -> str:
    return next("".join(c["source"]) for c in cells(root) if c["id"] == cell_id)


def give_output(root: Path, output: dict[str, Any]) -> None:
    """Store an output in the solved edition, as a run would."""
    file = root / "solutions" / "03_heads.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[1].outputs = [nbformat.from_dict(output)]
    file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def complaints(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert build(root, [], check=True) == 1
    return capsys.readouterr().out


def form_complaints(write: Write, capsys: pytest.CaptureFixture[str], more: str) -> str:
    return complaints(built(write, CHAPTER + more), capsys)


def test_a_chapter_as_built_passes_its_check(write: Write) -> None:
    assert build(built(write), [], check=True) == 0


def test_a_function_to_write_becomes_a_stub(write: Write) -> None:
    assert source(built(write), "exercise-3-1") == (
        "def split_heads(x, num_heads):\n"
        '    """Give every head its share."""\n'
        '    raise NotImplementedError("3.1 split_heads")'
    )


def test_a_method_to_write_keeps_its_indentation(write: Write) -> None:
    stub = '        raise NotImplementedError("3.4 Head.forward")'
    assert source(built(write), "exercise-3-4").splitlines()[-1] == stub


def test_a_value_to_predict_becomes_an_ellipsis(write: Write) -> None:
    assert source(built(write), "exercise-3-2") == "# How large is the entropy?\nprediction = ..."


def test_a_bug_to_find_replaces_the_solution(write: Write) -> None:
    assert source(built(write), "exercise-3-3") == (
        "def mean(values):\n    total = sum(values)\n"
        "    for value in values:\n        total += value\n"
        "    average = total / len(values)\n    return total"
    )


def test_only_the_learners_check_cells_may_raise(write: Write) -> None:
    root = built(write)
    tagged = {c["id"] for c in cells(root) if "raises-exception" in c["metadata"].get("tags", [])}
    assert tagged == {"check-3-1", "check-3-2", "check-3-3", "check-3-4"}
    assert "raises-exception" not in (root / "solutions" / "03_heads.ipynb").read_text()


def test_nbgrader_knows_answers_and_checks(write: Write) -> None:
    root = built(write)
    found = {c["id"]: c["metadata"].get("nbgrader") for c in cells(root)}
    assert found["exercise-3-1"] == {
        "grade_id": "exercise-3-1",
        "grade": False,
        "solution": True,
        "locked": False,
        "task": False,
        "cell_type": "code",
        "schema_version": 3,
    }
    assert (found["check-3-1"]["grade"], found["check-3-1"]["points"]) == (True, 1)
    schema = pytest.importorskip("nbgrader.nbgraderformat")
    schema.read(root / "notebooks" / "03_heads.ipynb", as_version=4)


def test_the_learner_gets_no_outputs(write: Write) -> None:
    for cell in cells(built(write)):
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    counts = [c.get("execution_count") for c in cells(built(write), "solutions")]
    assert 1 in counts  # proof that there was something to drop


def test_a_rebuild_changes_no_byte(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = built(write)
    before = {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in root.rglob("*.ipynb")}
    assert len(before) == 2
    monkeypatch.setattr(kernels, "run", None)  # calling it would be an error
    assert build(root, [], check=False) == 0
    assert before == {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in root.rglob("*.ipynb")}


def test_a_lost_learners_edition_comes_back_without_a_run(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = built(write)
    (root / "notebooks" / "03_heads.ipynb").unlink()
    monkeypatch.setattr(kernels, "run", None)
    assert build(root, [], check=False) == build(root, [], check=True) == 0


def test_a_new_cell_changes_no_other_id(write: Write) -> None:
    ids = [c["id"] for c in cells(built(write))]
    prose, code = "# %% [markdown]\n# A question comes first.\n\n", "\n# %%\nprint(twice(21))\n"
    more = [c["id"] for c in cells(built(write, prose + CHAPTER + code + code))]
    assert more[1 : 1 + len(ids)] == ids
    assert len(set(more)) == len(ids) + 3
    assert more[-1] == f"{more[-2]}-2"  # the same cell twice


def test_both_editions_have_the_same_ids(write: Write) -> None:
    root = built(write)
    assert [c["id"] for c in cells(root)] == [c["id"] for c in cells(root, "solutions")]


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_an_edit_by_hand_is_noticed(
    write: Write, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    root = built(write)
    file = root / folder / "03_heads.ipynb"
    file.write_text(file.read_text().replace("Several heads", "Many heads"))
    said = complaints(root, capsys)
    assert f"{folder}/03_heads.ipynb is not what its source gives (first in cell 1)" in said
    assert "course build 03" in said


def test_outputs_are_not_compared(write: Write) -> None:
    root = built(write)
    give_output(root, {"output_type": "stream", "name": "stdout", "text": "42\n"})
    assert build(root, [], check=True) == 0


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ("# %%\nshares = x.unflatten( -1, (num_heads,-1) )  # so\n", "3.1"),
        ("# %% [markdown]\n# Write `return shares.transpose(1, 2)` there.\n", "3.1"),
        ("# %%\nprediction = 0.6931\n", "3.2"),
    ],
)
def test_an_answer_that_leaks_is_found(
    write: Write, capsys: pytest.CaptureFixture[str], more: str, answer: str
) -> None:
    assert f"gives away the answer of {answer}" in form_complaints(write, capsys, "\n" + more)


def test_a_number_that_only_begins_like_the_answer_is_no_leak(write: Write) -> None:
    assert build(built(write, CHAPTER + "\n# %%\nprediction = 0.69314\n"), [], check=True) == 0


def test_a_stub_with_another_signature_is_found(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = CHAPTER.replace("def mean(values):\n    total = sum(values)\n", "").replace(
        "    ### BEGIN SOLUTION\n    average",
        "### BEGIN SOLUTION\ndef mean(values):\n    total = sum(values)\n    average",
    )
    broken = broken.replace(
        "    ### END SOLUTION\n    ### BEGIN GIVEN", "### END SOLUTION\n### BEGIN GIVEN"
    )
    broken = broken.replace("    # for value", "# def mean(values, start):\n    # for value")
    said = complaints(built(write, broken.replace("    ### END GIVEN", "### END GIVEN")), capsys)
    assert "exercise 3.3: the solution has `def mean(values):" in said
    assert "`def mean(values, start):" in said


def test_pictures_that_may_be_stale_are_a_warning(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = built(write)
    (root / "course_lib" / "little.py").write_text(LITTLE.replace("2 * x", "x + x"))
    capsys.readouterr()
    assert build(root, [], check=True) == 0
    assert "Warning: solutions/03_heads.ipynb: pictures may be stale" in capsys.readouterr().out
    assert build(root, [], check=False) == 0
    assert "executed" in capsys.readouterr().out


def test_modules_are_followed_through_one_another(write: Write) -> None:
    root = built(write)
    (root / "course_lib" / "little.py").write_text("from .leaf import twice\n")
    (root / "course_lib" / "leaf.py").write_text(LITTLE)
    assert build(root, [], check=False) == 0
    before = (root / "solutions" / "03_heads.ipynb").read_bytes()
    (root / "course_lib" / "leaf.py").write_text(LITTLE + "\n")
    assert build(root, [], check=False) == 0
    assert (root / "solutions" / "03_heads.ipynb").read_bytes() != before


def test_a_solved_notebook_over_2_mb_is_found(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = built(write)
    file = root / "solutions" / "03_heads.ipynb"
    file.write_text(file.read_text() + " " * 2_000_000)
    assert "2.0 MB, over 2" in complaints(root, capsys)


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_orphans_and_missing_notebooks_are_found(
    write: Write, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    root = built(write)
    file = root / folder / "03_heads.ipynb"
    file.rename(root / folder / "04_masks.ipynb")
    said = complaints(root, capsys)
    assert f"{folder}/04_masks.ipynb has no source" in said
    assert f"{folder}/03_heads.ipynb is missing" in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('    ### END SOLUTION\n\n# %%\ncheck("3.1"', '\n# %%\ncheck("3.1"', "03_heads.py:15: "),
        ("### BEGIN SOLUTION\nprediction", "prediction", "END SOLUTION closes nothing"),
        ("### END GIVEN", "### END SOLUTION", "END SOLUTION closes nothing"),
        ("### BEGIN GIVEN", "### BEGIN GIVEN lines", "alone"),
        ("    return shares", "    ### BEGIN GIVEN\n    return shares", "inside another block"),
        ("    # return total\n", "    return total\n", "given lines are commented"),
        ("prediction = 0.6931", "print(0.6931)", "made of assignments"),
        ('check("3.1"', 'check("4.1"', "exercise '4.1' should be 3.N"),
        ('# %%\ncheck("3.1"', '# %% note="x"\ncheck("3.1"', "then tags only"),
        ('# %%\ncheck("3.1"', '# %% tags=["skip"]\ncheck("3.1"', "unknown tag 'skip'"),
        (' tags=["exercise-3.1"]', "", "one tag exercise-N.M"),
        ("# %% [markdown]\n# # Heads", "# # Heads", "opens with `# %%`"),
        ("print(twice(21))", "print(twice(21)", "not Python"),
        ("print(twice(21))", "files = !ls", "not Python"),
    ],
)
def test_a_broken_source_is_refused_with_file_and_line(
    write: Write, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    assert old in CHAPTER
    root = write(CHAPTER.replace(old, new, 1))
    assert build(root, [], check=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("solutions/03_heads.py:")
    assert message in said
    assert not list(root.rglob("*.ipynb"))


def test_an_unknown_chapter_is_refused(write: Write) -> None:
    root = write(CHAPTER)
    with pytest.raises(CourseError, match=r"No chapter '12'.*03_heads"):
        build(root, ["12"], check=False)
    assert build(root, ["3"], check=False) == build(root, ["03_heads"], check=True) == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("# %%\n" + "a = 1\n" * 21, "21 lines of code in a cell, the limit is 20"),
        ("# %%\nclass A:\n" + "    a = 1\n" * 35, "36 lines of code in a cell, the limit is 35"),
        ("# %% [markdown]\n# " + "word " * 121, "121 words in a prose cell"),
        ("# %% [markdown]\n# It works!", "avoids '!'"),
        ("# %% [markdown]\n# Just add them.", "avoids 'Just'"),
        ("# %% [markdown]\n# ![](heads.png)", "no alt text"),
        ("# %%\n# !ls", "`!` command"),
        ("# %%\nexit()", "would end the kernel"),
        ("# %%\n# NBVAL_SKIP", "tags here"),
        ('# %%\ncheck("3.9", twice)', "no cell tagged exercise-3.9"),
        ('# %% tags=["exercise-3.9"]\n### BEGIN SOLUTION\np = 1\n### END SOLUTION', "has no cell"),
    ],
)
def test_bad_form_is_found(
    write: Write, capsys: pytest.CaptureFixture[str], more: str, message: str
) -> None:
    assert message in form_complaints(write, capsys, "\n" + more + "\n")


def test_a_chapter_hands_its_learners_the_words_they_are_told_of(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(CHAPTER.replace("check, hint", "check"))
    build(root, [], check=False)
    assert build(root, [], check=True) == 1
    assert "learners need the words" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [
        "# %%\n" + "a = 1\n" * 20,
        "# %%\nclass A:\n" + "    a = 1\n\n" * 34,
        "# %% [markdown]\n# " + "word " * 120,
        "# %% [markdown]\n# Adjust $5!$ and `a != b`.\n#\n# ```\n# just, simply!\n# ```",
        "# %% [markdown]\n# ![Two heads](heads.png)",
    ],
)
def test_good_form_passes(write: Write, more: str) -> None:
    assert build(built(write, CHAPTER + "\n" + more + "\n"), [], check=True) == 0


@pytest.mark.parametrize(
    ("data", "good"),
    [
        ({"image/png": "AAAA"}, False),
        ({"text/html": PICTURE.replace("A falling line", "")}, False),
        ({"text/html": PICTURE}, True),
        ({"text/html": PICTURE, "image/png": "AAAA"}, True),
        ({"text/html": "<table></table>"}, True),
    ],
)
def test_every_picture_has_alt_text(
    write: Write, capsys: pytest.CaptureFixture[str], data: dict[str, str], good: bool
) -> None:
    root = built(write)
    unseen = {"image/png": {"alt": "JupyterLab does not show this"}}
    give_output(root, {"output_type": "display_data", "data": data, "metadata": unseen})
    assert build(root, [], check=True) == (0 if good else 1)
    assert ("no alt text" in capsys.readouterr().out) != good


RUNS = """\
# %% [markdown]
# Runs.

# %%
import os

print(os.getcwd().rpartition(os.sep)[2], os.environ["OMP_NUM_THREADS"], "COURSE_DATA" in os.environ)

# %%
6 * 7
"""


def test_a_real_kernel_fills_in_the_outputs_and_a_failing_cell_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_DATA", "somewhere")
    (tmp_path / "solutions").mkdir()
    chapter = tmp_path / "solutions" / "03_heads.py"
    chapter.write_text(RUNS)
    assert build(tmp_path, [], check=False) == 0
    _, printed, value = cells(tmp_path, "solutions")
    assert printed["outputs"][0]["text"] == ["solutions 2 False\n"]
    assert value["outputs"][0]["data"] == {"text/plain": ["42"]}
    assert [printed["execution_count"], value["execution_count"]] == [1, 2]
    assert all("execution" not in cell["metadata"] for cell in cells(tmp_path, "solutions"))
    assert build(tmp_path, [], check=True) == 0

    before = {file: file.read_bytes() for file in tmp_path.rglob("*.ipynb")}
    chapter.write_text(RUNS.replace("6 * 7", "6 / 0\n7"))
    capsys.readouterr()
    assert build(tmp_path, [], check=False) == 1
    assert capsys.readouterr().err == (
        "03_heads: code cell 2 (solutions/03_heads.py:9, '6 / 0') stopped:"
        " ZeroDivisionError: division by zero. Nothing was written.\n"
    )
    assert before == {file: file.read_bytes() for file in tmp_path.rglob("*.ipynb")}
