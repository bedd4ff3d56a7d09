import json
import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.tools import editions
from course_lib.tools.sources import digest

NAME = "03_heads"
FILE = f"{NAME}.ipynb"
Content = dict


def cell(source: str, kind: str = "code", **more) -> Content:
    """A cell of the course, with the id that `course build` gives it."""
    outputs: Content = {"outputs": [], "execution_count": None} if kind == "code" else {}
    cell_id = f"cell-{digest(NAME, kind, source)}"
    return {"id": cell_id, "cell_type": kind, "metadata": {}, "source": source, **outputs, **more}


def exercise(number: str, source: str) -> Content:
    name = f"exercise-3-{number}"
    metadata = {"tags": [f"exercise-3.{number}"], "nbgrader": {"grade_id": name}}
    return cell(source, id=name, metadata=metadata)


def check(number: str) -> Content:
    metadata = {"tags": ["raises-exception"], "nbgrader": {"grade_id": f"check-3-{number}"}}
    return cell(f'check("3.{number}", f{number})', id=f"check-3-{number}", metadata=metadata)


def stub(name: str, number: str, arguments: str = "x") -> str:
    return f'def {name}({arguments}):\n    raise NotImplementedError("3.{number} {name}")'


ANSWER = "def split(x):\n    return x.unflatten(-1, (2, -1))"
FIRST = [
    cell("# Heads", "markdown"),
    cell("import torch"),
    exercise("1", stub("split", "1")),
    check("1"),
    cell("Now guess.", "markdown"),
    exercise("2", "prediction = ..."),
    exercise("3", stub("merge", "3")),
    check("3"),
]
SECOND = [
    cell("# Several heads", "markdown"),
    cell("A new paragraph.", "markdown"),
    *FIRST[1:4],
    exercise("4", stub("mix", "4")),
    *FIRST[4:],
]
HEADING = "## Kept from your earlier copy"


def text(cells: list[Content]) -> str:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


