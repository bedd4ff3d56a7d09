"""A school that runs nbgrader can release, validate and collect the learner's edition as it is."""

import os
from pathlib import Path

import nbformat
import pytest

from course_lib.tools import kernels

ROOT = Path(__file__).parents[1]
CHAPTER = "01_attention_scores.ipynb"


@pytest.fixture
def validate(tmp_path, monkeypatch):
    """`nbgrader validate` for chapter 01 with the answers given; returns what it says."""
    try:
        from nbgrader.validator import Validator
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("nbgrader is not here: pip install -c constraints.txt -e '.[nbgrader]'")
    for name, value in kernels.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(answers):
        notebook = nbformat.read(ROOT / "notebooks" / CHAPTER, as_version=4)
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
        nbformat.write(notebook, tmp_path / CHAPTER)
        return Validator().validate(str(tmp_path / CHAPTER))

    return run


def solutions():
    solved = nbformat.read(ROOT / "solutions" / CHAPTER, as_version=4)
    return {cell.id: cell.source for cell in solved.cells if cell.id.startswith("exercise-")}


@pytest.mark.filterwarnings("ignore")
def test_nbgrader_accepts_a_solved_learners_edition_and_says_which_answers_are_missing(validate):
    answers = solutions()
    assert len(answers) == 8
    assert not validate(answers).get("failed")
    del answers["exercise-1-2"]
    [failed] = validate(answers)["failed"]
    assert failed["source"] == 'check("1.2", dot_scores)'
