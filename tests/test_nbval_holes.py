"""Each hole of nbval that `conftest.py` closes has a notebook here that must fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
RAISES = "class CheckFailed(Exception): pass\nraise CheckFailed('not yet')"
WARNS = "import sys\nprint('3 of 10', file=sys.stderr)"
THREAD = "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()"
PICTURE = '<img alt="{}" src="data:image/png;base64,{}">'
SHOWS = f"from IPython.display import HTML\nHTML('{PICTURE.format('A line', 'BBBB')}')"

GOOD = {
    "check_failed": ([RAISES, "1"], "raises-exception"),
    "allowed_stderr": ([WARNS], "stderr-ok"),
    "magic": (["%pwd"], ""),
}
HOLES = {
    "raises_nothing": (["1"], "raises-exception", "raised nothing"),
    "raises_another": (["1 / 0"], "raises-exception", "Only CheckFailed may be raised"),
    "untagged": ([RAISES], "", "Cell execution caused an exception"),
    "bad_magic": (["%notmagic"], "", "stopped unseen: UsageError"),
    "bad_magic_tagged": (["%notmagic"], "raises-exception", "raised nothing"),
    "exit": (["exit()"], "", "ends the kernel"),
    "dead_kernel": (["import os\nos._exit(0)"], "", "The kernel died"),
    "stderr": ([WARNS], "", "Standard error is not empty: 3 of 10"),
    "thread": ([THREAD], "stderr-ok", "ZeroDivisionError"),
}


def write(folder: Path, name: str, sources: list[str], tag: str) -> None:
    """A notebook of these cells, the first one tagged."""
    cells = [new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = [tag] if tag else []
    write_cells(folder, name, cells)


def write_cells(folder: Path, name: str, cells: list[nbformat.NotebookNode]) -> None:
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


def with_picture(alt: str) -> nbformat.NotebookNode:
    data = {"text/html": PICTURE.format(alt, "AAAA"), "text/plain": HTML_TEXT}
    output = new_output("execute_result", data=data, execution_count=1)
    cell: nbformat.NotebookNode = new_code_cell(SHOWS, outputs=[output], execution_count=1)
    return cell


HTML_TEXT = "<IPython.core.display.HTML object>"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, float]]]:
    """For every notebook, what pytest says of its cells ("" = passed), and the seconds."""
    folder = tmp_path_factory.mktemp("holes")
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name, (sources, tag) in GOOD.items():
        write(folder, name, sources, tag)
    for name, (sources, tag, _) in HOLES.items():
        write(folder, name, sources, tag)
    write_cells(folder, "same_alt", [with_picture("A line")])
    write_cells(folder, "other_alt", [with_picture("Two lines")])
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=60", "--color=no"]
    plugins = ["-p", "conftest", "-p", "no:cacheprovider"]
    if "PYTEST_XDIST_WORKER" not in os.environ:
        plugins += ["-n", "2", "--dist", "loadfile"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, "--junitxml=report.xml", "."],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[str, list[tuple[str, float]]] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        said = "".join(
            failure.text or "" for failure in [*case.findall("failure"), *case.findall("error")]
        )
        found.setdefault(case.get("classname", "").removesuffix(".ipynb"), []).append(
            (said, float(case.get("time", 0)))
        )
    return found


@pytest.mark.parametrize("name", [*GOOD, "same_alt"])
def test_a_good_notebook_passes(outcomes: dict[str, list[tuple[str, float]]], name: str) -> None:
    assert [said for said, _ in outcomes[name]] == [""] * len(outcomes[name])


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_is_closed(outcomes: dict[str, list[tuple[str, float]]], name: str) -> None:
    [(said, seconds)] = outcomes[name]
    assert HOLES[name][2] in said
    assert seconds < 15  # far from the cell's timeout


def test_a_picture_is_compared_by_its_alt_text(
    outcomes: dict[str, list[tuple[str, float]]],
) -> None:
    assert "Cell outputs differ" in outcomes["other_alt"][0][0]
