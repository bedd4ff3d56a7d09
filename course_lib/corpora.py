"""Sentence pairs, by a corpus's name or from files of one's own, as a `datasets.DatasetDict`."""

import difflib
import hashlib
import json
import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.corpus_files import FILE_TYPES, SPLITS, Row, read_files
from course_lib.corpus_hub import HUB, local_copy, quiet, read_hub, ways_out
from course_lib.docstring_cache import load_docstrings
from course_lib.docstring_corpus import Pair as DocstringPair
from course_lib.errors import CorpusError
from course_lib.scenes import parse_alignment, scenes_corpus

if TYPE_CHECKING:
    from datasets import DatasetDict

Pair = tuple[str, str]

CORPORA = ("scenes", "docstrings", *HUB)
CUT_PERCENT = 5

log = logging.getLogger(__name__)


def load_corpus(
    name_or_path: str | Path,
    *,
    source: str | None = None,
    target: str | None = None,
    seed: int = 0,
) -> "DatasetDict":
    """The splits train, validation and test with the text columns `source` and `target`.

    name_or_path:
      - `"scenes"`: generated captions, always there (`seed` draws others), with `alignment`;
      - `"docstrings"`: documentation of Python functions and its one-line summary, read once from
        the packages that are installed (about a minute), with `name` and `package`;
      - `"multi30k"` (captions of photographs), `"dialogsum"` (conversations and their summaries),
        `"xsum"` (news and their first sentence): `$COURSE_DATA/multi30k` if there is one, else from
        the Hugging Face hub. Rows with an empty side are left out;
      - a folder with files named `train`, `validation` (or `valid`, `val`, `dev`) and `test`;
      - a file. A split that is missing is cut from train: 5 % of it, at least one pair, drawn with
        `seed`.

    Files are JSON lines, CSV or TSV (the first line names the columns; TSV has no quotes), each
    also as .gz, or Parquet. `source` and `target` name columns; without them the columns are those
    called `source` and `target`, or the only two there are. For `scenes` and `multi30k` they are
    `en` and `de`, for `dialogsum` `dialogue` and `summary`, for `xsum` `document` and `summary`.

    What a corpus from the hub or a file was read from, and how much was left out, stands in
    `info.description` of its splits.

    Raises CorpusError, in one line, if there is no such corpus or anything in it is not right.
    """
    if name_or_path == "scenes":
        return _load_scenes(source, target, seed)
    if name_or_path == "docstrings":
        return _load_docstrings(source, target)
    if isinstance(name_or_path, str) and name_or_path in HUB:
        return _load_hub(name_or_path, source, target, seed)
    path = Path(name_or_path).expanduser()
    if not path.exists():
        raise _unknown(str(name_or_path))
    pairs, _ = _check(read_files(path), source, target, sides=None)
    return _dataset(_cut_missing(pairs, str(name_or_path), seed), about=str(path))


def corpus_note(name: str, corpus: "DatasetDict") -> str | None:
    """In what a corpus differs from the one that the course's figures were measured on, in a
    sentence; None if it does not, or if there are no figures."""
    if name == "docstrings":
        return load_docstrings().manifest.note()
    measured = HUB[name].measured if name in HUB else ()
    if not measured or (fingerprint := corpus_fingerprint(corpus)) in measured:
        return None
    return (
        f"{name}: these texts ({corpus['train'].info.description}; fingerprint {fingerprint}) are "
        f"not those that the course's figures were measured on ({measured[0]}): expect other "
        "figures"
    )


def corpus_fingerprint(corpus: "DatasetDict") -> str:
    """16 hexadecimal digits that change when any text of any split does."""
    digest = hashlib.sha256()
    for split in sorted(corpus):
        for column in ("source", "target"):
            texts = list(corpus[split][column][:])
            digest.update(json.dumps([split, column, texts]).encode())
    return digest.hexdigest()[:16]


def _check(
    splits: dict[str, Iterable[Row]],
    source: str | None,
    target: str | None,
    sides: tuple[str, str] | None,
    *,
    leave_out_empty: bool = False,
) -> tuple[dict[str, list[Pair]], int]:
    """The two chosen columns of each split, every value a text that is not empty. Also how many
    rows were left out because one was."""
    chosen: tuple[str, str] | None = None
    pairs: dict[str, list[Pair]] = {}
    left_out = 0
    for split, rows in splits.items():
        pairs[split] = []
        for where, row in rows:
            chosen = chosen or _choose(where, list(row), source, target, sides)
            if leave_out_empty and any(_is_empty(row.get(column, "?")) for column in chosen):
                left_out += 1
                continue
            text, translation = (_text_of(where, row, column) for column in chosen)
            pairs[split].append((text, translation))
    return pairs, left_out


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _choose(
    where: str,
    columns: list[str],
    source: str | None,
    target: str | None,
    sides: tuple[str, str] | None,
) -> tuple[str, str]:
    """The columns for source and target. If one is given, the other is the side that is left."""
    if sides is None and {"source", "target"} <= set(columns):
        sides = ("source", "target")
    elif sides is None and len(columns) == 2:
        sides = (columns[0], columns[1])
    listed = ", ".join(columns)
    if sides:
        first, second = sides
        source = source or (second if target == first else first)
        target = target or (first if source == second else second)
    if source is None or target is None:
        raise CorpusError.at(
            where,
            came=f"columns {listed}",
            expected="source and target, or two columns alone",
            do="name two of them with --source and --target",
        )
    for column in (source, target):
        if column not in columns:
            raise CorpusError.at(
                where,
                came=f"no column {column!r}, there are {listed}",
                expected="two of these",
                do="name them with --source and --target",
            )
    if source == target:
        raise CorpusError.at(
            "--source and --target",
            came=f"both {source!r}",
            expected="two columns",
            do=f"name two of {listed}",
        )
    return source, target


