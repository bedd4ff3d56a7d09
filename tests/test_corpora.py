import csv
import gzip
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import datasets
import huggingface_hub
import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from huggingface_hub.utils import logging as hub_logging
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import corpora, corpus_hub
from course_lib.corpora import CORPORA, corpus_fingerprint, corpus_note, load_corpus
from course_lib.corpus_hub import HUB
from course_lib.errors import CorpusError
from course_lib.scenes import parse_alignment

PAIRS = [(f"A dog, number {i}.", f"Ein Hund, „Nummer“ {i}.") for i in range(40)]
WAYS_OUT = ("go online", "HF_HUB_OFFLINE", "COURSE_DATA=FOLDER", "take scenes", "of your own")


@pytest.fixture(autouse=True)
def no_cache_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.delenv("COURSE_DATA", raising=False)


def write(path: Path, pairs, columns=("en", "de")) -> Path:
    """Write pairs in the format that the file's name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(columns, pair, strict=True)) for pair in pairs]
    kind = path.name.partition(".")[2].removesuffix(".gz")
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        return path
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        if kind == "csv":
            csv.writer(file).writerows([columns, *pairs])
        elif kind == "tsv":
            file.writelines("\t".join(fields) + "\n" for fields in [columns, *pairs])
        else:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def pairs_of(corpus, split):
    return list(zip(corpus[split]["source"], corpus[split]["target"], strict=True))


def error_of(path, **columns) -> str:
    with pytest.raises(CorpusError) as caught:
        load_corpus(path, **columns)
    message = str(caught.value)
    assert "\n" not in message
    return message


# What loads

FORMATS = ["jsonl", "jsonl.gz", "ndjson", "json", "csv", "csv.gz", "tsv", "tsv.gz", "parquet"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_folder_in_every_format(tmp_path, kind):
    write(tmp_path / f"train.{kind}", PAIRS)
    write(tmp_path / f"val.{kind}", PAIRS[:3])
    write(tmp_path / f"test.{kind}", PAIRS[3:5])
    (tmp_path / "README.md").write_text("Not a split.")
    corpus = load_corpus(str(tmp_path))
    assert isinstance(corpus, datasets.DatasetDict)
    assert list(corpus) == ["train", "validation", "test"]
    assert [pairs_of(corpus, split) for split in corpus] == [PAIRS, PAIRS[:3], PAIRS[3:5]]
    assert corpus["train"].column_names == ["source", "target"]


def test_hidden_files_are_no_shards(tmp_path):
    write(tmp_path / "train" / "1.csv", PAIRS)
    (tmp_path / "train" / ".DS_Store").touch()
    corpus = load_corpus(tmp_path)
    assert sum(len(corpus[split]) for split in corpus) == len(PAIRS)


@pytest.mark.parametrize("name", ["validation", "valid", "val", "dev"])
def test_the_names_of_the_validation_split(tmp_path, name):
    write(tmp_path / "train.csv", PAIRS)
    write(tmp_path / f"{name}.csv", PAIRS[:4])
    assert pairs_of(load_corpus(tmp_path), "validation") == PAIRS[:4]


def test_shards_are_put_together(tmp_path):
    write(tmp_path / "train-00000-of-00002.parquet", PAIRS[:30])
    write(tmp_path / "train-00001-of-00002-0a1b.parquet", PAIRS[30:])
    write(tmp_path / "test-00000-of-00001.parquet", PAIRS[:4])
    write(tmp_path / "validation-00000-of-00001.parquet", PAIRS[:4])
    assert pairs_of(load_corpus(tmp_path), "train") == PAIRS


def test_from_one_file_validation_and_test_are_cut(tmp_path):
    file = write(tmp_path / "mine.tsv", PAIRS)
    corpus = load_corpus(file)
    assert [len(corpus[split]) for split in corpus] == [36, 2, 2]
    assert sorted(pair for split in corpus for pair in pairs_of(corpus, split)) == sorted(PAIRS)
    assert corpus_fingerprint(corpus) == corpus_fingerprint(load_corpus(file))
    assert corpus_fingerprint(corpus) != corpus_fingerprint(load_corpus(file, seed=1))


def test_a_folder_without_validation_cuts_only_that(tmp_path):
    write(tmp_path / "train.jsonl", PAIRS)
    write(tmp_path / "test.jsonl", PAIRS[:7])
    corpus = load_corpus(tmp_path)
    assert [len(corpus[split]) for split in corpus] == [38, 2, 7]
    assert pairs_of(corpus, "test") == PAIRS[:7]


def test_three_pairs_are_enough_and_two_are_not(tmp_path):
    corpus = load_corpus(write(tmp_path / "three.csv", PAIRS[:3]))
    assert [len(corpus[split]) for split in corpus] == [1, 1, 1]
    message = error_of(write(tmp_path / "two.csv", PAIRS[:2]))
    assert "2 training pairs are too few" in message
    assert "at least 3" in message


def test_a_changed_file_is_read_anew(tmp_path):
    file = write(tmp_path / "mine.jsonl", PAIRS)
    before, stat = load_corpus(file), file.stat()
    write(file, [(text.replace("dog", "cat"), t) for text, t in PAIRS])
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # the same size and time
    assert file.stat().st_size == stat.st_size
    after = load_corpus(file)
    assert "cat" in after["train"][0]["source"]
    assert corpus_fingerprint(before) != corpus_fingerprint(after)
    assert not (tmp_path / "cache").exists()


TRAPS = ["NA", "null", "1234", "007", "2020-01-01", "true", "nan", "-", "1e5", "3.10", " spaced "]


@pytest.mark.parametrize("kind", FORMATS)
def test_text_that_looks_like_something_else_stays_text(tmp_path, kind):
    pairs = list(zip(TRAPS, reversed(TRAPS), strict=True))
    write(tmp_path / f"train.{kind}", pairs)
    write(tmp_path / f"validation.{kind}", PAIRS[:1])
    write(tmp_path / f"test.{kind}", PAIRS[:1])
    assert pairs_of(load_corpus(tmp_path), "train") == pairs


@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv", "parquet"])
def test_only_a_line_feed_ends_a_line(tmp_path, kind):
    pairs = [("a\u2028b", "c\u2029d"), ("e\x85f", "g\x0ch"), ('i"j', "k'l"), ("\U0001f415", "ß")]
    file = write(tmp_path / "folder" / f"train.{kind}", pairs)
    write(file.with_name(f"test.{kind}"), pairs)
    assert pairs_of(load_corpus(file.parent), "test") == pairs


def test_csv_quotes_may_hold_lines_and_tsv_has_none(tmp_path):
    pairs = [*PAIRS, ("two\nlines", 'and "quotes", too')]
    corpus = load_corpus(write(tmp_path / "mine.csv", pairs))
    assert pairs[-1] in [pair for split in corpus for pair in pairs_of(corpus, split)]
    corpus = load_corpus(write(tmp_path / "mine.tsv", [*PAIRS, ('"open', "x")]))
    assert ('"open', "x") in [pair for split in corpus for pair in pairs_of(corpus, split)]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_bytes(b"\xef\xbb\xbfen,de\r\na,b\r\n\r\nc,d\r\ne,f\r\n")
    assert len(load_corpus(file, source="en")["train"]) == 1
    file = tmp_path / "mine.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"en":"a","de":"b"}\r\n\r\n' + b'{"en":"c","de":"d"}\n' * 2)
    assert len(load_corpus(file, source="en")["train"]) == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), st.sampled_from(["jsonl", "csv"]))
def test_any_text_comes_back_as_it_was(tmp_path_factory, pairs, kind):
    if kind == "csv":
        pairs = [tuple(text.replace("\r", " ").strip() for text in pair) for pair in pairs]
        pairs = [pair for pair in pairs if all(pair)] or PAIRS[:1]
    folder = tmp_path_factory.mktemp("any")
    write(folder / f"train.{kind}", pairs)
    write(folder / f"test.{kind}", PAIRS[:1])
    write(folder / f"validation.{kind}", PAIRS[:1])
    assert pairs_of(load_corpus(folder), "train") == pairs


# Which columns

THREE_COLUMNS = [(en, de, "x") for en, de in PAIRS]


def test_columns_by_name_and_swapped(tmp_path):
    file = write(tmp_path / "mine.csv", THREE_COLUMNS, ("en", "de", "fr"))
    corpus = load_corpus(file, source="de", target="en")
    assert all("Hund" in text for text in corpus["train"]["source"])
    two = write(tmp_path / "two.csv", PAIRS)
    assert all("Hund" in text for text in load_corpus(two, source="de")["train"]["source"])
    assert all("Hund" in text for text in load_corpus(two, target="en")["train"]["source"])


def test_columns_called_source_and_target_are_taken(tmp_path):
    columns = ("target", "source", "note")
    corpus = load_corpus(write(tmp_path / "mine.jsonl", THREE_COLUMNS, columns))
    assert all("dog" in text for text in corpus["train"]["target"])


def test_wrong_columns_list_those_that_there_are(tmp_path):
    file = write(tmp_path / "mine.csv", THREE_COLUMNS, ("en", "de", "fr"))
    for columns in ({}, {"source": "en"}):
        message = error_of(file, **columns)
        assert "columns en, de, fr; expected" in message
        assert "name two of them with --source and --target" in message
    message = error_of(file, source="en", target="ger")
    assert "no column 'ger'" in message
    assert "there are en, de, fr" in message
    assert "both 'en'" in error_of(file, source="en", target="en")
    assert "columns text; expected" in error_of(write(tmp_path / "one.tsv", [("a",)], ("text",)))


# What is wrong


def test_an_unknown_name_lists_the_names_and_the_closest():
    message = error_of("multi3k")
    assert all(name in message for name in CORPORA)
    assert "did you mean multi30k?" in message
    assert "path of a folder or file" in message


def test_a_missing_path(tmp_path):
    for path in (tmp_path / "gone.csv", str(tmp_path / "gone")):
        message = error_of(path)
        assert str(path) in message
        assert "file or folder that is there" in message


def test_a_path_object_is_never_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "multi30k" / "train.csv", PAIRS)
    assert len(load_corpus("./multi30k")["train"]) == 36
    assert len(load_corpus(Path("multi30k"))["train"]) == 36


def test_a_folder_without_train(tmp_path):
    write(tmp_path / "test.csv", PAIRS)
    message = error_of(tmp_path)
    assert "no training file (found test.csv); expected train.jsonl" in message


def test_two_files_for_one_split(tmp_path):
    write(tmp_path / "train.csv", PAIRS)
    write(tmp_path / "train.jsonl", PAIRS)
    assert "train.csv and train.jsonl are the same split; expected one" in error_of(tmp_path)


def test_a_file_type_that_is_not_supported(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("a b\n")
    message = error_of(file)
    assert "mine.txt" in message
    assert ".jsonl" in message
    assert ".parquet" in message


@pytest.mark.parametrize("kind", FORMATS)
def test_files_of_no_bytes(tmp_path, kind):
    file = tmp_path / f"mine.{kind}"
    file.touch()
    assert f"{file}: the file is empty; expected pairs" in error_of(file)


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_header_and_nothing_else(tmp_path, kind):
    assert "the train split has no pairs" in error_of(write(tmp_path / f"mine.{kind}", []))


def test_a_split_without_pairs(tmp_path):
    write(tmp_path / "train.csv", PAIRS)
    write(tmp_path / "test.csv", [])
    message = error_of(tmp_path)
    assert "the test split has no pairs; expected one at least: add some, or remove" in message


BAD_VALUES = [
    ("jsonl", "line 41", ("", "x"), "'en' is empty"),
    ("jsonl", "line 41", ("x", " \u00a0\t"), "'de' is empty"),
    ("jsonl", "line 41", (None, "x"), "'en' is null; expected text"),
    ("jsonl", "line 41", ("x", 12), "'de' is int (12); expected text"),
    ("jsonl", "line 41", ("x", ["y"]), "'de' is list (['y']); expected text"),
    ("csv", "line 42", ("x", ""), "'de' is empty"),
    ("tsv", "line 42", ("", "x"), "'en' is empty"),
    ("parquet", "row 41", (None, "x"), "'en' is null; expected text"),
    ("parquet", "row 41", ("x", "  "), "'de' is empty"),
]


@pytest.mark.parametrize(("kind", "line", "pair", "expected"), BAD_VALUES)
def test_a_bad_side_is_named_with_file_and_line(tmp_path, kind, line, pair, expected):
    file = write(tmp_path / f"mine.{kind}", [*PAIRS, pair])
    message = error_of(file)
    assert f"{file}, {line}: {expected}" in message
    assert "delete the row" in message


def test_numbers_in_parquet_are_no_text(tmp_path):
    message = error_of(write(tmp_path / "mine.parquet", [("a", 1), ("b", 2)]))
    assert "row 1: 'de' is int (1); expected text" in message


def test_a_lone_surrogate(tmp_path):
    file = tmp_path / "mine.jsonl"
    file.write_text('{"en": "a", "de": "\\ud83d"}\n')
    assert "line 1: 'de' holds half a character" in error_of(file)


def test_a_row_that_lacks_a_column(tmp_path):
    file = write(tmp_path / "mine.jsonl", PAIRS)
    with file.open("a") as f:
        f.write('{"en": "a", "fr": "b"}\n')
    expected = "line 41: columns en, fr; expected 'de' as well, which earlier rows have: add it"
    assert expected in error_of(file)


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "csv", "tsv"])
def test_invalid_utf8_names_the_line(tmp_path, kind):
    file = write(tmp_path / f"mine.{kind}", PAIRS)
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "ab") as f:
        f.write("{Stra\xdfe".encode("latin-1"))
    line = 41 if kind.startswith("jsonl") else 42
    message = error_of(file)
    assert f"{file}, line {line}: not valid UTF-8" in message
    assert "save the file as UTF-8" in message


@pytest.mark.parametrize(
    ("line", "came"),
    [
        ('{"en": "a", "de": ', "no JSON"),
        ("plain text", "no JSON"),
        ("[1, 2]", "list"),
        ('"text"', "str"),
        ("[" * 9**5, "no JSON"),
    ],
)
def test_a_broken_json_line(tmp_path, line, came):
    file = write(tmp_path / "mine.jsonl", PAIRS)
    with file.open("a") as f:
        f.write(line)
    message = error_of(file)
    assert f"{file}, line 41: {came}" in message
    assert "; expected one JSON object a line" in message


@pytest.mark.parametrize(("row", "came"), [("a,b,c", 3), ("a", 1)])
def test_a_ragged_csv_row(tmp_path, row, came):
    file = write(tmp_path / "mine.csv", PAIRS)
    with file.open("a") as f:
        f.write(f"{row}\n")
    message = error_of(file)
    assert f"{file}, line 42: {came} fields; expected 2 (en, de): mend the line" in message


def test_a_ragged_tsv_row(tmp_path):
    file = write(tmp_path / "mine.tsv", [*PAIRS, ("a\tb", "c")])
    assert "line 42: 3 fields; expected 2 (en, de)" in error_of(file)


def test_a_quote_that_is_never_closed_is_named_where_it_opens(tmp_path):
    file = write(tmp_path / "mine.csv", PAIRS)
    with file.open("a") as f:
        f.write('"open,b\nc,d\n')
    assert f"{file}, line 42: broken CSV" in error_of(file)


def test_two_columns_of_one_name(tmp_path):
    file = write(tmp_path / "mine.csv", PAIRS, ("en", "de"))
    file.write_text(file.read_text().replace("en,de", "en,en", 1))
    assert "columns en, en; expected a name of its own for each" in error_of(file)


def test_damaged_files(tmp_path):
    whole = write(tmp_path / "mine.jsonl.gz", PAIRS).read_bytes()
    for name, content in [("cut", whole[:-20]), ("no", b"not gzip at all")]:
        file = tmp_path / f"{name}.jsonl.gz"
        file.write_bytes(content)
        assert f"{file}: it can't be read" in error_of(file)
    whole = write(tmp_path / "mine.parquet", PAIRS).read_bytes()
    for name, content in [("cut", whole[:-20]), ("no", b"not parquet")]:
        file = tmp_path / f"{name}.parquet"
        file.write_bytes(content)
        assert "expected a whole Parquet file: save or download it again" in error_of(file)


# The hub, and copies of it. (What real clients make of a real server: test_corpus_hub.py.)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """In the clients' place: `hub(PATH)` serves what is there, `hub(error)` lets them fail."""
    read = datasets.load_dataset

    def stand_in(content: Path | Exception, *, answers: Exception | None = None) -> list:
        calls = []

        def ask(self, repository, revision, timeout):
            assert timeout <= 10
            calls.append(("ask", repository))
            if answers:
                raise answers
            return SimpleNamespace(sha="5ha")

        def load(repository, revision):
            assert revision == (None if answers else "5ha")
            calls.append(("load", repository, datasets.config.HF_HUB_OFFLINE))
            if isinstance(content, Exception):
                raise content
            return read(str(content), cache_dir=str(tmp_path / "cache"))

        monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", ask)
        monkeypatch.setattr(datasets, "load_dataset", load)
        return calls

    return stand_in


