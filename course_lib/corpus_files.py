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


def read_files(path: Path) -> dict[str, Iterable[Row]]:
    """The rows of each split that a folder has; a single file is all train."""
    if not path.is_dir():
        return {"train": _read_file(path)}
    files: dict[str, list[Path]] = {}
    for file in sorted(path.iterdir()):
        if match := SPLIT_FILE.fullmatch(file.name):
            others = files.setdefault(SPLIT_NAMES[match[1]], [])
            if others and not match["shard"]:
                raise CorpusError(
                    f"{path}: {others[0].name} and {file.name} are the same split; keep one of them"
                )
            others.append(file)
    if "train" not in files:
        there = ", ".join(sorted(file.name for file in path.iterdir())[:8]) or "nothing"
        raise CorpusError(
            f"{path} has no training file: expected train.jsonl (or another of {FILE_TYPES}), "
            f"found {there}"
        )
    return {
        split: chain.from_iterable(map(_read_file, files[split]))
        for split in SPLITS
        if split in files
    }


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
        raise CorpusError(f"{path}: can't read this type of file; it must be one of {FILE_TYPES}")
    try:
        if path.stat().st_size == 0:
            raise CorpusError(
                f"{path} is empty: expected sentence pairs; save or download it again"
            )
        yield from reader(path)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(
            f"{path} can't be read ({error}): expected a whole {path.suffix} file that "
            "you may read; save or download it again"
        ) from error


def _read_json(path: Path) -> Iterator[Row]:
    for where, text in _lines(path):
        if text.isspace():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CorpusError(
                f"{where}: expected one JSON object a line; this is no JSON ({error})"
            ) from error
        if not isinstance(row, dict):
            raise CorpusError(
                f"{where}: expected one JSON object a line, with a key for each column; "
                f"came {type(row).__name__}"
            )
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
                raise CorpusError(
                    f"{where}: broken CSV ({error}); quote a field that holds a comma, a quote "
                    'or a line break, and write a quote inside it as ""'
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
                raise CorpusError(
                    f"{where}: two columns have the same name ({', '.join(columns)}); rename one"
                )
        elif len(fields) != len(columns):
            raise CorpusError(
                f"{where}: expected {len(columns)} fields ({', '.join(columns)}), came "
                f"{len(fields)}; mend the line, or quote fields that hold the separator (CSV only)"
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
        raise CorpusError(
            f"{path} is damaged or no Parquet file ({error}); save or download it again"
        ) from error


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Where each line stands, and its text. Only a line feed ends a line, whatever Unicode says."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            where = f"{path}, line {number}"
            try:
                yield where, raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{where}: not valid UTF-8 ({error.reason} at byte {error.start + 1} of the "
                    "line); save the file as UTF-8"
                ) from error
