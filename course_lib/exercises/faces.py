"""What the learner sees: the same content as HTML, in the notebook's own colours, and as text."""

from dataclasses import dataclass
from html import escape
from typing import Literal

Tone = Literal["good", "wrong", "calm"]
BORDER = {
    "good": "var(--jp-success-color1, #2e7d32)",
    "wrong": "var(--jp-error-color1, #c62828)",
    "calm": "var(--jp-info-color1, #0277bd)",
}
TEXT = "var(--jp-content-font-color1, inherit)"
FAINT = "var(--jp-layout-color2, rgba(128, 128, 128, 0.15))"
MONO = "var(--jp-code-font-family, monospace)"
PRE = (
    f"margin:0.2em 0;padding:0.4em 0.6em;background:{FAINT};color:{TEXT};"
    f"font-family:{MONO};white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
)
CELL = f"padding:0.1em 0.5em;text-align:right;font-family:{MONO};color:{TEXT};background:none"


@dataclass(frozen=True)
class Words:
    """A paragraph, opened by a word or two in bold."""

    label: str
    text: str

    def html(self) -> str:
        label = f"<strong>{escape(self.label)}</strong> " if self.label else ""
        return f'<p style="margin:0.4em 0">{label}{_with_code(self.text)}</p>'

    def plain(self) -> str:
        return f"{self.label} {self.text}".strip()


@dataclass(frozen=True)
class Listing:
    """Text in columns, or code."""

    label: str
    text: str

    def html(self) -> str:
        pre = f'<pre style="{PRE}">{escape(self.text)}</pre>'
        return Words(self.label, "").html() * bool(self.label) + pre

    def plain(self) -> str:
        lines = [f"  {line}".rstrip() for line in self.text.splitlines()]
        return "\n".join([self.label, *lines] if self.label else lines)


@dataclass(frozen=True)
class Comparison:
    """Two small tables side by side, with the first cell that differs marked in both."""

    title: str
    got: list[list[str]]
    expected: list[list[str]]
    cell: tuple[int, int]

    def _tables(self) -> tuple[tuple[str, list[list[str]], str], ...]:
        return ("you have", self.got, "✗"), ("expected", self.expected, "✓")

    def html(self) -> str:
        tables = "".join(_table(*table, self.cell) for table in self._tables())
        side_by_side = f'<div style="display:flex;flex-wrap:wrap;gap:2em">{tables}</div>'
        return Words("", self.title).html() + side_by_side

    def plain(self) -> str:
        left, right = (
            [caption, *_marked(rows, mark, self.cell)] for caption, rows, mark in self._tables()
        )
        width = max(map(len, left))
        pairs = zip(left, right, strict=True)
        return "\n".join([self.title, *(f"  {a:<{width}}    {b}".rstrip() for a, b in pairs)])


Part = Words | Listing | Comparison


@dataclass(frozen=True, repr=False)
class Face:
    """Something to show: in a notebook as HTML, elsewhere as its `repr`."""

    tone: Tone
    symbol: str
    title: str
    parts: tuple[Part, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([f"{self.symbol} {self.title}", *(part.plain() for part in self.parts)])

    def _repr_html_(self) -> str:
        style = (
            f"border-left:4px solid {BORDER[self.tone]};padding:0.2em 0.8em;color:{TEXT};"
            "max-width:52em;line-height:1.45"
        )
        title = (
            f'<p style="margin:0.2em 0"><span aria-hidden="true" style="font-weight:bold">'
            f"{self.symbol}</span> <strong>{escape(self.title)}</strong></p>"
        )
        parts = "".join(part.html() for part in self.parts)
        return f'<div role="status" style="{style}">{title}{parts}</div>'


@dataclass(frozen=True, repr=False)
class Result(Face):
    """What a check found. `mistake` is the name of the mistake (or group) it recognised."""

    passed: bool = False
    diagnosis: str = ""
    mistake: str = ""


def _with_code(text: str) -> str:
    """Escaped text, with `code` in backticks set as code."""
    pieces = escape(text).split("`")
    code = f'<code style="background:{FAINT};color:{TEXT};padding:0 0.2em">'
    return "".join(f"{code}{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def _table(caption: str, rows: list[list[str]], mark: str, cell: tuple[int, int]) -> str:
    lines, colour = [], BORDER["good" if mark == "✓" else "wrong"]
    for i, row in enumerate(rows):
        cells = []
        for j, text in enumerate(row):
            here = (i, j) == cell
            style = CELL + f";font-weight:bold;outline:2px solid {colour}" * here
            marked = f'<span role="img" aria-label="differs">{mark}</span>&nbsp;' * here
            cells.append(f'<td style="{style}">{marked}{escape(text)}</td>')
        lines.append(f'<tr style="background:none">{"".join(cells)}</tr>')
    return (
        f'<table style="border-collapse:collapse;margin:0.2em 0"><caption style="text-align:left;'
        f'color:{TEXT};padding:0">{caption}</caption><tbody>{"".join(lines)}</tbody></table>'
    )


def _marked(rows: list[list[str]], mark: str, cell: tuple[int, int]) -> list[str]:
    marked = [
        [(mark if (i, j) == cell else "") + text for j, text in enumerate(row)]
        for i, row in enumerate(rows)
    ]
    return aligned(marked)


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows of text as lines, each column right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(t.rjust(w) for t, w in zip(row, widths, strict=True)) for row in rows]