def test_the_hub_layout_and_swapped_sides(tmp_path, hub, capfd):
    for split, pairs in [("train", PAIRS), ("val", PAIRS[:3]), ("test", PAIRS[3:5])]:
        write(tmp_path / "repo" / f"{split}.jsonl", [(*p, "x") for p in pairs], ("en", "de", "fr"))
    calls = hub(tmp_path / "repo")
    corpus = load_corpus("multi30k")
    assert calls == [("ask", "bentrevett/multi30k"), ("load", "bentrevett/multi30k", False)]
    assert [pairs_of(corpus, split) for split in corpus] == [PAIRS, PAIRS[:3], PAIRS[3:5]]
    swapped = load_corpus("multi30k", source="de", target="en")
    assert swapped["test"]["source"][:] == corpus["test"]["target"][:]
    french = load_corpus("multi30k", target="fr")
    assert french["test"]["target"][:] == ["x", "x"]
    assert "there are en, de, fr" in error_of("multi30k", target="es")
    assert capfd.readouterr() == ("", "")


def test_the_hub_with_a_bad_row(tmp_path, hub):
    write(tmp_path / "repo" / "train.parquet", [("a", 1)])
    hub(tmp_path / "repo")
    message = error_of("multi30k")
    assert "bentrevett/multi30k, train, row 1: 'de' is int (1); expected text" in message


