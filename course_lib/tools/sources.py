"""Read a chapter's one source, the jupytext percent script `solutions/NN_topic.py`.

What an author may write on and between the cells:

- `# %%` opens a code cell, `# %% [markdown]` a prose cell; the only metadata is `tags=[...]`.
- `exercise-3.1` tags the cell that holds the answer to exercise 3.1. In it, the answer stands
  between `### BEGIN SOLUTION` and `### END SOLUTION`; `stubs.py` says what the learner gets.
- A cell that calls `check("3.1", ...)` is that exercise's check, and is never the answer's cell.
- `nbval-ignore-output` tags a cell whose output may differ from run to run, `stderr-ok` a cell
  that may write to standard error. There are no other tags.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from course_lib.errors import CourseError

TAGS = {"nbval-ignore-output", "stderr-ok"}
CELL = re.compile(r"# %%+( |$)")
CELL_AS_WE_WRITE_IT = re.compile(r"# %%( \[markdown\])?( tags=\[.*\])?\s*")
MARKER = re.compile(r"\s*### (BEGIN|END) (SOLUTION|GIVEN)\s*$")
LOOKS_LIKE_A_MARKER = re.compile(r"\b(BEGIN|END) (SOLUTION|GIVEN)")


@dataclass(frozen=True)
class Cell:
    """One cell of the source. `line` is where it opens, counted from 1."""

    kind: str
    source: str
    line: int
    tags: tuple[str, ...]
    exercise: str | None
    checks: tuple[str, ...]

    @property
    def first_line(self) -> str:
        return next(iter(self.source.splitlines()), "")


@dataclass(frozen=True)
class Chapter:
    """A chapter as its author wrote it."""

    path: Path
    text: str
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def label(self) -> str:
        return f"solutions/{self.path.name}"

    def where(self, cell: Cell) -> str:
        return f"{self.label}:{cell.line}"


def find_chapters(root: Path, wanted: list[str]) -> list[Path]:
    """The sources of the chapters in `wanted` ("09", "9" or "09_translation"), or of all.

    Raises CourseError for a chapter that does not exist.
    """
    paths = sorted((root / "solutions").glob("[0-9][0-9]_*.py"))
    chosen = []
    for name in wanted:
        matches = [p for p in paths if name == p.stem or name.zfill(2) == p.stem[:2]]
        if not matches:
            known = ", ".join(p.stem for p in paths) or "none"
            raise CourseError(f"No chapter {name!r} in solutions/. There are: {known}.")
        chosen += matches
    return sorted(set(chosen)) if wanted else paths


def read_chapter(path: Path) -> Chapter:
    """Read a source; raises CourseError, with file and line, where it breaks the conventions."""
    label, text = f"solutions/{path.name}", path.read_text(encoding="utf-8")
    _require_balanced_markers(label, text)
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise CourseError(f"{label}:{error.lineno}: not Python: {error.msg}.") from error
    nodes = jupytext.reads(text, fmt="py:percent").cells
    opens = {n: line for n, line in enumerate(text.splitlines(), 1) if CELL.match(line)}
    for number, line in opens.items():
        if not CELL_AS_WE_WRITE_IT.fullmatch(line):
            raise CourseError(
                f"{label}:{number}: write `# %%` or `# %% [markdown]`, then tags only."
            )
    if len(opens) != len(nodes):
        raise CourseError(f"{label}:1: a chapter opens with `# %%`; move what stands before it.")
    chapter_number = str(int(path.stem[:2]))
    cells = [
        _read_cell(f"{label}:{line}", chapter_number, node, line)
        for node, line in zip(nodes, opens, strict=True)
    ]
    return Chapter(path, text, tuple(cells))


def _read_cell(where: str, chapter_number: str, node: NotebookNode, line: int) -> Cell:
    tags = tuple(node.metadata.get("tags", ()))
    exercises = [tag.removeprefix("exercise-") for tag in tags if tag.startswith("exercise-")]
    checks: tuple[str, ...] = ()
    if node.cell_type == "code":
        checks = tuple(_checked_exercises(where, node.source))
    for tag in tags:
        if tag not in TAGS and not tag.startswith("exercise-"):
            raise CourseError(
                f"{where}: unknown tag {tag!r}; use exercise-N.M, {', '.join(sorted(TAGS))}."
            )
    for exercise in {*exercises, *checks}:
        if not re.fullmatch(rf"{chapter_number}\.\d+", exercise):
            raise CourseError(f"{where}: exercise {exercise!r} should be {chapter_number}.N here.")
    has_marker = any(MARKER.match(text) for text in node.source.splitlines())
    if has_marker != (len(exercises) == 1):
        raise CourseError(
            f"{where}: an answer's cell has one tag exercise-N.M and a ### BEGIN SOLUTION."
        )
    if exercises and checks:
        raise CourseError(f"{where}: put the answer and its check into separate cells.")
    exercise = exercises[0] if exercises else None
    return Cell(node.cell_type, node.source, line, tags, exercise, checks)


def parse_cell(where: str, source: str) -> ast.Module:
    """A code cell as a syntax tree, with IPython's magics turned into calls."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError as error:
        raise CourseError(f"{where}: not Python: {error.msg}.") from error


def _checked_exercises(where: str, source: str) -> Iterator[str]:
    for node in ast.walk(parse_cell(where, source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "check":
            match node.args:
                case [ast.Constant(value=str(exercise)), *_]:
                    yield exercise
                case _:
                    raise CourseError(f'{where}: write the exercise out, as in check("3.1", …).')


def _require_balanced_markers(label: str, text: str) -> None:
    opened: tuple[str, int] | None = None
    for number, line in enumerate([*text.splitlines(), "# %%"], 1):
        if CELL.match(line) and opened:
            raise CourseError(f"{label}:{opened[1]}: ### BEGIN {opened[0]} is not closed.")
        if not LOOKS_LIKE_A_MARKER.search(line):
            continue
        marker = MARKER.match(line)
        if marker is None:
            raise CourseError(f"{label}:{number}: a marker reads `### BEGIN SOLUTION`, alone.")
        verb, kind = marker.groups()
        if verb == "BEGIN" and opened:
            raise CourseError(f"{label}:{number}: ### BEGIN {kind} inside another block.")
        if verb == "END" and (opened is None or opened[0] != kind):
            raise CourseError(f"{label}:{number}: ### END {kind} closes nothing.")
        opened = (kind, number) if verb == "BEGIN" else None


def imported_modules(root: Path, path: Path) -> list[Path]:
    """The files of course_lib that a source imports, directly or through one another."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        for name in _imports(root, file):
            module = root.joinpath(*name.split("."))
            for candidate in (module.with_suffix(".py"), module / "__init__.py"):
                if candidate.is_file() and candidate not in found:
                    found.add(candidate)
                    waiting.append(candidate)
    return sorted(found)


def _imports(root: Path, file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = file.relative_to(root).parts[: -node.level]
                base = ".".join([*package, *filter(None, [base])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (n for n in names if n.startswith("course_lib.") or n == "course_lib")


def digest(*texts: str) -> str:
    """A short hash of texts, the same everywhere."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
