"""Cut the answers out: what a learner finds where the source holds an answer.

- In a function or method, the lines between `### BEGIN SOLUTION` and `### END SOLUTION` become
  `raise NotImplementedError("3.1 split_heads")`.
- Outside a function they are assignments, values to predict: `prediction = 0.5` becomes
  `prediction = ...`.
- In a cell with `### BEGIN GIVEN` … `### END GIVEN`, a bug to find, the solution goes and the
  given lines, commented in the source, stand uncommented in its place.
"""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.errors import CourseError
from course_lib.tools.sources import MARKER, Cell, Chapter

Function = ast.FunctionDef | ast.AsyncFunctionDef
DISTINCTIVE = 16  # an answer's line with fewer characters may stand elsewhere by chance


@dataclass(frozen=True)
class _Block:
    """Lines first … last of a cell, markers included, counted from 0."""

    kind: str
    first: int
    last: int


def learner_source(chapter: Chapter, cell: Cell) -> str:
    """The cell as the learner's edition has it."""
    if cell.exercise is None:
        return cell.source
    lines, result, position = cell.source.splitlines(), [], 0
    for block in _blocks(lines):
        result += lines[position : block.first]
        result += _replacement(chapter, cell, lines, block)
        position = block.last + 1
    source = "\n".join(result + lines[position:])
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise CourseError(
            f"{chapter.where(cell)}: without its answer, exercise {cell.exercise} is not Python:"
            f" {error.msg}."
        ) from error
    return source


def _blocks(lines: list[str]) -> list[_Block]:
    blocks, first = [], 0
    for number, line in enumerate(lines):
        if marker := MARKER.match(line):
            if marker[1] == "BEGIN":
                first = number
            else:
                blocks.append(_Block(marker[2], first, number))
    return blocks


def _replacement(chapter: Chapter, cell: Cell, lines: list[str], block: _Block) -> list[str]:
    inside = lines[block.first + 1 : block.last]
    if block.kind == "GIVEN":
        return _uncommented(chapter, cell, inside)
    if any(other.kind == "GIVEN" for other in _blocks(lines)):
        return []
    tree = ast.parse(cell.source)
    if name := _enclosing_function(tree, block.first + 1):
        indent = re.match(r"\s*", lines[block.first])
        return [f'{indent[0] if indent else ""}raise NotImplementedError("{cell.exercise} {name}")']
    answers = [
        node
        for node in tree.body
        if block.first < node.lineno - 1 < block.last and isinstance(node, ast.Assign)
    ]
    if not answers or len(answers) != len(ast.parse("\n".join(inside)).body):
        raise CourseError(
            f"{chapter.where(cell)}: outside a function, a solution is made of assignments."
        )
    return [
        " = ".join(ast.unparse(target) for target in node.targets) + " = ..." for node in answers
    ]


def _uncommented(chapter: Chapter, cell: Cell, lines: list[str]) -> list[str]:
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            raise CourseError(
                f"{chapter.where(cell)}: given lines are commented: {line.strip()!r}."
            )
    return [re.sub(r"^(\s*)# ?", r"\1", line) for line in lines]


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Functions and methods that stand in the open, not those inside a function."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner


def _enclosing_function(tree: ast.Module, line: int) -> str | None:
    for name, node in _functions(tree):
        if node.lineno < line <= (node.end_lineno or node.lineno):
            return name
    return None


def _signatures(source: str) -> dict[str, str]:
    tree = ast.parse(source)
    found = {name: ast.unparse(_without_body(node)).strip() for name, node in _functions(tree)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = f"class {node.name}({', '.join(map(ast.unparse, node.bases))})"
    return found


def _without_body(node: Function) -> ast.AST:
    bare = copy.copy(node)
    bare.body = []
    return bare


def signature_problems(chapter: Chapter, cell: Cell, learner: str) -> Iterator[str]:
    """Where a stub is not called as its solution is."""
    given = _signatures(learner)
    for name, signature in _signatures(cell.source).items():
        if given.get(name) != signature:
            yield (
                f"{chapter.where(cell)}: exercise {cell.exercise}: the solution has `{signature}`,"
                f" the learner's edition `{given.get(name, 'no ' + name)}`. Make them agree."
            )


def leaks(chapter: Chapter, learner_cells: list[str]) -> Iterator[str]:
    """Answers that can be read somewhere in the learner's edition."""
    squeezed = [[_squeeze(line) for line in text.splitlines()] for text in learner_cells]
    for cell in chapter.cells:
        for answer in _answer_lines(cell):
            pattern = re.compile(rf"(?<![\w.]){re.escape(_squeeze(answer))}(?![\w.])")
            for number, lines in enumerate(squeezed, 1):
                if any(pattern.search(line) for line in lines):
                    yield (
                        f"notebooks/{chapter.name}.ipynb: cell {number} gives away the answer of"
                        f" {cell.exercise}, `{answer.strip()}`. Take it out of {chapter.label}."
                    )


def _answer_lines(cell: Cell) -> Iterator[str]:
    if cell.exercise is None:
        return
    lines = cell.source.splitlines()
    blocks = {kind: [b for b in _blocks(lines) if b.kind == kind] for kind in ("SOLUTION", "GIVEN")}
    given = {
        _squeeze(line.lstrip("# ")) for b in blocks["GIVEN"] for line in lines[b.first : b.last]
    }
    for block in blocks["SOLUTION"]:
        in_function = lines[block.first].startswith((" ", "\t"))
        for line in lines[block.first + 1 : block.last]:
            code = line.split("  #")[0]
            if re.match(r"\s*(#|import |from |$)", code) or _squeeze(code) in given:
                continue
            if not in_function or len(_squeeze(code)) >= DISTINCTIVE:
                yield code


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)
