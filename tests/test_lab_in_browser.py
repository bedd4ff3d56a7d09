"""A learner's first hour, in the real JupyterLab: `course lab`, a browser, mouse and keyboard."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator

from course_lib.tools import browser
from course_lib.tools.browser import Learner, course, open_page, running_lab

ROOT = Path(__file__).parents[1]
CHAPTER = "01_attention_scores.ipynb"
WRONG = "def dot_scores(q, k):\n    return q @ k.T"
RIGHT = "def dot_scores(q, k):\n    return q @ k.transpose(-2, -1)"

pytestmark = pytest.mark.skipif(
    browser.find_browser() is None and not os.environ.get("CI"),
    reason="needs Chromium: on Debian or Ubuntu, `apt install chromium`",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A course of its own, so that the test stays out of the user's `work/`."""
    root = tmp_path_factory.mktemp("course")
    (root / "settings").mkdir()
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / CHAPTER, root / "notebooks")
    return root


@pytest.fixture
def learner(root):
    with running_lab(root, root / "settings") as url, open_page() as learner:
        learner.open_lab(url)
        yield learner
        assert learner.errors == []
        assert learner.left_the_machine == []


def dialogs(learner: Learner) -> int:
    return learner.page.locator(".jp-Dialog").count()


def picture(cell: Locator) -> str:
    """The alt text of the picture under a cell."""
    return cell.locator("img").first.get_attribute("alt") or ""


def say(root: Path, *command: str) -> str:
    return subprocess.run(course(root, *command), capture_output=True, text=True, check=True).stdout


def test_a_learners_first_hour(root, learner):
    learner.open_chapter(CHAPTER)

    learner.run_all()
    assert dialogs(learner) == 0
    assert learner.output("check-1-1").startswith("○ 1.1 stable_softmax: not yet")
    assert "Traceback" not in learner.page.locator(".jp-Notebook").inner_text()

    moving = learner.cell(learner.find("explore(shares_at"))
    assert picture(moving).startswith("Scores at T = 1.")
    moving.get_by_role("button", name="0.1").click()
    moving.locator('img[alt^="Scores at T = 0.1"]').wait_for()

    learner.write("exercise-1-2", WRONG)
    learner.run("exercise-1-2")
    learner.run("check-1-2")
    assert "✗ 1.2 dot_scores: not right yet" in learner.output("check-1-2")
    assert "k.T reverses all axes" in learner.output("check-1-2")
    assert learner.faults() == []
    learner.change_theme("JupyterLab Dark")
    assert learner.faults() == []

    learner.add_cell_below("check-1-2", 'hint("1.2")')
    assert "hint 1 of 3" in learner.output_below("check-1-2")

    learner.write("exercise-1-2", RIGHT)
    learner.run("exercise-1-2")
    learner.run("check-1-2")
    assert learner.output("check-1-2").startswith("✓ 1.2 dot_scores: right")
    assert "○ 1.1  ✓ 1.2  ○ 1.3" in say(root, "progress")
    learner.save()


def test_the_next_day_the_work_is_there_and_reset_keeps_it(root, learner):
    learner.open_chapter(CHAPTER)
    assert "k.transpose(-2, -1)" in learner.source("exercise-1-2")
    assert learner.output("check-1-2").startswith("✓ 1.2 dot_scores: right")

    assert picture(learner.cell(learner.find("explore(shares_at"))).startswith("Scores at T = 0.1")

    chapter = root / "notebooks" / CHAPTER
    chapter.write_text(chapter.read_text().replace("never says no", "says perhaps"))
    assert "is the newest edition now" in say(root, "update", "01")
    learner.reload_from_disk(expected="says perhaps")
    assert "k.transpose(-2, -1)" in learner.source("exercise-1-2")

    assert "is kept as" in say(root, "reset", "01")
    (kept,) = (root / "work").glob("01_*.before-reset-*.ipynb")
    assert "k.transpose(-2, -1)" in kept.read_text()
    assert "k.transpose(-2, -1)" not in (root / "work" / CHAPTER).read_text()

    learner.reload_from_disk(expected='NotImplementedError("1.2 dot_scores")')
    assert "NotImplementedError" in learner.source("exercise-1-2")
    assert "✓ 1.2" in say(root, "progress")


@pytest.mark.parametrize(
    "notebook", [pytest.param(p, id=p.stem) for p in sorted((ROOT / "solutions").glob("*.ipynb"))]
)
def test_a_rendered_chapter_bars_nobody(notebook):
    html, _ = HTMLExporter().from_filename(notebook)
    with open_page() as learner:
        learner.page.set_content(html, wait_until="domcontentloaded")
        assert learner.page.locator(".jp-OutputArea-output img").count() > 0
        assert learner.faults() == []
