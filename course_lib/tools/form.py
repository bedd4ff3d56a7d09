"""The form of a chapter, as far as a program can judge it: lengths, words, pictures, calls."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course_lib.tools.sources import MARKER, Cell, Chapter, parse_cell

CODE_LINES, CLASS_LINES, PROSE_WORDS = 20, 35, 120
SOLVED_BYTES = 2_000_000
PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
NOT_PROSE = re.compile(
    r"^(```|~~~).*?^\1|\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`|<!--.*?-->|<[^>]+>|!(?=\[)",
    re.DOTALL | re.MULTILINE,
)
BANNED = re.compile(r"\b(simply|just|obviously)\b|!", re.IGNORECASE)
WORDS = "from course_lib.exercises import carry_on, check, hint, progress, solution"
SHELL = ("get_ipython().system", "get_ipython().getoutput")
EXITS = ("exit", "quit", "sys.exit", "os._exit")
EMPTY_ALT = re.compile(r"!\[\s*\]\(")


def form_problems(chapter: Chapter) -> Iterator[str]:
    """What the source of a chapter should not contain."""
    answered = {cell.exercise for cell in chapter.cells if cell.exercise}
    checked = {exercise for cell in chapter.cells for exercise in cell.checks}
    for exercise in sorted(answered - checked):
        yield f"{chapter.label}: exercise {exercise} has no cell with check({exercise!r}, …)."
    for exercise in sorted(checked - answered):
        yield f"{chapter.label}: check({exercise!r}, …) has no cell tagged exercise-{exercise}."
    if answered and not any(WORDS in cell.source for cell in chapter.cells):
        yield f"{chapter.label}: its learners need the words: {WORDS}."
    for cell in chapter.cells:
        rules = _prose_problems(cell) if cell.kind == "markdown" else _code_problems(chapter, cell)
        yield from (f"{chapter.where(cell)}: {problem}" for problem in rules)


def _prose_problems(cell: Cell) -> Iterator[str]:
    prose = NOT_PROSE.sub(" x ", cell.source)
    words = sum(bool(re.search(r"\w", word)) for word in prose.split())
    if words > PROSE_WORDS:
        yield f"{words} words in a prose cell, the limit is {PROSE_WORDS}. Split it."
    for match in BANNED.finditer(prose):
        around = " ".join(prose[max(0, match.start() - 25) : match.end() + 25].split())
        yield f"the house style avoids {match[0]!r} (… {around} …)."
    if EMPTY_ALT.search(cell.source) or _images_without_alt(cell.source):
        yield "a picture has no alt text. Describe what it shows."


def _code_problems(chapter: Chapter, cell: Cell) -> Iterator[str]:
    tree = parse_cell(chapter.where(cell), cell.source)
    lines, limit = _counted_lines(cell.source), CODE_LINES
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.ClassDef):
        limit = CLASS_LINES
    if lines > limit:
        yield f"{lines} lines of code in a cell, the limit is {limit}. Split it."
    if "NBVAL_" in cell.source:
        yield "nbval takes its orders from tags here, not from comments."
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in SHELL:
                yield "a `!` command fails unseen. Use Python, or tell the reader to do it."
            if called in EXITS:
                yield f"`{called}()` would end the kernel."


def _counted_lines(source: str) -> int:
    """Lines that a reader reads: no blanks, no markers, no given lines of a bug to find."""
    count, given = 0, False
    for line in source.splitlines():
        if marker := MARKER.match(line):
            given = marker.groups() == ("BEGIN", "GIVEN")
        elif line.strip() and not given:
            count += 1
    return count


def picture_problems(chapter: Chapter, solved: NotebookNode) -> Iterator[str]:
    """Pictures in the executed notebook that a screen reader cannot tell of.

    JupyterLab drops the `alt` of an image output's metadata, so the text has to stand in an
    `<img alt="…">` of a text/html output, as `course_lib.plots.show` makes it.
    """
    for cell, node in zip(chapter.cells, solved.cells, strict=True):
        for output in node.get("outputs", []):
            data = output.get("data", {})
            html = "".join(data.get("text/html", ""))
            if _images_without_alt(html) or (PICTURES & set(data) and "<img" not in html):
                yield (
                    f"{chapter.where(cell)}: a picture has no alt text."
                    " Show it by course_lib.plots.show."
                )


def _images_without_alt(html: str) -> bool:
    return any(
        not re.search(r"""\balt\s*=\s*(["'])\s*[^"'\s]""", image)
        for image in re.findall(r"<img\b[^>]*>", html)
    )