FAILURES = [
    (ConnectionError("Couldn't reach 'bentrevett/multi30k' on the Hub"), "Couldn't reach"),
    (huggingface_hub.errors.OfflineModeIsEnabled("no"), "offline mode is on"),
    (datasets.exceptions.DatasetNotFoundError("no"), "no such repository"),
    (RuntimeError("Dataset scripts are no longer supported, but found x.py"), "loading script"),
    (TimeoutError("The read operation timed out"), "did not answer in time"),
    (OSError("403 Forbidden\nfor url x"), "403 Forbidden"),
    (KeyError(), "KeyError"),
]


@pytest.mark.parametrize("when", ["asked", "loading"])
@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_a_hub_failure_names_the_reason_and_the_ways_out(hub, failure, reason, when):
    hub(failure, answers=failure if when == "asked" else None)
    message = error_of("multi30k")
    assert reason in message
    assert all(way in message for way in WAYS_OUT)


def test_when_the_hub_is_out_of_reach_an_earlier_download_serves(tmp_path, hub):
    write(tmp_path / "repo" / "train.jsonl", PAIRS)
    calls = hub(tmp_path / "repo", answers=ConnectionError("refused"))
    assert len(load_corpus("multi30k")["train"]) == 36
    assert calls[1] == ("load", "bentrevett/multi30k", True)  # offline: no retries
    assert datasets.config.HF_HUB_OFFLINE is False


