"""Do the checks notice when a right answer is spoiled a little?

    python benchmarks/mutants.py [CHAPTER]...

Takes the answers in solutions/NN_*.py, spoils them one place at a time (an operator, an axis, a
constant, a name, a dropped argument or line), and hands each to its check. A spoiled answer that
passes is listed: with the reason where equivalent_mutants.toml has one (it is right as well), else
as a hole in the check, and the exit code is 1.
"""

import ast
import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from course_lib.exercises import engine
from course_lib.exercises.spec import Exercise
from course_lib.tools.sources import Chapter, find_chapters, read_chapter

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def spoiled(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Every tree that differs from this one in one place, with its first line that differs."""
    lines = ast.unparse(tree).splitlines()
    for index, node in enumerate(ast.walk(tree)):
        for number in range(len(list(_replacements(tree, node)))):
            twin = copy.deepcopy(tree)
            original = list(ast.walk(twin))[index]
            before, after = list(_replacements(twin, original))[number]
            changed = ast.fix_missing_locations(_Swap(before, after).visit(twin))
            pairs = zip(lines, ast.unparse(changed).splitlines(), strict=False)
            yield next((new.strip() for old, new in pairs if old != new), "a line less"), changed


class _Swap(ast.NodeTransformer):
    def __init__(self, before: ast.AST, after: ast.AST) -> None:
        self.before, self.after = before, after

    def visit(self, node: ast.AST) -> Any:
        return self.after if node is self.before else self.generic_visit(node)


def _replacements(tree: ast.Module, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What could stand in a node's place: the node itself, and the node instead."""
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
        for operator in OPERATORS.get(type(node.op), ()):
            yield node, _with(node, op=operator())
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.MatMult, ast.Sub, ast.Div)):
            yield node, _with(node, left=node.right, right=node.left)
    elif isinstance(node, ast.Compare):
        for operator in OPERATORS.get(type(node.ops[0]), ()):
            yield node, _with(node, ops=[operator(), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield node, node.operand
    elif isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield node, ast.Constant(value)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)) and not _is_docstring(node):
        yield node, ast.Pass()
    elif isinstance(node, ast.If):
        yield node, _with(node, test=ast.Constant(True))
        yield node, _with(node, test=ast.Constant(False))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for name in _neighbours(tree, node.id):
            yield node, ast.Name(name, ast.Load())


def _other_values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (2 * value, 0.0 if value else 1.0)


def _other_calls(node: ast.Call) -> Iterator[tuple[ast.AST, ast.AST]]:
    for i in range(len(node.keywords)):
        yield node, _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])
    if len(node.args) > 1:
        first, second, *rest = node.args
        yield node, _with(node, args=[second, first, *rest])
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node, node.func.value  # x.f(…) becomes x
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node, node.args[0]  # f(x, …) becomes x


def _is_module(node: ast.AST) -> bool:
    return ast.unparse(node) in ("torch", "F", "nn", "math", "nn.init", "super()", "nn.functional")


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _neighbours(tree: ast.Module, name: str) -> list[str]:
    """Parameters of a function that has this one, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if name in names:
                return [other for other in names if other != name]
    return []


def _with(node: Any, **changes: Any) -> Any:
    return type(node)(**{**dict(ast.iter_fields(node)), **changes})


def surroundings(chapter: Chapter) -> dict[str, Any]:
    """Imports, functions and classes of a chapter: what its answers may call."""
    names: dict[str, Any] = {"__name__": "answers"}
    for cell in chapter.cells:
        if cell.kind == "code":
            body = [
                statement
                for statement in ast.parse(cell.source).body
                if isinstance(
                    statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
                )
            ]
            exec(compile(ast.Module(body, []), chapter.label, "exec"), names)
    return names


def examine_chapter(chapter: Chapter) -> Iterator[tuple[str, str, bool]]:
    """For each spoiled answer: the exercise, what was changed, and whether it was caught."""
    names = surroundings(chapter)
    for cell in chapter.cells:
        task = engine.find(cell.exercise) if cell.exercise else None
        if not isinstance(task, Exercise):
            continue
        answer = ast.parse(cell.source)
        seen = {ast.unparse(answer)}
        for change, tree in spoiled(answer):
            if (text := ast.unparse(tree)) in seen:
                continue
            seen.add(text)
            inside = dict(names)
            try:
                exec(compile(tree, f"<{task.id}>", "exec"), inside)
                passed = engine.examine(task.id, inside[task.name]).passed
            except Exception:
                passed = False  # it cannot even be defined
            yield task.id, change, not passed


def main(chapters: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    torch.manual_seed(0)
    reasons: dict[str, dict[str, str]] = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    table = Table("exercise", "spoiled", "caught", "equivalent", "missed")
    survivors: list[str] = []
    holes = 0
    for path in find_chapters(ROOT, chapters or []):
        counts: dict[str, list[int]] = {}
        for exercise, change, caught in examine_chapter(read_chapter(path)):
            reason = reasons.get(exercise, {}).get(change, "")
            counted = counts.setdefault(exercise, [0, 0, 0, 0])
            counted[0] += 1
            counted[1 if caught else 2 if reason else 3] += 1
            if not caught:
                survivors.append(f"{exercise}  {change}\n      {reason or 'MISSED'}")
                holes += not reason
            elif reason:
                survivors.append(f"{exercise}  {change}\n      caught now: take its reason out")
        for exercise, numbers in counts.items():
            table.add_row(exercise, *map(str, numbers))
    console = Console()
    console.print(table)
    for line in survivors:
        console.print(line, markup=False, highlight=False)
    raise typer.Exit(int(holes > 0))


if __name__ == "__main__":
    typer.run(main)
