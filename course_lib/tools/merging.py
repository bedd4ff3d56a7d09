"""Bring what a learner wrote into a newer edition of a chapter: cell by cell, and nothing lost."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError

HOLE = re.compile(r'raise NotImplementedError\("\d+\.\d+ |^\S.* = \.\.\.$', re.M)
DEFINED = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+)(?: *:[^=\n]+)? *=(?!=)", re.M)
ASKED_FOR = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) = \.\.\.$", re.M)
MADE_BY_US = re.compile(r"(cell-[0-9a-f]{16}|(exercise|check)-\d+[-.]\d+)(-\d+)?")
VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of a notebook, in what matters here; equal only to itself, so copies can be told."""

    kind: str
    source: str
    id: str = ""
    metadata: dict[str, Any] | None = None
    attachments: dict[str, Any] | None = None

    @property
    def tags(self) -> list[str]:
        tags = (self.metadata or {}).get("tags")
        return [t for t in tags if isinstance(t, str)] if isinstance(tags, list) else []

    @property
    def exercise(self) -> str | None:
        """The exercise whose answer the cell holds, like "3.1", going by its tag."""
        tags = (tag for tag in self.tags if tag.startswith("exercise-"))
        return next((tag.removeprefix("exercise-") for tag in tags), None)

    @property
    def names(self) -> list[str]:
        """What tells which cell of an edition this is, the surest first."""
        nbgrader = (self.metadata or {}).get("nbgrader")
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        names = [self.id, str(grade_id or ""), f"exercise-{self.exercise}" if self.exercise else ""]
        return [name for name in names if name]

    @property
    def text(self) -> str:
        """The source without the blanks that an editor may add or take away."""
        return "\n".join(line.rstrip() for line in self.source.strip().splitlines())

    def content(self, source: str) -> dict[str, Any]:
        """The cell as nbformat has it, without outputs."""
        content = {
            "cell_type": self.kind,
            "id": self.id,
            "metadata": self.metadata or {},
            "source": source.splitlines(keepends=True),
        }
        if self.kind == "code":
            return content | {"execution_count": None, "outputs": []}
        return content | ({"attachments": self.attachments} if self.attachments else {})


KEPT = Cell("markdown", "## Kept from your earlier copy", "kept-from-your-earlier-copy")