def _text_of(where: str, row: dict[str, Any], column: str) -> str:
    if column not in row:
        raise CorpusError.at(
            where,
            came=f"columns {', '.join(row)}",
            expected=f"{column!r} as well, which earlier rows have",
            do="add it, or delete the row",
        )
    value = row[column]
    if _is_empty(value) or not isinstance(value, str):
        kind = f"{type(value).__name__} ({str(value)[:40]})"
        kind = "null" if value is None else "empty" if _is_empty(value) else kind
        raise CorpusError.at(
            where, came=f"{column!r} is {kind}", expected="text", do="write it, or delete the row"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise CorpusError.at(
            where,
            came=f"{column!r} holds half a character (a lone surrogate, {error.reason})",
            expected="whole ones",
            do="mend the text, or delete the row",
        ) from error
    return value


def _cut_missing(pairs: dict[str, list[Pair]], name: str, seed: int) -> dict[str, list[Pair]]:
    """All three splits; validation and test are cut from train where they are missing."""
    for split in pairs:
        if not pairs[split]:
            raise CorpusError.at(
                name,
                came=f"the {split} split has no pairs",
                expected="one at least",
                do=ways_out(name) if name in HUB else "add some, or remove its file",
            )
    train = pairs.get("train", [])
    missing = [split for split in SPLITS if split not in pairs]
    size = max(1, len(train) * CUT_PERCENT // 100)
    if len(train) <= size * len(missing):
        raise CorpusError.at(
            name,
            came=f"{len(train)} training pairs are too few to cut {' and '.join(missing)} from",
            expected=f"at least {len(missing) + 1}",
            do="add more, or a file for each of the splits",
        )
    drawn = random.Random(seed).sample(range(len(train)), size * len(missing))
    cut = {
        split: [train[i] for i in sorted(drawn[n * size : (n + 1) * size])]
        for n, split in enumerate(missing)
    }
    taken = set(drawn)
    rest = [pair for i, pair in enumerate(train) if i not in taken]
    return {split: rest if split == "train" else (pairs | cut)[split] for split in SPLITS}


def _dataset(
    rows: Mapping[str, Sequence[tuple[str, ...]]],
    columns: Sequence[str] = ("source", "target"),
    about: str = "",
) -> "DatasetDict":
    from datasets import Dataset, DatasetDict, DatasetInfo

    def by_column(split: str) -> dict[str, list[str]]:
        return {column: [row[i] for row in rows[split]] for i, column in enumerate(columns)}

    def dataset(split: str) -> Dataset:
        return Dataset.from_dict(by_column(split), info=DatasetInfo(description=about))

    return DatasetDict({split: dataset(split) for split in SPLITS})


def _load_hub(name: str, source: str | None, target: str | None, seed: int) -> "DatasetDict":
    """A corpus of the hub, from a copy of one's own if there is one."""
    copy = local_copy(name)
    splits, about = (read_files(copy), str(copy)) if copy else read_hub(name)
    sides = (HUB[name].source, HUB[name].target)
    pairs, left_out = _check(splits, source, target, sides, leave_out_empty=True)
    if left_out:
        about += f", without {left_out} rows that have an empty side"
    log.info("%s is from %s", name, about)
    return _dataset(_cut_missing(pairs, name, seed), about=about)


def _load_scenes(source: str | None, target: str | None, seed: int) -> "DatasetDict":
    chosen = _choose("scenes", ["en", "de"], source, target, ("en", "de"))
    corpus = scenes_corpus(seed)
    if chosen == ("en", "de"):
        return corpus

    def turn(row: dict[str, str]) -> dict[str, str]:
        links = sorted((j, i) for i, j in parse_alignment(row["alignment"]))
        return {
            "source": row["target"],
            "target": row["source"],
            "alignment": " ".join(f"{i}-{j}" for i, j in links),
        }

    with quiet():
        return corpus.map(turn, keep_in_memory=True, load_from_cache_file=False)


def _load_docstrings(source: str | None, target: str | None) -> "DatasetDict":
    """All columns, or, as of a file, only those that were asked for."""
    columns = DocstringPair._fields
    chosen = _choose("docstrings", list(columns), source, target, ("source", "target"))
    splits = load_docstrings().splits
    if chosen == ("source", "target"):
        return _dataset(splits, columns)
    sides = [columns.index(column) for column in chosen]
    return _dataset({s: [(row[sides[0]], row[sides[1]]) for row in splits[s]] for s in splits})


def _unknown(name: str) -> CorpusError:
    close = difflib.get_close_matches(Path(name).name, CORPORA, n=1)
    hint = f"did you mean {close[0]}? For" if close else "for"
    return CorpusError.at(
        repr(name),
        came="neither a corpus nor a file or folder that is there",
        expected=f"one of {', '.join(CORPORA)}, or a path",
        do=f"{hint} data of your own give the path of a folder or file, {FILE_TYPES}",
    )
