import json
import re

import pytest

from course_lib.exercises import check, engine
from course_lib.exercises.progress import (
    FILE,
    learners_folder,
    overview,
    remember,
    solved_exercises,
)
from course_lib.tools import cli

CHAPTER = {"01 attention scores": engine.exercises_of("ch01")}


@pytest.fixture
def work(tmp_path):
    (tmp_path / ".course").mkdir()
    return tmp_path


def test_a_passed_check_is_remembered_once(work, monkeypatch, capsys):
    (work / "deeper").mkdir()
    monkeypatch.chdir(work / "deeper")
    prediction = engine.find("1.7").expected()
    check("1.7", prediction)
    first = (work / FILE).read_text()
    check("1.7", prediction)
    assert (work / FILE).read_text() == first
    assert json.loads(first)["exercise"] == "1.7"
    assert list(solved_exercises(work)) == ["1.7"]


def test_a_failed_check_is_not(work, monkeypatch):
    monkeypatch.chdir(work)
    with pytest.raises(engine.CheckFailed):
        check("1.7", (0.0, 0.0))
    assert solved_exercises(work) == {}


def test_without_a_learners_folder_nothing_is_written(tmp_path):
    assert learners_folder(tmp_path) is None
    remember("1.1", learners_folder(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert solved_exercises(None) == {}


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"exercise": "1.', b"\xff\xfe\x00\n", b"[]\n", b'"text"\n', b"null\n{}\n", b"\n\n"],
)
def test_damage_costs_the_damaged_line_alone(work, damage):
    remember("1.1", work)
    with (work / FILE).open("ab") as file:
        file.write(damage)
    remember("1.2", work)
    assert list(solved_exercises(work)) == ["1.1", "1.2"]


def test_a_deleted_or_unusable_file_harms_nothing(work):
    remember("1.1", work)
    (work / FILE).unlink()
    assert solved_exercises(work) == {}
    (work / FILE).mkdir()  # what cannot be written to
    remember("1.1", work)
    assert solved_exercises(work) == {}


def test_the_overview_names_what_is_solved_and_what_is_next():
    face = repr(overview(CHAPTER, {"1.1": "2026-11-24", "1.3": "2026-11-24", "77.1": "gone"}))
    assert "2 of 8 exercises" in face
    assert "01 attention scores  ✓ 1.1  ○ 1.2  ✓ 1.3  ○ 1.4" in face
    assert face.endswith("Next: 1.2 dot_scores.")


def test_when_all_are_solved_it_says_so():
    face = overview(
        CHAPTER, dict.fromkeys([task.id for task in CHAPTER["01 attention scores"]], "")
    )
    assert face.tone == "good"
    assert repr(face).endswith("All of them.")


def test_the_command_shows_what_the_notebooks_cell_shows(work, monkeypatch, capsys):
    (work / "work").mkdir()
    (work / ".course").rename(work / "work" / ".course")
    remember("1.1", work / "work")
    monkeypatch.setattr(cli, "project_root", lambda: work)
    with pytest.raises(SystemExit) as end:
        cli.main(["progress"])
    assert not end.value.code
    printed = capsys.readouterr().out
    assert re.search("01 attention scores +✓ 1.1  ○ 1.2", printed)
    monkeypatch.chdir(work / "work")
    engine.progress()
    assert capsys.readouterr().out == printed
