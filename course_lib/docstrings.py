"""Python files as text to summarize: what is said of each function, and its author's summary.

    def Path.exists(follow_symlinks)
    This method normally follows symlinks; to check whether a symlink exists, add the argument …

The files are parsed, never imported, so nothing in them runs.
"""

import ast
import difflib
import io
import itertools
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.docstring_text import split_docstring
from course_lib.errors import CourseError

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

WORD = re.compile(r"\w{1,16}|[^\w\s]")  # a mark counts as a word, a very long word as several
MAX_WORDS = 200
MAX_PARAMETERS = 20
MAX_ANNOTATION = 30  # characters
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")  # where statements hold statements
# A documentation of fewer words is followed by the first lines of the code, up to so many in all.
ENOUGH_WORDS = 80


@dataclass(frozen=True)
class Example:
    """A function or class: what there is to read of it, and the summary that its author wrote.

    `source` has the signature in its first line, then the documentation without its summary, then,
    where that is short, the first lines of the code. `target` is empty if there is no docstring.
    """

    name: str  # within its file, as `Path.exists`
    source: str
    target: str
    documented: int  # words of documentation in the source


def example_from(path: Path, qualified_name: str) -> Example:
    """Read one function or class, as `double` or `Tree.insert`, of a file of one's own.

    Raises CourseError if the file can't be read or parsed, or has no such function.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path} can't be read ({error.strerror or error}): expected a Python file; "
            "correct the path"
        ) from error
    try:
        module = Module(raw)
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}" if error.lineno else str(path)
        raise CourseError(
            f"{where}: expected valid Python, came a syntax error ({error.msg}): mend it"
        ) from error
    named = [d for name, d in module.definitions if name == qualified_name]
    if not named:
        raise CourseError(_unknown(path, qualified_name, [name for name, _ in module.definitions]))
    # The last definition counts, as in Python, but not what only adds to another one.
    definition = max(reversed(named), key=lambda d: not _is_addition(d))
    return module.example(qualified_name, definition)


class Module:
    """A parsed file. Raises SyntaxError, whatever is wrong with the file."""

    def __init__(self, raw: bytes):
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
            text = raw.decode(encoding)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of invalid escapes, which are not ours to mend
                tree = ast.parse(text)
        except (ValueError, LookupError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from error
        self.lines = re.split("\r\n|\r|\n", text)  # as Python counts them
        self.definitions = list(_definitions(tree))

    def examples(self) -> Iterator[Example]:
        """All documented functions and classes."""
        for name, definition in self.definitions:
            if not _is_addition(definition) and ast.get_docstring(definition, clean=False):
                yield self.example(name, definition)

    def example(self, name: str, definition: Definition) -> Example:
        """The example of one of `definitions`."""
        docstring = ast.get_docstring(definition, clean=False) or ""
        signature = shorten(_signature(name, definition), MAX_WORDS // 2)
        summary, description = split_docstring(docstring)
        description = shorten(description, MAX_WORDS - count_words(signature))
        documented = count_words(description)
        code = shorten(self._code(definition), max(0, ENOUGH_WORDS - documented))
        source = "\n".join(part for part in (signature, description, code) if part)
        return Example(name, source, summary, documented)

    def _code(self, definition: Definition) -> str:
        """The lines after the docstring, or after the signature, that are not blank."""
        first = definition.body[0]
        if ast.get_docstring(definition, clean=False) is None:
            start = (
                min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))]) - 1
            )
        else:
            start = first.end_lineno or first.lineno
        lines = self.lines[start : start + ENOUGH_WORDS][: (definition.end_lineno or 0) - start]
        return textwrap.dedent("\n".join(line.rstrip() for line in lines if line.strip()))


def count_words(text: str) -> int:
    """How many words a text has, each punctuation mark being one."""
    return len(WORD.findall(text))


def shorten(text: str, words: int) -> str:
    """The beginning of a text, cut where a space or line ends, of at most so many words."""
    ends = [match.end() for match in itertools.islice(WORD.finditer(text), words + 1)]
    if len(ends) <= words:
        return text
    cut = ends[words - 1] if words else 0
    return text[:cut] if text[cut].isspace() else re.sub(r"\s*\S*$", "", text[:cut])


def _definitions(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Functions and classes, nested ones too, in the order of the file."""
    todo: list[tuple[str, ast.AST]] = [("", tree)]
    while todo:
        prefix, node = todo.pop()
        if isinstance(node, Definition):
            name = prefix + node.name
            yield name, node
            prefix = f"{name}."
        inner = [child for field in BLOCKS for child in getattr(node, field, ())]
        todo += [(prefix, child) for child in reversed(inner)]


def _is_addition(definition: Definition) -> bool:
    """An overload, or a property's setter or deleter: another definition speaks for it."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in definition.decorator_list}
    return not names.isdisjoint(("overload", "setter", "deleter"))


def _signature(name: str, definition: Definition) -> str:
    """As in the file, but with the qualified name, and without self, annotations and defaults."""
    if isinstance(definition, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in definition.bases[:MAX_PARAMETERS])
        return f"class {name}({bases})" if bases else f"class {name}"
    given = definition.args
    parameters = [a.arg for a in given.posonlyargs + given.args]
    if parameters[:1] in (["self"], ["cls"]):
        parameters = parameters[1:]
    parameters += [f"*{given.vararg.arg}"] if given.vararg else []
    parameters += [a.arg for a in given.kwonlyargs]
    parameters += [f"**{given.kwarg.arg}"] if given.kwarg else []
    if len(parameters) > MAX_PARAMETERS:
        parameters[MAX_PARAMETERS:] = ["..."]
    keyword = "async def" if isinstance(definition, ast.AsyncFunctionDef) else "def"
    return f"{keyword} {name}({', '.join(parameters)}){_returns(definition)}"


def _returns(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if definition.returns is None:
        return ""
    annotation = ast.unparse(definition.returns).strip("'\"")
    return f" -> {annotation}" if len(annotation) <= MAX_ANNOTATION else ""


def _unknown(path: Path, wanted: str, names: list[str]) -> str:
    if not names:
        return f"{path} has no functions: expected {wanted!r}; name another file"
    ending = [name for name in names if name.endswith(f".{wanted}")]
    close = ending or difflib.get_close_matches(wanted, names, n=3)
    hint = f"did you mean {' or '.join(dict.fromkeys(close[:3]))}?" if close else "name one of them"
    listed = ", ".join(dict.fromkeys(names[:8])) + (", …" if len(names) > 8 else "")
    return f"{path} has no function or class {wanted!r}, it has {listed}: {hint}"