class Course:
    """A course with one chapter, and what a learner does to the copy of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.work, self.copy = root, root / "work", root / "work" / FILE
        self.edition = self.work / ".course" / "editions" / FILE
        (root / "notebooks").mkdir()
        self.publish(FIRST)
        editions.work_folder(root)

    def publish(self, cells: list[Content]) -> None:
        (self.root / "notebooks" / FILE).write_text(text(cells))

    def learn(self, cells: list[Content]) -> None:
        self.copy.write_text(text(cells))

    def update(self) -> str:
        return editions.update(self.root, "03")

    def sources(self) -> list[str]:
        content = json.loads(self.copy.read_text())
        ids = [c["id"] for c in content["cells"]]
        assert len(set(ids)) == len(ids)  # asked first: nbformat mends it
        nbformat.validate(content)
        return ["".join(c["source"]) for c in content["cells"]]

    def source_of(self, cell_id: str) -> str:
        cells = json.loads(self.copy.read_text())["cells"]
        return next("".join(c["source"]) for c in cells if c["id"] == cell_id)

    def kept(self, reason: str) -> list[Path]:
        return sorted(self.work.glob(f"{NAME}.before-{reason}-*.ipynb"))


@pytest.fixture
def course(tmp_path) -> Course:
    return Course(tmp_path)


def changed(index: int, source: str, cells: list[Content] = FIRST, **more) -> list[Content]:
    """The cells, with one of them as the learner left it."""
    return [*cells[:index], {**cells[index], "source": source, **more}, *cells[index + 1 :]]


def mine(source: str, cell_id: str = "mine", kind: str = "code") -> Content:
    return cell(source, kind, id=cell_id)


def with_source(index: int, source: str, cells: list[Content] = SECOND) -> list[str]:
    return [c["source"] for c in changed(index, source, cells)]


# ---- the folder work/


def test_each_chapter_is_copied_once(course, capsys):
    (course.root / "notebooks" / "scratch.ipynb").write_text("not a chapter")
    (course.root / "notebooks" / f"{NAME}.before-reset-2026-11-24.ipynb").write_text("kept")
    assert editions.work_folder(course.root) == course.work
    assert course.copy.read_text() == text(FIRST)
    assert sorted(file.name for file in course.work.iterdir()) == [".course", FILE]
    assert course.edition.read_text() == text(FIRST)
    assert capsys.readouterr().out == ""


def test_what_the_learner_wrote_is_never_overwritten(course, capsys):
    course.copy.write_text("my answers")
    editions.work_folder(course.root)
    assert capsys.readouterr().out == ""
    course.publish(SECOND)
    editions.work_folder(course.root)
    assert course.copy.read_text() == "my answers"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert f"notebooks/{FILE} is newer" in said
    assert "`course update 03`" in said
    assert course.edition.read_text() == text(FIRST)


def test_after_renaming_the_copy_comes_the_new_edition(course, capsys):
    course.publish(SECOND)
    course.copy.rename(course.copy.with_name("mine.ipynb"))
    editions.work_folder(course.root)
    assert course.copy.read_text() == text(SECOND)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["", "{", "[1]", f'{{"{FILE}": 7}}', "\udcff"])
def test_a_damaged_memory_does_no_harm(course, content):
    course.copy.write_text("my answers")
    memory = course.work / ".course" / "editions.json"
    memory.write_bytes(content.encode(errors="surrogateescape"))
    course.edition.unlink()
    editions.work_folder(course.root)
    assert course.copy.read_text() == "my answers"
    edition = editions.digest(course.root / "notebooks" / FILE)
    assert json.loads(memory.read_text()) == {FILE: edition}


def test_a_copy_of_an_unknown_edition_can_be_updated(course, capsys):
    memory = course.work / ".course" / "editions.json"
    memory.unlink()
    course.edition.unlink()
    editions.work_folder(course.root)
    assert list(json.loads(memory.read_text())) == [FILE]  # that of today: it lacks no cell
    memory.unlink()
    course.edition.unlink()
    course.publish(SECOND)
    editions.work_folder(course.root)
    assert "is newer" in capsys.readouterr().out
    assert course.copy.read_text() == text(FIRST)
    assert "is the newest edition now" in editions.update(course.root, "03")
    sources = ["".join(c["source"]) for c in json.loads(course.copy.read_text())["cells"]]
    assert sources == [c["source"] for c in SECOND]


def test_the_kept_edition_stands_in_for_a_lost_memory(course, capsys):
    (course.work / ".course" / "editions.json").unlink()
    course.publish(SECOND)
    editions.work_folder(course.root)
    assert "is newer" in capsys.readouterr().out


def test_a_copy_that_fails_leaves_nothing_that_looks_like_a_chapter(course, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    course.copy.unlink()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        editions.work_folder(course.root)
    assert not course.copy.exists()


@pytest.mark.parametrize("command", [editions.reset, editions.update])
def test_a_chapter_is_found_by_number_or_name(course, command):
    course.publish(SECOND)
    for wanted in ("03", "3", NAME):
        course.copy.unlink()
        assert command(course.root, wanted).endswith(f"work/{FILE} is new.")
        assert course.copy.read_text() == text(SECOND)
    for wanted in ("4", "heads", ""):
        with pytest.raises(CourseError, match=f"there are: {NAME}$"):
            command(course.root, wanted)


# ---- reset


def test_reset_keeps_every_earlier_copy(course):
    for answers in ("one", "two", "three"):
        course.copy.write_text(answers)
        said = editions.reset(course.root, "03")
        assert course.copy.read_text() == text(FIRST)
        assert any(f"work/{file.name}." in said for file in course.kept("reset"))
        assert "\n" not in said
    kept = {re.sub(r"\d{4}-\d\d-\d\d", "DATE", f.name): f.read_text() for f in course.kept("reset")}
    name = f"{NAME}.before-reset-DATE"
    assert kept == {f"{name}.ipynb": "one", f"{name}-2.ipynb": "two", f"{name}-3.ipynb": "three"}


@pytest.mark.parametrize("command", [editions.reset, editions.update])
@pytest.mark.parametrize("writes", range(4))
def test_stopped_at_any_write_nothing_is_lost(course, monkeypatch, command, writes):
    course.learn(changed(2, ANSWER))
    course.publish(SECOND)
    real, left = editions.write_bytes, iter(range(writes))

    def stop_later(path, content):
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(editions, "write_bytes", stop_later)
    monkeypatch.setattr(editions, "write_text", lambda path, t: stop_later(path, t.encode()))
    with pytest.raises(KeyboardInterrupt):
        command(course.root, "3")
    copies = [course.copy, *course.work.glob("*.before-*")]
    assert text(changed(2, ANSWER)) in [file.read_text() for file in copies]
    monkeypatch.undo()
    if command is editions.update:
        course.update()
        assert course.sources() == with_source(3, ANSWER)


# ---- update


def test_an_answer_goes_into_its_cell_of_the_new_edition(course):
    answered = changed(2, ANSWER, outputs=[{"output_type": "stream", "name": "stdout", "text": ""}])
    course.learn(changed(5, "prediction = 0.5", answered))
    course.publish(SECOND)
    said = course.update()
    expected = changed(3, ANSWER, SECOND)
    assert course.sources() == with_source(7, "prediction = 0.5", expected)
    new = nbformat.read(course.copy, as_version=4)
    assert [c.id for c in new.cells] == [c["id"] for c in SECOND]
    assert new.cells[3].outputs == []
    assert new.cells[3].metadata == SECOND[3]["metadata"]
    assert "carried over: 3.1, 3.2." in said
    [kept] = course.kept("update")
    assert f"work/{kept.name}" in said
    assert json.loads(kept.read_text())["cells"][2]["source"] == ANSWER
    assert course.update().endswith("Nothing was changed.")


def test_the_newest_edition_is_left_alone(course):
    course.learn(changed(2, ANSWER))
    assert "newest edition already" in course.update()
    assert course.copy.read_text() == text(changed(2, ANSWER))
    assert course.kept("update") == []


@pytest.mark.parametrize(
    "broken",
    [
        *["", "{", "[]", "{}", '{"nbformat": 3}', '{"nbformat": 4, "cells": 1}', "\udcff"],
        "[" * 100_000,
        *(f'{{"nbformat": 4, "cells": [{bad}]}}' for bad in ("1", "{}", '{"cell_type": "code"}')),
        '{"nbformat": 4, "cells": [{"cell_type": "cod", "source": ""}]}',
    ],
    ids=range(12),
)
def test_what_is_no_notebook_is_told_and_not_touched(course, broken):
    course.copy.write_bytes(broken.encode(errors="surrogateescape"))
    before = course.copy.read_bytes()
    course.publish(SECOND)
    with pytest.raises(CourseError, match=r"no notebook .* `course reset 03`") as error:
        course.update()
    assert "\n" not in str(error.value)
    assert course.copy.read_bytes() == before
    assert course.kept("update") == []


def test_a_deleted_cell_comes_back_as_the_course_has_it(course):
    course.learn([FIRST[0], FIRST[6]])
    course.publish(SECOND)
    assert "none, there were none" in course.update()
    assert course.sources() == [c["source"] for c in SECOND]


def test_the_learners_own_cells_follow_the_cells_they_followed(course):
    note, trial = mine("I wonder.", "note", "markdown"), mine("split(1)", "trial")
    top = mine("My copy", "top", "markdown")
    course.learn([top, *FIRST[:3], note, trial, *FIRST[3:]])
    course.publish(SECOND)
    said = course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == ["My copy", *given[:4], "I wonder.", "split(1)", *given[4:]]
    assert "Further cells of yours, where they were: 3." in said


def test_a_cell_of_the_course_that_only_the_learner_changed_stays(course):
    course.learn(changed(1, "import torch, math"))
    course.publish(SECOND)
    assert "as you left them: 1" in course.update()
    assert course.sources() == with_source(2, "import torch, math")


def test_of_duplicates_the_last_changed_one_wins(course):
    def twin(source: str, cell_id: str) -> Content:
        return {**FIRST[2], "source": source, "id": cell_id}

    tries = ["def split(x):\n    return 1", "def split(x):\n    return 2"]
    first, second = twin(tries[0], "a"), twin(tries[1], "b")
    course.learn([*FIRST[:3], first, second, *FIRST[3:], twin(FIRST[2]["source"], "c")])
    course.publish(SECOND)
    said = course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == [*given[:3], *tries, *given[4:]]
    assert "3.1: you had several cells for it" in said
    assert nbformat.read(course.copy, as_version=4).cells[3].metadata == {}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "metadata", [{"nbgrader": {"grade_id": "exercise-3-1"}}, {"tags": ["exercise-3.1"]}, {}]
)
def test_a_cell_with_another_id_is_known_by_the_rest(course, metadata, known):
    course.learn(changed(2, ANSWER, id="b1946ac9", metadata=metadata))
    course.publish(SECOND)
    if not known:
        course.edition.unlink()
    assert "carried over: 3.1." in course.update()
    assert course.sources() == with_source(3, ANSWER)


def test_a_prediction_is_known_by_what_it_assigns(course):
    course.learn([*FIRST[:5], mine("prediction = 0.25"), *FIRST[6:]])
    course.publish(SECOND)
    course.update()
    assert course.sources() == with_source(7, "prediction = 0.25")


def test_a_name_that_two_exercises_ask_for_tells_nothing(course):
    twice = [*SECOND, exercise("5", "prediction = ...")]
    course.learn([*FIRST[:5], mine("prediction = 0.25"), *FIRST[6:]])
    course.publish(twice)
    assert "none, there were none" in course.update()
    assert course.sources() == [*(c["source"] for c in twice[:7]), "prediction = 0.25"] + [
        c["source"] for c in twice[7:]
    ]


def test_of_answers_in_cells_of_the_learners_own_the_last_wins(course):
    tries = [f"def split(x):\n    return {n}" for n in (1, 2)]
    course.learn([*FIRST[:3], mine(tries[0], "a"), mine(tries[1], "b"), *FIRST[3:]])
    course.publish(SECOND)
    course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == [*given[:3], *tries, *given[4:]]
    assert course.source_of("exercise-3-1") == tries[1]


def test_an_answer_cell_turned_into_prose_is_no_answer(course):
    course.learn([*FIRST[:2], {**mine("Later.", "exercise-3-1", "markdown")}, *FIRST[3:]])
    course.publish(SECOND)
    course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == [*given[:4], "Later.", *given[4:]]


def test_a_check_that_both_changed_is_the_courses_and_the_learners_stands_beside_it(course):
    course.learn(changed(3, 'check("3.1", mine)'))
    new = changed(4, 'check("3.1", f1, seed=1)', SECOND)
    course.publish(new)
    course.update()
    given = [c["source"] for c in new]
    assert course.sources() == [*given[:5], 'check("3.1", mine)', *given[5:]]


def test_reordered_answers_find_their_cells(course):
    merge = "def merge(x):\n    return x.flatten(-2)"
    course.learn(list(reversed(changed(6, merge, changed(2, ANSWER)))))
    course.publish(SECOND)
    course.update()
    assert course.sources() == with_source(8, merge, changed(3, ANSWER, SECOND))


def test_a_split_answer_stays_in_order(course):
    helper = {**FIRST[2], "source": "TWO = 2"}
    rest = {**FIRST[2], "source": ANSWER, "id": "rest"}
    course.learn([*FIRST[:2], helper, rest, mine("split(1)", "trial"), *FIRST[3:]])
    course.publish(SECOND)
    course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == [*given[:3], "TWO = 2", ANSWER, "split(1)", *given[4:]]


def test_a_trial_with_the_tag_of_the_answer_does_not_take_its_place(course):
    trial = {**FIRST[2], "source": "split(1)", "id": "trial"}
    course.learn([*FIRST[:2], {**FIRST[2], "source": ANSWER}, trial, *FIRST[3:]])
    course.publish(SECOND)
    course.update()
    given = [c["source"] for c in SECOND]
    assert course.sources() == [*given[:3], ANSWER, "split(1)", *given[4:]]
    assert course.source_of("exercise-3-1") == ANSWER


def test_merged_answers_serve_both_exercises(course):
    both = f"{ANSWER}\n\ndef merge(x):\n    return x.flatten(-2)"
    course.learn([c for c in changed(2, both) if c["id"] != "exercise-3-3"])
    course.publish(SECOND)
    assert "carried over: 3.1, 3.3." in course.update()
    assert course.sources() == with_source(8, both, changed(3, both, SECOND))


def test_an_answer_to_an_exercise_that_is_no_more_is_kept_at_the_end(course):
    course.learn([*changed(2, ANSWER)[:3], mine("split(1)"), *FIRST[3:]])
    without = [*FIRST[:2], *FIRST[4:]]
    course.publish(without)
    assert "under 'Kept from your earlier copy': 2." in course.update()
    assert course.sources() == [*(c["source"] for c in without), HEADING, ANSWER, "split(1)"]
    course.publish(SECOND)  # where the exercise is back
    course.update()
    given = with_source(3, ANSWER)
    assert course.sources() == [*given[:4], "split(1)", *given[4:]]


def test_a_second_update_adds_no_second_heading(course):
    course.learn(changed(0, "# Heads\nmy note"))
    course.publish(SECOND)
    course.update()
    assert course.sources() == [*(c["source"] for c in SECOND), HEADING, "# Heads\nmy note"]
    course.publish(SECOND[1:])
    course.update()
    assert course.sources() == [*(c["source"] for c in SECOND[1:]), HEADING, "# Heads\nmy note"]


def test_a_changed_stub_is_told_and_the_answer_stays(course):
    course.learn(changed(2, ANSWER))
    course.publish(changed(3, stub("split", "1", "x, num_heads"), SECOND))
    assert "3.1: its stub has changed" in course.update()
    assert course.sources() == with_source(3, ANSWER)


@pytest.mark.parametrize("damage", ["missing", "cut", "no notebook", "another"])
def test_without_the_copied_edition_a_stub_is_known_by_its_hole(course, damage):
    course.edition.write_text({"cut": text(FIRST)[:50], "another": text(SECOND)}.get(damage, "{}"))
    if damage == "missing":
        course.edition.unlink()
    course.learn(changed(2, ANSWER))
    new = changed(7, "guess = ...", changed(8, stub("merge", "3", "y"), SECOND))
    course.publish(new)
    assert "is not known" in course.update()
    assert course.sources() == with_source(3, ANSWER, new)


def test_cells_without_ids_find_their_places(course):
    """As notebooks of nbformat 4.4 have them, and tools that know no ids leave them."""
    bare = [{k: v for k, v in c.items() if k != "id"} for c in changed(2, ANSWER)]
    course.learn([*bare[:5], {**bare[4], "source": "Mine."}, *bare[5:]])
    course.publish(SECOND)
    course.update()
    given = with_source(3, ANSWER)
    assert course.sources() == [*given[:7], "Mine.", *given[7:]]


def test_half_a_character_is_no_obstacle(course):
    course.learn([*FIRST, {**mine(""), "source": "'\ud800'"}])
    course.publish(SECOND)
    course.update()
    assert json.loads(course.copy.read_text())["cells"][-1]["source"] == ["'\ud800'"]


# ---- whatever a learner does


EDITS = [
    "answer",
    "delete",
    "duplicate",
    "rename",
    "strip",
    "move",
    "merge",
    "split",
    "own",
    "kind",
]


def edit(cells: list[Content], kind: str, where: int, to: int, number: int) -> None:
    """Do to the cells, in place, one thing that learners do."""
    if not cells:
        return
    where, to = where % len(cells), to % len(cells)
    at = cells[where]
    match kind:
        case "answer":
            cells[where] = {**at, "source": f"{at['source']}\nmine = {number}"}
        case "delete":
            del cells[where]
        case "duplicate":
            cells.insert(to, {**at, "source": f"{at['source']}\nmine = {number}"})
        case "rename":
            cells[where] = {**at, "id": f"renamed-{number}"}
        case "strip":
            cells[where] = {k: v for k, v in at.items() if k != "id"} | {"metadata": {}}
        case "move":
            cells.insert(to, cells.pop(where))
        case "merge" if where + 1 < len(cells):
            cells[where] = {**at, "source": f"{at['source']}\n{cells.pop(where + 1)['source']}"}
        case "split":
            first, _, rest = at["source"].partition("\n")
            cells[where : where + 1] = [{**at, "source": first}, {**at, "source": rest}]
        case "own":
            cells.insert(to, mine(f"own = {number}", f"own-{number}"))
        case "kind":
            cells[where] = cell(at["source"], "markdown", id=at.get("id", ""))


Edits = st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 30), st.integers(0, 30)))


@settings(max_examples=100, deadline=None)
@given(edits=Edits, known=st.booleans(), retired=st.integers(0, len(SECOND)))
def test_nothing_that_the_learner_wrote_is_lost(tmp_path_factory, edits, known, retired):
    course, cells = Course(tmp_path_factory.mktemp("course")), list(FIRST)
    for number, (kind, where, to) in enumerate(edits):
        edit(cells, kind, where, to, number)
    course.learn(cells)
    before = course.copy.read_bytes()
    new = [*SECOND[:retired], *SECOND[retired + 1 :]]
    course.publish(new)
    if not known:
        course.edition.unlink()
    course.update()
    assert [file.read_bytes() for file in course.kept("update")] == [before]
    now = {source.strip() for source in course.sources()}
    given = {c["source"].strip() for c in [*FIRST, *SECOND]} | {"", HEADING}
    for source in (c["source"].strip() for c in cells):
        is_open = "NotImplementedError" in source or "= ..." in source
        assert source in now | given or (is_open and not known)
    course.publish(SECOND)  # and once more, from what came of it
    course.update()
    assert now - given <= {source.strip() for source in course.sources()}
