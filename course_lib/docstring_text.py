"""A docstring's text: its one-line summary, and what else it says, both as plain text.

PEP 257 asks for a summary line, a blank line, then the description. Around that there are three
dialects (reST, numpydoc, Google) and Markdown: here their markup goes and their words stay.
"""

import inspect
import itertools
import re
from collections.abc import Iterable, Iterator

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\ufeff]")
SIGNATURE = re.compile(r"[\w.]+\(.*\)(\s*->.*)?")
UNDERLINE = re.compile(r"([-=~^\"'#*+])\1{2,}")
TABLE_RULE = re.compile(r"[-=+|:]{3,}(?: +[-=+|:]{2,})*")
GOOGLE_HEADER = re.compile(
    r"(?:#+ +|\*\*)?(args|arguments|attributes|caveats|defaults?|examples?|explanation|inputs?|"
    r"key(?:word)? ?(?:args|arguments|parameters)|kwargs|methods|notes?|other parameters|outputs?|"
    r"params|parameters|raises|receives|references?|returns?|see also|shapes?|tips?|usage|"
    r"variables|warn(?:ing)?s?|yields?)(?:\*\*::?|::?\*\*|::?)",
    re.IGNORECASE,
)
# Sections that don't say what the function does, or that speak of other functions.
DROPPED = {"example", "examples", "reference", "references", "see also", "usage"}
FIELD = re.compile(r"[:@](\w+)(?: +([^:]*?))?:(?: +(.*))?")
OUTCOMES = ("return", "raise", "yield", "except")
DIRECTIVE = re.compile(r"\.\. +(?:(?:\|[^|]*\| *)?([\w:-]+?)::|\S)(.*)")
KEPT_DIRECTIVES = ("admonition", "attention", "caution", "important", "note", "tip", "warning")
LIST_ITEM = re.compile(r"(?:[-*•+]|\(?\d+[.)])\s+\S")
LABEL = re.compile(r"[\w ]+:(?: |$)")