def test_offline_is_noticed_without_a_request():
    assert "offline mode is on" in error_of("multi30k")


def test_a_local_copy_comes_first(tmp_path, hub, monkeypatch):
    calls = hub(ConnectionError("refused"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert f"COURSE_DATA={tmp_path} has no multi30k" in error_of("multi30k")
    calls.clear()
    write(tmp_path / "multi30k" / "train.jsonl.gz", PAIRS)
    assert len(load_corpus("multi30k")["train"]) == 36
    assert calls == []
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "gone"))
    assert f"COURSE_DATA={tmp_path / 'gone'}: there is no such folder" in error_of("multi30k")


def test_quiet_restores_what_it_found():
    def settings() -> tuple[bool, int, int]:
        bars = datasets.are_progress_bars_disabled()
        levels = (datasets.logging.get_verbosity(), hub_logging.get_verbosity())
        return (bars, *levels)

    def fail() -> None:
        with corpus_hub.quiet():
            assert settings() != before
            raise KeyError

    before = settings()
    with pytest.raises(KeyError):
        fail()
    assert settings() == before


def test_a_word_when_the_texts_are_not_those_of_our_figures(tmp_path, hub, monkeypatch):
    write(tmp_path / "repo" / "train.jsonl", PAIRS)
    hub(tmp_path / "repo")
    corpus = load_corpus("multi30k")
    note = corpus_note("multi30k", corpus) or ""
    assert re.match(r"multi30k: these texts \(bentrevett/multi30k, revision unknown; finger", note)
    assert corpus_fingerprint(corpus) in note
    assert HUB["multi30k"].measured[0] in note
    there_and_back = [
        corpus_fingerprint(load_corpus("multi30k", source=side)) for side in ("en", "de")
    ]
    measured = replace(HUB["multi30k"], measured=tuple(there_and_back))
    monkeypatch.setitem(HUB, "multi30k", measured)
    assert corpus_note("multi30k", corpus) is None
    assert corpus_note("multi30k", load_corpus("multi30k", source="de")) is None
    assert corpus_note("xsum", corpus) is None  # there are no figures
    assert corpus_note(str(tmp_path), corpus) is None
    manifest = SimpleNamespace(note=lambda: "docstrings: 2 of 31 packages …")
    monkeypatch.setattr(corpora, "load_docstrings", lambda: SimpleNamespace(manifest=manifest))
    assert corpus_note("docstrings", corpus) == "docstrings: 2 of 31 packages …"


