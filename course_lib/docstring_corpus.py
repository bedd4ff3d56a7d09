"""The corpus `docstrings` as it is made: documentation in, its one-line summary out.

A package stands in one split only, and a pair that nearly repeats another is left out, so nothing
that a model is tested on was there to be learned by heart.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from course_lib.corpus_files import SPLITS
from course_lib.docstring_packages import Package
from course_lib.docstring_text import SIGNATURE
from course_lib.docstrings import Example, Module, count_words
from course_lib.near_duplicates import earlier_likes, shingles

MIN_SUMMARY, MAX_SUMMARY = 3, 25  # words
# Words of documentation, to be measured on. To learn from, words of documentation or code will do.
MIN_TO_READ = 10
NEAR_DUPLICATE = 0.6  # of the runs of three words in two pairs are common to both

HEADER = re.compile(
    r"(?:args|arguments|equations|notes?|parameters|references|returns?)\b[.:]", re.I
)
# Where a formula or a list would follow.
UNFINISHED = re.compile(r"(?::|\.\.\.|…|\b(?:an|and|by|following|for|form|formula|of|or|the)\.)$")
UNINFORMATIVE = re.compile(
    r"(?:please |internal |private )?(?:alias|deprecated|do not use|fixme|for more|hack|"
    r"inherit(?:s|ed)|internal (?:method|use)|not (?:implemented|supported|used)|"
    r"overrid(?:e|es|den|ing)|placeholder|refer|same as|see|similar to|todo|undocumented|used by|"
    r"used internally|useless|work in progress|xxx)\b|"
    r"this (?:class|function|is|method|module)\b.* (?:deprecated|internal|adapted from|copied)\b",
    re.IGNORECASE,
)


class Pair(NamedTuple):
    """A row of the corpus. `name` is dotted: `networkx.classes.graph.Graph.add_node`."""

    source: str
    target: str
    name: str
    package: str


Splits = dict[str, list[Pair]]


@dataclass
class Census:
    """What was read of a package, and what was left out for which reason."""

    files: int = 0
    unreadable: int = 0
    documented: int = 0
    flawed: Counter[str] = field(default_factory=Counter)


def read_package(package: Package) -> tuple[list[Pair], Census]:
    """The pairs of a package that a model can learn from, duplicates included."""
    pairs, census = [], Census()
    for module_name, path in package.files():
        census.files += 1
        try:
            examples = list(Module(path.read_bytes()).examples())
        except (OSError, SyntaxError):
            census.unreadable += 1
            continue
        for example in examples:
            census.documented += 1
            if reason := flaw(example, package.split):
                census.flawed[reason] += 1
            else:
                name = f"{module_name}.{example.name}"
                pairs.append(Pair(example.source, example.target, name, package.name))
    return pairs, census


def flaw(example: Example, split: str) -> str | None:
    """Why an example is of no use in a split, or None.

    Half of all functions have a summary and nothing else. To learn from, they are as good as
    others, if their code is there; what is measured on has documentation to summarize.
    """
    summary, words = example.target, len(example.target.split())
    if split != "train" and example.documented < MIN_TO_READ:
        return f"fewer than {MIN_TO_READ} words of documentation"
    if count_words(example.source.partition("\n")[2]) < MIN_TO_READ:
        return f"fewer than {MIN_TO_READ} words beside the signature"
    if words < MIN_SUMMARY or HEADER.match(summary):
        return "no summary, or hardly one"
    if words > MAX_SUMMARY:
        return f"a summary of more than {MAX_SUMMARY} words"
    if UNINFORMATIVE.match(summary):
        return "a summary that doesn't say what it is"
    if not _is_phrase(summary):
        return "a summary that is no phrase"
    if _words(summary) in _words(example.source):
        return "a summary that stands in its source"
    return None


def without_duplicates(pairs: Splits) -> tuple[Splits, Counter[str]]:
    """Leave out pairs with the summary of another, and pairs that nearly repeat another.

    The test split is filled first and training last, so what is measured on stays as it is when
    the training packages change. The counts say what went, within a split and across splits.
    """
    ordered = [(split, pair) for split in reversed(SPLITS) for pair in pairs.get(split, [])]
    gone: Counter[str] = Counter()
    ordered = _drop("same summary", ordered, _same_summaries([pair for _, pair in ordered]), gone)
    texts = [shingles(duplicate_text(pair)) for _, pair in ordered]
    ordered = _drop("near duplicate", ordered, earlier_likes(texts, NEAR_DUPLICATE), gone)
    return {split: [pair for s, pair in ordered if s == split] for split in SPLITS}, gone


def duplicate_text(pair: Pair) -> str:
    """What counts when two pairs are compared: summary and documentation, not name and code."""
    _, documentation, *_ = [*pair.source.split("\n"), ""]
    return f"{pair.target} {documentation}"


def _same_summaries(pairs: Sequence[Pair]) -> list[int | None]:
    first: dict[str, int] = {}
    places = [first.setdefault(_words(pair.target), i) for i, pair in enumerate(pairs)]
    return [None if place == i else place for i, place in enumerate(places)]


def _drop(
    reason: str, ordered: list[tuple[str, Pair]], likes: Sequence[int | None], gone: Counter[str]
) -> list[tuple[str, Pair]]:
    """Keep those that are like no earlier one."""
    for (split, _), like in zip(ordered, likes, strict=True):
        if like is not None:
            where = "within a split" if ordered[like][0] == split else "across splits"
            gone[f"{reason} {where}"] += 1
    return [row for row, like in zip(ordered, likes, strict=True) if like is None]


def _is_phrase(summary: str) -> bool:
    """Latin letters, mostly; begun, ended, and every bracket closed."""
    letters = sum(char.isascii() and (char.isalpha() or char == " ") for char in summary)
    return (
        letters >= 0.7 * len(summary)
        and "\\" not in summary
        and summary[0] not in ":@-*#<>=.|"
        and not UNFINISHED.search(summary)
        and not SIGNATURE.fullmatch(summary.rstrip("."))
        and all(summary.count(a) == summary.count(b) for a, b in ("()", "[]", "{}"))
    )


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"\w+", text.lower()), ""])
