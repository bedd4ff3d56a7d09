"""`course build`: make a chapter's two notebooks from its one source, and hold them to it.

`solutions/NN_topic.py` gives `solutions/NN_topic.ipynb`, executed, and `notebooks/NN_topic.ipynb`,
the learner's edition. Both carry nbgrader's metadata and ids that outlive a rebuild.
"""

import copy
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.files import write_text
from course_lib.tools import kernels
from course_lib.tools.form import SOLVED_BYTES, form_problems, picture_problems
from course_lib.tools.sources import (
    Cell,
    Chapter,
    digest,
    find_chapters,
    imported_modules,
    read_chapter,
)
from course_lib.tools.stubs import leaks, learner_source, signature_problems

KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
WIDGET = "application/vnd.jupyter.widget-view+json"


def build(root: Path, chapters: list[str], check: bool) -> int:
    """Build the chapters named (all, if none is), or with `check` only say what is amiss.

    A chapter is executed if its source or a module that it imports has changed. Returns the
    exit code. Raises CourseError if a chapter named does not exist.
    """
    sources = find_chapters(root, chapters)
    if check:
        problems = [] if chapters else list(_orphans(root, sources))
        for path in sources:
            problems += _check_chapter(root, path)
        print("\n".join(problems) or f"Chapters that agree with their source: {len(sources)}.")
        return 1 if problems else 0
    failed = False
    for path in sources:
        start = time.perf_counter()
        try:
            done, remarks = _build_chapter(root, path)
        except CourseError as error:
            failed = True
            print(error, file=sys.stderr)
            continue
        print(f"{path.stem}: {done} ({time.perf_counter() - start:.1f} s)")
        for remark in remarks:
            print(f"  {remark}")
    return 1 if failed else 0


def _build_chapter(root: Path, path: Path) -> tuple[str, list[str]]:
    chapter = read_chapter(path)
    solved, learner = _solved(root, chapter), _learner(chapter)
    executed = not _take_outputs(solved, _stored(_solved_path(root, path.stem)))
    if executed:
        _execute(chapter, solved)
    files = {_solved_path(root, path.stem): solved, _learner_path(root, path.stem): learner}
    changed = [file for file, node in files.items() if _write(file, _text(node))]
    done = "executed and written" if executed else "written" if changed else "unchanged"
    return done, [*form_problems(chapter), *picture_problems(chapter, solved)]


def _execute(chapter: Chapter, solved: NotebookNode) -> None:
    print(f"{chapter.name}: running …", flush=True)
    metadata = copy.deepcopy(solved.metadata)
    try:
        kernels.run(solved, chapter.path.parent)
    except kernels.CellFailed as failure:
        cell = chapter.cells[failure.index]
        number = sum(other.kind == "code" for other in chapter.cells[: failure.index + 1])
        raise CourseError(
            f"{chapter.name}: code cell {number} ({chapter.where(cell)}, {cell.first_line!r})"
            f" stopped: {failure.error}. Nothing was written."
        ) from None
    solved.metadata = metadata  # the kernel adds its version and the state of widgets
    for node in solved.cells:
        for output in node.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def _check_chapter(root: Path, path: Path) -> Iterator[str]:
    """Every way in which a chapter's two notebooks are not what its source says."""
    remedy = f"Run `course build {path.stem[:2]}`."
    try:
        chapter = read_chapter(path)
        expected, learner = _solved(root, chapter), _learner(chapter)
    except CourseError as error:
        yield str(error)
        return
    yield from form_problems(chapter)
    for cell in chapter.cells:
        if cell.exercise:
            yield from signature_problems(chapter, cell, learner_source(chapter, cell))

    file = _learner_path(root, path.stem)
    if (kept := _stored(file)) is None:
        yield f"notebooks/{file.name} is missing or no notebook. {remedy}"
    else:
        if file.read_text(encoding="utf-8") != _text(learner):
            yield f"notebooks/{file.name} {_differs(kept, learner)}. {remedy}"
        yield from leaks(chapter, [node.source for node in kept.cells])

    file = _solved_path(root, path.stem)
    if (kept := _stored(file)) is None:
        yield f"solutions/{file.name} is missing or no notebook. {remedy}"
        return
    if file.stat().st_size > SOLVED_BYTES:
        size = file.stat().st_size / 1e6
        yield f"solutions/{file.name} has {size:.1f} MB, over 2. Show smaller or fewer pictures."
    bare = _without_outputs(kept)
    modules = bare.metadata.get("course", {}).get("modules")
    if modules != expected.metadata.course.modules:
        print(f"Warning: solutions/{file.name}: pictures may be stale, course_lib has changed.")
        bare.metadata.setdefault("course", {})["modules"] = expected.metadata.course.modules
    if _text(bare) != _text(expected) or file.read_text(encoding="utf-8") != _text(kept):
        yield f"solutions/{file.name} {_differs(bare, expected)}. {remedy}"
    else:
        yield from picture_problems(chapter, kept)