MATH = re.compile(r":math:`([^`]+)`|(?<![\w$])\${1,2}([^$]+)\${1,2}(?![\w$])")
TEX_STYLE = re.compile(r"\\(?:text\w*|math[a-z]+|operatorname|left|right|quad)\b|[\\{}$]")
ROLE = re.compile(r":[a-zA-Z][\w:+.-]*:`([^`]+)`")
LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{0,2}|\[([^\]]+)\]\((?:https?:|[./#])[^)\s]*\)")
LITERAL = re.compile(r"``(.+?)``|`([^`]+)`_{0,2}")
BRACKETED_LITERAL = re.compile(r"\[(`[^`]+`)\]")
EMPHASIS = re.compile(r"(?<![\w*\\])(\*\*?)(?=[^\s*])([^*]+?)(?<=[^\s*\\])\1(?![\w*])")
ESCAPE = re.compile(r"\\([*_`|\\ ]|(?<=\w\\)s\b)")
GONE = re.compile(
    r"\s*\[[^\]\s]*\]_(?!\w)"  # citations
    r"|<?\bhttps?://[^\s>)]*[^\s>).,;]>?"
    r"|</?(?:a|b|br|code|div|em|i|img|li|p|pre|strong|sub|sup|tip|ul)\b[^<>]*>"
    r"|(?<!\S)> (?:\[!\w+\])?"  # Markdown's quotations and call-outs
    r"|[\u2500-\u259f]+",  # lines and boxes
    re.IGNORECASE,
)
EMPTY_POINTER = re.compile(r"(?<!\S)See(?: also)?(?:[:.](?= [A-Z]|$)|$)")  # its link has gone
SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[`:*]*[A-Z0-9]|\()")
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|a\.k\.a|w\.r\.t|vs|etc|cf|al|fig|eq|eqn|no|approx|resp|ex|[a-z])\.$",
    re.IGNORECASE,
)


def split_docstring(docstring: str) -> tuple[str, str]:
    """The summary in one line, with a full stop, and the description; each may be empty.

    The summary is the first sentence, however its author broke the lines; a docstring that begins
    with its parameters has none. From the description go examples, code, references and pointers
    to other functions.
    """
    text = CONTROL.sub(" ", docstring.encode(errors="replace").decode())
    lines = _prose(inspect.cleandoc(text).split("\n"))
    if lines and SIGNATURE.fullmatch(lines[0]):  # so begin functions that are written in C
        lines = lines[1:]
    while lines and not lines[0]:
        lines = lines[1:]
    pairs = enumerate(itertools.pairwise(lines), start=1)
    end = next((i for i, (last, line) in pairs if _is_new_paragraph(line, last)), len(lines))
    if lines and GOOGLE_HEADER.fullmatch(lines[0]):
        end = 0
    summary, more = _first_sentence(plain(" ".join(lines[:end])))
    description = plain(" ".join([more, *map(_without_field_marks, lines[end:])]))
    return _as_phrase(summary), EMPTY_POINTER.sub("", description).strip()


def plain(text: str) -> str:
    """Text without the markup of reST and Markdown, in one line."""
    text = MATH.sub(lambda m: TEX_STYLE.sub(" ", m[1] or m[2]).strip(), text)
    text = ROLE.sub(lambda m: _shown(m[1]), text)
    text = BRACKETED_LITERAL.sub(r"\1", LINK.sub(lambda m: m[1] or m[2], text))
    text = LITERAL.sub(lambda m: m[1] or _shown(m[2]), text)
    text = GONE.sub("", EMPHASIS.sub(r"\2", text))
    text = ESCAPE.sub(lambda m: m[1].strip(), text).replace("`", "")  # those without a partner
    text = re.sub(r"(?<!\S)\(\s*\)", "", " ".join(text.split()))
    return re.sub(r" +([.,;)])(?!\S)", r"\1", re.sub(r"  +", " ", text)).strip()


def _shown(target: str) -> str:
    """Of a cross-reference: `text <target>` shows text, `~package.module.name` the name."""
    if "\\" in target:
        return TEX_STYLE.sub(" ", target).strip()
    if titled := re.fullmatch(r"(.+?)\s*<[^<>]*>", target, re.DOTALL):
        return titled[1]
    if target.startswith("~"):
        return target.rpartition(".")[2]
    return target[1:] if re.match(r"[.!]\w", target) else target


def _prose(lines: list[str]) -> list[str]:
    """The lines that are prose, headers as `Parameters:`. Code and dropped sections go."""
    kept = _without_doctests(_without_fences(lines))
    kept = _without_blocks(_without_underlined_sections(list(kept)))
    return [line.strip() for line in kept]


def _without_fences(lines: Iterable[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        fence = line.strip().startswith(("```", "~~~"))
        inside ^= fence
        if not inside and not fence:
            yield line


def _without_doctests(lines: Iterable[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        inside = bool(line.strip()) and (inside or line.lstrip().startswith(">>>"))
        if not inside:
            yield line


def _without_underlined_sections(lines: list[str]) -> Iterator[str]:
    """Numpydoc's and reST's sections: a title, underlined. They end where the next one begins."""
    dropping = False
    for number, line in enumerate(lines):
        if UNDERLINE.fullmatch(line.strip()) or TABLE_RULE.fullmatch(line.strip()):
            continue
        following = lines[number + 1].strip() if number + 1 < len(lines) else ""
        title = line.strip().rstrip(":")
        known = GOOGLE_HEADER.fullmatch(f"{title}:")
        if title and UNDERLINE.fullmatch(following) and (number or known):
            dropping = title.lower() in DROPPED
            line = f"{title}:"
        if not dropping:
            yield line


def _without_blocks(lines: Iterable[str]) -> Iterator[str]:
    """Drop what is indented below a directive, a `::` or a header that goes."""
    deeper_than: int | None = None
    for line in lines:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if deeper_than is not None and (not text or indent > deeper_than):
            continue
        deeper_than = None
        header, directive = GOOGLE_HEADER.fullmatch(text), DIRECTIVE.fullmatch(text)
        if directive and directive[1] in KEPT_DIRECTIVES:
            yield directive[2]
        elif directive or (header and header[1].lower() in DROPPED):
            deeper_than = indent
        elif header:
            yield f"{header[1]}:"
        elif text.endswith("::"):
            deeper_than = indent
            yield line[:-1]
        else:
            yield line


def _without_field_marks(line: str) -> str:
    """`:param int x: how many` as `x: how many`."""
    field = FIELD.fullmatch(line)
    if not field:
        return line
    kind, name, text = field[1], field[2] or "", field[3] or ""
    if kind in ("rtype", "type"):
        return ""
    if kind.startswith(OUTCOMES):
        return f"{kind.capitalize()}: {name} {text}"
    return f"{name.split()[-1]}: {text}" if name else text


def _is_new_paragraph(line: str, last: str) -> bool:
    marks = (LIST_ITEM.match(line), FIELD.fullmatch(line), GOOGLE_HEADER.fullmatch(line))
    labelled = LABEL.match(line) and last.endswith((".", ":"))
    return not line or any(marks) or bool(labelled)


def _first_sentence(text: str) -> tuple[str, str]:
    for match in SENTENCE_END.finditer(text):
        if not ABBREVIATION.search(text[: match.start() + 1]):
            return text[: match.end()].strip(), text[match.end() :]
    return text, ""


def _as_phrase(summary: str) -> str:
    """PEP 257: the summary is a phrase that ends in a period."""
    if not summary or summary.endswith((":", "...", "…", "?")):
        return summary
    summary = summary.rstrip(" .;,!") + "."
    first = summary.split(maxsplit=1)[0]
    return summary[0].upper() + summary[1:] if first.isalpha() and first.islower() else summary