# Scenes


@pytest.fixture(scope="module")
def scenes():
    return load_corpus("scenes")


def test_scenes_both_ways(scenes):
    sizes = {split: len(scenes[split]) for split in scenes}
    assert sizes == {"train": 24_000, "validation": 500, "test": 1_000}
    back = load_corpus("scenes", source="de")
    for there, here in zip(scenes["test"], back["test"], strict=True):
        assert (there["source"], there["target"]) == (here["target"], here["source"])
        turned = sorted((j, i) for i, j in parse_alignment(here["alignment"]))
        assert tuple(turned) == parse_alignment(there["alignment"])
    assert "there are en, de" in error_of("scenes", target="fr")


def test_the_seed_draws_other_scenes(scenes):
    assert corpus_fingerprint(scenes) == "a1d7e6f17391da45"
    assert corpus_fingerprint(load_corpus("scenes", seed=1)) != corpus_fingerprint(scenes)


# Fingerprints


def test_the_fingerprint_sees_every_text(tmp_path):
    prints = set()
    variants = [
        PAIRS,
        PAIRS[:-1],
        [(t, s) for s, t in PAIRS],
        [("A dog, number 0.x", PAIRS[0][1]), *PAIRS[1:]],
        [PAIRS[1], PAIRS[0], *PAIRS[2:]],
    ]
    for n, pairs in enumerate(variants):
        for split in ("train", "validation", "test"):
            folder = tmp_path / f"{n}-{split}"
            for name in ("train", "validation", "test"):
                write(folder / f"{name}.csv", pairs if name == split else PAIRS)
            prints.add(corpus_fingerprint(load_corpus(folder)))
    assert len(prints) == 1 + 3 * (len(variants) - 1)