def _orphans(root: Path, sources: list[Path]) -> Iterator[str]:
    names = {path.stem for path in sources}
    for folder in ("solutions", "notebooks"):
        for file in sorted((root / folder).glob("*.ipynb")):
            if file.stem not in names:
                yield (
                    f"{folder}/{file.name} has no source solutions/{file.stem}.py."
                    " Delete it, or write the source."
                )


def _differs(found: NotebookNode, expected: NotebookNode) -> str:
    difference = "is not what its source gives"
    for number, (one, other) in enumerate(zip(found.cells, expected.cells, strict=False), 1):
        if one != other:
            return f"{difference} (first in cell {number})"
    return difference


def _solved(root: Path, chapter: Chapter) -> NotebookNode:
    """The solved edition, not yet executed."""
    ids = _cell_ids(chapter)
    modules = [file.read_text(encoding="utf-8") for file in imported_modules(root, chapter.path)]
    course = {
        "note": f"generated from {chapter.label} by course build",
        "source": digest(chapter.text),
        "modules": digest(*modules),
    }
    metadata = {"kernelspec": KERNELSPEC, "language_info": LANGUAGE, "course": course}
    cells = [_node(cell, cell_id) for cell, cell_id in zip(chapter.cells, ids, strict=True)]
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    notebook: NotebookNode = nbformat.from_dict(content)
    return notebook


def _learner(chapter: Chapter) -> NotebookNode:
    """The learner's edition: no answers, and check cells may raise."""
    learner = _solved(chapter.path.parent.parent, chapter)
    del learner.metadata.course["modules"]
    for cell, node in zip(chapter.cells, learner.cells, strict=True):
        node.source = learner_source(chapter, cell)
        if cell.checks:
            node.metadata["tags"] = [*cell.tags, "raises-exception"]
    return learner


def _node(cell: Cell, cell_id: str) -> dict[str, object]:
    metadata: dict[str, object] = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.exercise or cell.checks:
        metadata["nbgrader"] = {
            "grade_id": cell_id,
            "solution": bool(cell.exercise),
            "grade": bool(cell.checks),
            "locked": bool(cell.checks),
            "task": False,
            "cell_type": "code",
            "schema_version": 3,
        } | ({"points": 1} if cell.checks else {})
    node = {
        "id": cell_id,
        "cell_type": cell.kind,
        "metadata": metadata,
        "source": cell.source,
    }
    return node | ({"outputs": [], "execution_count": None} if cell.kind == "code" else {})


def _cell_ids(chapter: Chapter) -> list[str]:
    """Ids from what a cell is, not from where it stands: a new cell changes no other's."""
    seen: Counter[str] = Counter()
    ids = []
    for cell in chapter.cells:
        if cell.exercise:
            name = f"exercise-{cell.exercise}"
        elif cell.checks:
            name = f"check-{cell.checks[0]}"
        else:
            name = f"cell-{digest(chapter.name, cell.kind, cell.source)}"
        name = name.replace(".", "-")
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids


def _take_outputs(solved: NotebookNode, kept: NotebookNode | None) -> bool:
    """Give `solved` the outputs of an earlier run, if that ran the same source and modules."""
    if kept is None or kept.metadata.get("course") != solved.metadata.course:
        return False
    if [node.source for node in kept.cells] != [node.source for node in solved.cells]:
        return False
    for node, old in zip(solved.cells, kept.cells, strict=True):
        if node.cell_type == "code":
            node.outputs, node.execution_count = old.outputs, old.execution_count
    return True


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    bare = copy.deepcopy(notebook)
    for node in bare.cells:
        if node.cell_type == "code":
            node.outputs, node.execution_count = [], None
    return bare


def _solved_path(root: Path, name: str) -> Path:
    return root / "solutions" / f"{name}.ipynb"


def _learner_path(root: Path, name: str) -> Path:
    return root / "notebooks" / f"{name}.ipynb"


def _stored(file: Path) -> NotebookNode | None:
    try:
        notebook: NotebookNode = nbformat.read(file, as_version=4)
    except (OSError, ValueError):
        return None
    return notebook


def _text(notebook: NotebookNode) -> str:
    text: str = nbformat.writes(notebook)
    return text.rstrip("\n") + "\n"


def _write(file: Path, text: str) -> bool:
    """Write the file, or leave it alone if it would stay the same."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    file.parent.mkdir(exist_ok=True)
    write_text(file, text)
    return True
