"""The learner's copies in `work/`: made once, begun afresh, or brought to a newer edition.

`work/.course/` remembers the edition that was copied: its hash in `editions.json`, its text in
`editions/`. Both are a help and never needed: without them `update` judges by the new edition.
"""

import hashlib
import json
from datetime import date
from itertools import count
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_bytes, write_text
from course_lib.tools.merging import Cell, merge, read_notebook


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_editions(file: Path) -> dict[str, str]:
    """Which edition of each chapter was copied; what cannot be read is taken as not known."""
    try:
        editions = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(editions, dict):
        return {}
    return {name: edition for name, edition in editions.items() if isinstance(edition, str)}


def work_folder(root: Path) -> Path:
    """The learner's folder `work/`, with a copy of every chapter that it does not have yet.

    What is there is never overwritten. A chapter that is now newer than the edition which was
    copied is told in one line.
    """
    work = root / "work"
    work.mkdir(exist_ok=True)
    for chapter in chapters(root):
        name, known = chapter.name, _copied_edition(work, chapter.name)
        if not (work / name).exists():
            _place(work, chapter, chapter.read_bytes())
        elif known == digest(chapter) or (known is None and _has_all_cells(work / name, chapter)):
            _remember(work, chapter)
        else:
            print(
                f"course: notebooks/{name} is newer than your copy, which stays as it is "
                f"(`course update {name[:2]}` takes the new one and carries your answers over)"
            )
    return work


def reset(root: Path, wanted: str) -> str:
    """Begin a chapter afresh, the old copy kept aside. Returns what to tell the learner.

    Raises CourseError for a chapter that does not exist.
    """
    chapter = find_chapter(root, wanted)
    work, label = root / "work", f"work/{chapter.name}"
    if not (work / chapter.name).exists():
        _place(work, chapter, chapter.read_bytes())
        return f"There was no copy to reset. {label} is new."
    kept = _set_aside(work / chapter.name, "reset")
    _place(work, chapter, chapter.read_bytes())
    return f"{label} is new. Your earlier copy is kept as work/{kept.name}."


def update(root: Path, wanted: str) -> str:
    """Take a chapter's newer edition and carry the learner's cells over, the old copy kept aside.

    Returns what to tell the learner. Raises CourseError, with nothing touched, for a chapter that
    does not exist or a copy that is no notebook.
    """
    chapter = find_chapter(root, wanted)
    work, label = root / "work", f"work/{chapter.name}"
    copy = work / chapter.name
    if not copy.exists():
        _place(work, chapter, chapter.read_bytes())
        return f"There was no copy to update. {label} is new."
    try:
        _, mine = read_notebook(copy)
    except CourseError as error:
        remedy = f"`course reset {chapter.name[:2]}` keeps it aside and begins afresh"
        raise CourseError(f"{error}; nothing was changed; {remedy}") from error
    notebook, new = read_notebook(chapter)
    if digest(chapter) in (digest(copy), _copied_edition(work, chapter.name)):
        return f"{label} is the newest edition already. Nothing was changed."
    merged = merge(chapter.stem, mine, _cells_as_copied(work, chapter.name), new)
    content = {**notebook, "cells": merged.cells}
    kept = _set_aside(copy, "update")
    _place(work, chapter, (json.dumps(content, indent=1) + "\n").encode())
    told = [
        f"{label} is the newest edition now. Your earlier copy is kept as work/{kept.name}.",
        *merged.report,
        "If the chapter is open in JupyterLab: File > Reload Notebook from Disk.",
    ]
    return "\n".join(told)


def chapters(root: Path) -> list[Path]:
    """The learner's edition of every chapter; a copy that was set aside has a dot in its stem."""
    found = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    return [file for file in found if "." not in file.stem]


def find_chapter(root: Path, wanted: str) -> Path:
    """The chapter "03_heads", "03" or "3". Raises CourseError if there is none."""
    there = chapters(root)
    for file in there:
        if wanted == file.stem or wanted.zfill(2) == file.stem[:2]:
            return file
    known = ", ".join(file.stem for file in there) or "none"
    raise CourseError(f"no chapter {wanted!r} in notebooks/; there are: {known}")


def _set_aside(copy: Path, reason: str) -> Path:
    """Copy the learner's copy to a name that is free."""
    name = f"{copy.stem}.before-{reason}-{date.today()}"
    names = (f"{name}{'' if n == 1 else f'-{n}'}.ipynb" for n in count(1))
    kept = next(path for path in map(copy.with_name, names) if not path.exists())
    write_bytes(kept, copy.read_bytes())
    return kept


def _place(work: Path, chapter: Path, content: bytes) -> None:
    """Write a copy, then what it was copied from: stopped in between, `update` can run again."""
    work.mkdir(exist_ok=True)
    write_bytes(work / chapter.name, content)
    _remember(work, chapter)


def _remember(work: Path, chapter: Path) -> None:
    kept, memory = _edition_file(work, chapter.name), work / ".course" / "editions.json"
    editions, edition = read_editions(memory), digest(chapter)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists() or digest(kept) != edition:
        write_bytes(kept, chapter.read_bytes())
    if editions.get(chapter.name) != edition:
        write_text(memory, json.dumps({**editions, chapter.name: edition}, indent=1))


def _has_all_cells(copy: Path, chapter: Path) -> bool:
    """Whether a copy of an unknown edition may be of this one: none of its cells is missing."""
    try:
        _, mine = read_notebook(copy)
    except CourseError:  # nothing that `update` could carry over
        return True
    _, new = read_notebook(chapter)
    return {cell.id for cell in new} <= {cell.id for cell in mine}


def _edition_file(work: Path, name: str) -> Path:
    return work / ".course" / "editions" / name


def _copied_edition(work: Path, name: str) -> str | None:
    kept = _edition_file(work, name)
    known = read_editions(work / ".course" / "editions.json").get(name)
    return known or (digest(kept) if kept.exists() else None)


def _cells_as_copied(work: Path, name: str) -> list[Cell]:
    """The cells of the edition that was copied, or none if they were not kept whole."""
    kept = _edition_file(work, name)
    if not kept.exists() or digest(kept) != _copied_edition(work, name):
        return []
    try:
        return read_notebook(kept)[1]
    except CourseError:
        return []