def read_notebook(file: Path) -> tuple[dict[str, Any], list[Cell]]:
    """A notebook as stored, and its cells. Raises CourseError if it is none."""
    try:
        notebook = json.loads(file.read_bytes())
        if notebook["nbformat"] != 4:
            raise ValueError(f"nbformat is {notebook['nbformat']!r}, not 4")
        return notebook, [_read_cell(content) for content in notebook["cells"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        label = f"{file.parent.name}/{file.name}"
        problem = f"{type(error).__name__}: {error}"
        raise CourseError(f"{label} is no notebook that can be read ({problem})") from error


def _read_cell(content: dict[str, Any]) -> Cell:
    kind, source = content["cell_type"], "".join(content["source"])
    if kind not in ("code", "markdown", "raw"):
        raise ValueError(f"a cell of the type {kind!r}")
    metadata, attachments = content.get("metadata"), content.get("attachments")
    return Cell(
        kind,
        source,
        str(content.get("id", "")),
        metadata if isinstance(metadata, dict) else None,
        attachments if isinstance(attachments, dict) else None,
    )


@dataclass(frozen=True)
class Merged:
    """The new edition's cells with the learner's in them, and what there is to say about it."""

    cells: list[dict[str, Any]]
    report: list[str]


def merge(chapter: str, mine: list[Cell], before: list[Cell], new: list[Cell]) -> Merged:
    """Put what the learner wrote in `mine` into the edition `new`.

    `before` is the edition that the learner started from, or empty if it is not known. An answer
    goes into its exercise's cell. A cell of the course that only the learner changed stays as the
    learner has it. What else the learner wrote follows the cell that it followed. Answers to what
    is no more, and changed cells of the course that are no more, stand at the end.
    """
    places = [*new, KEPT]
    home = _homes(mine, before, places)
    yours = _written_by_the_learner(chapter, mine, before, places, home)
    taken = _take_places(yours, before, new, home)

    ahead, behind = defaultdict[Cell, list[Cell]](list), defaultdict[Cell | None, list[Cell]](list)
    place, passed = None, set[Cell]()
    for cell in mine:
        gone = cell in yours and any(map(MADE_BY_US.fullmatch, cell.names))
        place = home.get(cell) or (KEPT if gone else place)
        passed.add(cell)
        if cell not in yours or cell in taken.values():
            continue
        if place and home.get(cell) is place and taken.get(place, cell) not in passed:
            ahead[place].append(cell)
        else:
            behind[place].append(cell)

    used = {cell.id for cell in places}
    cells = [_own(cell, used) for cell in behind[None]]
    for place in places if behind[KEPT] else new:
        cells += [_own(cell, used) for cell in ahead[place]]
        cells.append(place.content(taken.get(place, place).source))
        cells += [_own(cell, used) for cell in behind[place]]
    at_end = len(behind[KEPT])
    beside = sum(map(len, [*ahead.values(), *behind.values()])) - at_end
    several = [place for place in taken if any(home[c] is place for c in ahead[place])]
    return Merged(cells, list(_report(taken, several, before, beside, at_end)))


def _homes(mine: list[Cell], before: list[Cell], places: list[Cell]) -> dict[Cell, Cell]:
    """For the learner's cells, the new edition's cell that each is, or began as."""
    by_name: dict[str, Cell] = {}
    for place in places:
        for name in place.names:
            by_name.setdefault(name, place)
    id_of_text = {cell.text: cell.id for cell in (*before, *places) if cell.text}
    homes = {}
    for cell in mine:
        names = [*cell.names, id_of_text.get(cell.text, "")]
        if found := next((by_name[name] for name in names if name in by_name), None):
            homes[cell] = found
    return homes


def _written_by_the_learner(
    chapter: str,
    mine: list[Cell],
    before: list[Cell],
    places: list[Cell],
    home: dict[Cell, Cell],
) -> dict[Cell, None]:
    """Those of the learner's cells that are not as an edition had them; a dict, for its order."""
    from course_lib.tools import sources  # slow to import

    given = {cell.text for cell in (*before, *places)} | {""}

    def untouched(cell: Cell) -> bool:
        stub = home.get(cell, cell)
        if stub.exercise and not before:  # the old stub is not known: has it all its holes yet?
            return len(HOLE.findall(cell.source)) >= max(1, len(HOLE.findall(stub.source)))
        whole = cell.source.encode(errors="replace").decode()  # half a character has no hash
        return cell.id.startswith(f"cell-{sources.digest(chapter, cell.kind, whole)}")

    return {cell: None for cell in mine if cell.text not in given and not untouched(cell)}


def _take_places(
    yours: Iterable[Cell], before: list[Cell], new: list[Cell], home: dict[Cell, Cell]
) -> dict[Cell, Cell]:
    """For cells of the new edition, the learner's cell whose source goes there.

    An answer without a trace of its origin is known by what it defines; its home is noted.
    """
    asked = {place: _names(ASKED_FOR, place) for place in new if place.exercise}
    times = Counter(name for names in asked.values() for name in names)
    given = {cell.id: cell.text for cell in before}
    taken = {}
    for place in new:
        own = [c for c in yours if home.get(c) is place and c.kind == place.kind]
        if place in asked:
            wanted = {name for name in asked[place] if times[name] == 1}
            if not own:
                own = [c for c in yours if c.kind == "code" and wanted & _names(DEFINED, c)]
                for cell in own:
                    home.setdefault(cell, place)
            complete = [c for c in own if asked[place] <= _names(DEFINED, c)]
            own = complete or own
        elif given.get(place.id) != place.text:
            continue
        if own:
            taken[place] = own[-1]
    return taken


def _names(pattern: re.Pattern[str], cell: Cell) -> set[str]:
    return {name for match in pattern.findall(cell.source) for name in match if name}


def _own(cell: Cell, used: set[str]) -> dict[str, Any]:
    """A cell of the learner's own: with an id that no other has, and nobody's exercise."""
    candidates = (cell.id, *(f"kept-{n}" for n in range(1, len(used) + 2)))
    new_id = next(i for i in candidates if VALID_ID.fullmatch(i) and i not in used)
    used.add(new_id)
    metadata = {k: v for k, v in (cell.metadata or {}).items() if k not in ("nbgrader", "tags")}
    if tags := [tag for tag in cell.tags if not tag.startswith("exercise-")]:
        metadata["tags"] = tags
    return cell.content(cell.source) | {"id": new_id, "metadata": metadata}


def _report(
    taken: dict[Cell, Cell], several: list[Cell], before: list[Cell], beside: int, at_end: int
) -> Iterator[str]:
    answered = [place for place in taken if place.exercise]
    carried = ", ".join(str(place.exercise) for place in answered)
    yield f"Answers carried over: {carried or 'none, there were none'}."
    if edited := len(taken) - len(answered):
        yield f"Cells of the course that you had changed, as you left them: {edited}."
    if beside:
        yield f"Further cells of yours, where they were: {beside}."
    for place in answered:
        if place in several:
            yield f"{place.exercise}: you had several cells for it; they stand side by side."
        if any(old.id == place.id and old.text != place.text for old in before):
            yield f"{place.exercise}: its stub has changed; your answer is as you wrote it."
    if at_end:
        yield f"Could not be placed, now at the end under '{KEPT.source[3:]}': {at_end}."
    if not before:
        yield "The edition that you had is not known: what is yours was judged by the new one."
