"""Files of one's own, row by row: JSON lines, CSV, TSV, Parquet.

They are not read by `datasets.load_dataset`: its readers guess types (a column of dates becomes
timestamps, the word NA a missing value) and name no line when something is wrong.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from course_lib.errors import CorpusError

Row = tuple[str, dict[str, Any]]  # where it stands, for errors; and its values by column

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {name: name for name in SPLITS} | dict.fromkeys(("valid", "val", "dev"), "validation")
SPLIT_FILE = re.compile(rf"({'|'.join(SPLIT_NAMES)})(?P<shard>-\d+-of-\d+[^.]*)?\..+")
FILE_TYPES = ".jsonl, .ndjson, .json (one object a line), .csv, .tsv (each also .gz) and .parquet"
INNER_FOLDERS = ("data", "default")  # where repositories on the hub keep their Parquet files
JSON_LINE = "one JSON object a line, with a key for each column"
AGAIN = "save or download it again"
MEND = "mend the line, or delete it"


def read_files(path: Path) -> dict[str, Iterable[Row]]:
    """The rows of each split that a folder has; a single file is all train."""
    if not path.is_dir():
        return {"train": _read_file(path)}
    folders = [path, *(path / name for name in INNER_FOLDERS if (path / name).is_dir())]
    files = next(filter(None, map(_split_files, folders)), {})
    if "train" not in files:
        there = ", ".join(sorted(file.name for file in path.iterdir())[:8]) or "nothing"
        raise CorpusError.at(
            path,
            came=f"no training file (found {there})",
            expected=f"train.jsonl, or another of {FILE_TYPES}",
            do="add it, or rename the file that it is",
        )
    return {
        split: chain.from_iterable(map(_read_file, files[split]))
        for split in SPLITS
        if split in files
    }


def _split_files(folder: Path) -> dict[str, list[Path]]:
    """The files of each split: train.csv, or its shards, or all that is in a folder train."""
    files: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name in SPLIT_NAMES and entry.is_dir():
            shown = (file for file in entry.iterdir() if not file.name.startswith("."))
            files.setdefault(SPLIT_NAMES[entry.name], []).extend(sorted(shown))
        elif match := SPLIT_FILE.fullmatch(entry.name):
            others = files.setdefault(SPLIT_NAMES[match[1]], [])
            if others and not match["shard"]:
                raise CorpusError.at(
                    folder,
                    came=f"{others[0].name} and {entry.name} are the same split",
                    expected="one file",
                    do="keep one of them",
                )
            others.append(entry)
    return files


def _read_file(path: Path) -> Iterator[Row]:
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    reader = {
        ".jsonl": _read_json,
        ".ndjson": _read_json,
        ".json": _read_json,
        ".csv": _read_csv,
        ".tsv": _read_tsv,
        ".parquet": _read_parquet,
    }.get(kind.lower())
    if reader is None:
        raise CorpusError.at(
            path,
            came=f"a file of type {path.suffix or 'none'}",
            expected=f"one of {FILE_TYPES}",
            do="save it as one of these",
        )
    try:
        if path.stat().st_size == 0:
            raise CorpusError.at(
                path, came="the file is empty", expected="pairs of texts", do=AGAIN
            )
        yield from reader(path)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError.at(
            path,
            came=f"it can't be read ({error})",
            expected=f"a whole {path.suffix} file that you may read",
            do=AGAIN,
        ) from error


def _read_json(path: Path) -> Iterator[Row]:
    for where, text in _lines(path):
        if text.isspace():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CorpusError.at(
                where, came=f"no JSON ({error})", expected=JSON_LINE, do=MEND
            ) from error
        if not isinstance(row, dict):
            raise CorpusError.at(where, came=type(row).__name__, expected=JSON_LINE, do=MEND)
        yield where, row


def _read_csv(path: Path) -> Iterator[Row]:
    reader = csv.reader((text for _, text in _lines(path)), strict=True)

    def records() -> Iterator[tuple[str, list[str]]]:
        while True:
            where = f"{path}, line {reader.line_num + 1}"
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise CorpusError.at(
                    where,
                    came=f"broken CSV ({error})",
                    expected="fields with commas between them",
                    do="quote a field that holds a comma, a quote or a line break, and write a "
                    'quote inside it as ""',
                ) from error
            yield where, fields

    return _name_fields(records())


def _read_tsv(path: Path) -> Iterator[Row]:
    lines = ((where, text.rstrip("\r\n")) for where, text in _lines(path))
    return _name_fields((where, text.split("\t") if text else []) for where, text in lines)


def _name_fields(records: Iterable[tuple[str, list[str]]]) -> Iterator[Row]:
    """Rows whose columns are named by the first. Blank lines are left out."""
    columns: list[str] = []
    for where, fields in records:
        if not fields:
            continue
        if not columns:
            columns = fields
            if len(set(columns)) < len(columns):
                raise CorpusError.at(
                    where,
                    came=f"columns {', '.join(columns)}",
                    expected="a name of its own for each",
                    do="rename one",
                )
        elif len(fields) != len(columns):
            raise CorpusError.at(
                where,
                came=f"{len(fields)} fields",
                expected=f"{len(columns)} ({', '.join(columns)})",
                do="mend the line, or quote fields that hold the separator (CSV only)",
            )
        else:
            yield where, dict(zip(columns, fields, strict=True))


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches() for row in batch.to_pylist())
            for number, row in enumerate(rows, 1):
                yield f"{path}, row {number}", row
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise CorpusError.at(
            path, came=f"it can't be read ({error})", expected="a whole Parquet file", do=AGAIN
        ) from error


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Where each line stands, and its text. Only a line feed ends a line, whatever Unicode says."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            where = f"{path}, line {number}"
            try:
                yield where, raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise CorpusError.at(
                    where,
                    came=f"not valid UTF-8 ({error.reason} at byte {error.start + 1} of the line)",
                    expected="UTF-8",
                    do="save the file as UTF-8",
                ) from error
