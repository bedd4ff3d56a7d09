"""Sentence pairs, by a corpus's name or from files of one's own, as a `datasets.DatasetDict`."""

import difflib
import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.corpus_files import FILE_TYPES, SPLITS, Row, read_files
from course_lib.corpus_hub import HUB, local_copy, quiet, read_hub
from course_lib.docstring_cache import load_docstrings
from course_lib.docstring_corpus import Pair as DocstringPair
from course_lib.errors import CorpusError
from course_lib.scenes import parse_alignment, scenes_corpus

if TYPE_CHECKING:
    from datasets import DatasetDict

Pair = tuple[str, str]

CORPORA = ("scenes", "docstrings", *HUB)
CUT_PERCENT = 5


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
        the packages that are installed (half a minute), with `name` and `package`;
      - `"multi30k"`: `$COURSE_DATA/multi30k` if there is one, else from the hub;
      - a folder with files named `train`, `validation` (or `valid`, `val`, `dev`) and `test`;
      - a file. A split that is missing is cut from train: 5 % of it, at least one pair, drawn with
        `seed`.

    Files are JSON lines, CSV or TSV (the first line names the columns; TSV has no quotes), each
    also as .gz, or Parquet. `source` and `target` name columns; without them the columns are those
    called `source` and `target`, or the only two there are. For `scenes` and `multi30k` they are
    `en` and `de`.

    Raises CorpusError, in one line, if there is no such corpus or anything in it is not right.
    """
    if name_or_path == "scenes":
        return _load_scenes(source, target, seed)
    if name_or_path == "docstrings":
        return _load_docstrings(source, target)
    if isinstance(name_or_path, str) and name_or_path in HUB:
        sides = (HUB[name_or_path].source, HUB[name_or_path].target)
        copy = local_copy(name_or_path)
        splits = read_files(copy) if copy else read_hub(name_or_path)
    else:
        sides = None
        path = Path(name_or_path).expanduser()
        if not path.exists():
            raise CorpusError(_unknown(str(name_or_path)))
        splits = read_files(path)
    pairs = _check(splits, source, target, sides)
    return _dataset(_cut_missing(pairs, str(name_or_path), seed))


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
) -> dict[str, list[Pair]]:
    """The two chosen columns of each split, every value a text that is not empty."""
    chosen: tuple[str, str] | None = None
    pairs: dict[str, list[Pair]] = {}
    for split, rows in splits.items():
        pairs[split] = []
        for where, row in rows:
            chosen = chosen or _choose(where, list(row), source, target, sides)
            text, translation = (_text_of(where, row, column) for column in chosen)
            pairs[split].append((text, translation))
    return pairs


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
        raise CorpusError(
            f"{where}: which columns are the pair? Name two of {listed} with --source and --target"
        )
    for column in (source, target):
        if column not in columns:
            raise CorpusError(
                f"{where}: no column {column!r}; there are {listed}: name two of them with "
                "--source and --target"
            )
    if source == target:
        raise CorpusError(f"--source and --target are both {source!r}: name two of {listed}")
    return source, target


def _text_of(where: str, row: dict[str, Any], column: str) -> str:
    if column not in row:
        raise CorpusError(
            f"{where}: no {column!r}, which earlier rows have; it has {', '.join(row)}: "
            "add it, or delete the row"
        )
    value = row[column]
    if not isinstance(value, str):
        came = "null" if value is None else f"{type(value).__name__} ({str(value)[:40]})"
        raise CorpusError(
            f"{where}: {column!r} must be text, came {came}: write text, or delete the row"
        )
    if not value.strip():
        raise CorpusError(f"{where}: {column!r} is empty: fill it in, or delete the row")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{where}: {column!r} holds half a character (a lone surrogate, {error.reason}): "
            "mend the text, or delete the row"
        ) from error
    return value


def _cut_missing(pairs: dict[str, list[Pair]], name: str, seed: int) -> dict[str, list[Pair]]:
    """All three splits; validation and test are cut from train where they are missing."""
    for split in pairs:
        if not pairs[split]:
            raise CorpusError(
                f"{name}: the {split} split has no pairs; add some, or remove its file"
            )
    train = pairs.get("train", [])
    missing = [split for split in SPLITS if split not in pairs]
    size = max(1, len(train) * CUT_PERCENT // 100)
    if len(train) <= size * len(missing):
        raise CorpusError(
            f"{name}: {len(train)} training pairs are too few to cut {' and '.join(missing)} from; "
            f"at least {len(missing) + 1} are needed"
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
    rows: Mapping[str, Sequence[tuple[str, ...]]], columns: Sequence[str] = ("source", "target")
) -> "DatasetDict":
    from datasets import Dataset, DatasetDict

    def by_column(split: str) -> dict[str, list[str]]:
        return {column: [row[i] for row in rows[split]] for i, column in enumerate(columns)}

    return DatasetDict({split: Dataset.from_dict(by_column(split)) for split in SPLITS})


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


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(Path(name).name, CORPORA, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return (
        f"{name!r} is neither a corpus ({', '.join(CORPORA)}) nor a file or folder that is there."
        f"{hint} For data of your own give the path of a folder or file: {FILE_TYPES}"
    )
