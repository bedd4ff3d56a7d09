"""Corpora of the hub, asked of a stand-in server by the real clients, in a process of their own."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from hub_stand_in import commit, running_hub

CAPTIONS = [{"en": f"A dog, number {i}.", "de": f"Ein Hund, „Nummer“ {i}."} for i in range(9)]
DIALOGUES = [
    {
        "id": f"d_{i}",
        "dialogue": f'#A#: Hi, {i}!\n#B#: "Hi".',
        "summary": f"{i} says hi.",
        "topic": "hi",
    }
    for i in range(8)
]
NEWS = [
    {"document": f"Rain fell.\nOn day {i}.", "summary": f"Day {i} was wet.", "id": f"{i}"}
    for i in range(7)
]
MULTI30K, DIALOGSUM, XSUM = "bentrevett/multi30k", "knkarthick/dialogsum", "EdinburghNLP/xsum"
CONVERTED = "refs/convert/parquet"
WAYS_OUT = ("go online", "HF_HUB_OFFLINE", "COURSE_DATA=FOLDER", "always there", "of your own")

# Loads what it is told to on its standard input, a JSON object a line, and answers likewise.
CLIENT = """
import faulthandler, json, os, sys
from pathlib import Path
import datasets, huggingface_hub
from course_lib import corpus_hub
from course_lib.corpora import load_corpus
from course_lib.errors import CorpusError

corpus_hub.HUB_TIMEOUT = 0.5
for line in sys.stdin:
    faulthandler.dump_traceback_later(60, exit=True)
    wish = json.loads(line)
    datasets.config.HF_DATASETS_CACHE = Path(wish["cache"])
    for settings in (datasets.config, huggingface_hub.constants):  # where HF_HUB_OFFLINE is kept
        settings.HF_HUB_OFFLINE = wish["offline"]
    os.environ["COURSE_DATA"] = wish["copies"]
    try:
        corpus = load_corpus(wish["name"])
        answer = {
            "pairs": {s: list(zip(corpus[s]["source"], corpus[s]["target"])) for s in corpus},
            "about": corpus["test"].info.description,
        }
    except CorpusError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


def as_json_lines(rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, DIALOGUES[0])
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_parquet(rows, columns=("document", "summary", "id")) -> bytes:
    sink = io.BytesIO()
    schema = pyarrow.schema([(name, pyarrow.string()) for name in columns])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema), sink)
    return sink.getvalue()


def converted(rows):
    """The layout of the hub's own Parquet: the same rows in each split."""
    return {f"default/{split}/0000.parquet": rows for split in ("train", "validation", "test")}


LAYOUTS = {
    "multi30k": {
        MULTI30K: {
            "main": {
                "README.md": b"# Captions\n",
                "train.jsonl": as_json_lines(CAPTIONS),
                "val.jsonl": as_json_lines(CAPTIONS[:3]),
                "test.jsonl": as_json_lines(CAPTIONS[3:5]),
            }
        }
    },
    "dialogsum": {
        DIALOGSUM: {
            "main": {
                "README.md": b"---\nlicense: mit\n---\n# Dialogues\n",
                "train.csv": as_csv(DIALOGUES),
                "validation.csv": as_csv(DIALOGUES[:3]),
                "test.csv": as_csv(DIALOGUES[3:5]),
            }
        }
    },
    "xsum": {
        XSUM: {
            "main": {"README.md": b"# News\n", "xsum.py": b"raise SystemExit\n"},
            CONVERTED: {
                "default/train/0000.parquet": as_parquet(NEWS[:4]),
                "default/train/0001.parquet": as_parquet(NEWS[4:]),
                "default/validation/0000.parquet": as_parquet(NEWS[:3]),
                "default/test/0000.parquet": as_parquet(NEWS[3:5]),
            },
        }
    },
}
ROWS = {
    "multi30k": [(row["en"], row["de"]) for row in CAPTIONS],
    "dialogsum": [(row["dialogue"], row["summary"]) for row in DIALOGUES],
    "xsum": [(row["document"], row["summary"]) for row in NEWS],
}


@pytest.fixture(scope="module")
def server():
    with running_hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def client(server, tmp_path_factory):
    """A process whose hub is the stand-in. All the while it is quiet on standard error."""
    home = tmp_path_factory.mktemp("home")
    inherited = {k: v for k, v in os.environ.items() if not re.match("HF_|.*proxy", k, re.I)}
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=inherited | {"HF_ENDPOINT": server.address, "HF_HOME": str(home)},
        text=True,
    ) as process:
        yield process
        _, errors = process.communicate(timeout=30)
        assert errors == ""


@pytest.fixture
def load(client, server, tmp_path):
    """Load a corpus from the hub as it is now. Gives its pairs, or the error, and its origin."""
    server.repositories, server.broken, server.silent = {}, set(), set()
    server.asked.clear()

    def ask(name, offline=False, copies=""):
        wish = {"name": name, "offline": offline, "cache": str(tmp_path), "copies": str(copies)}
        client.stdin.write(json.dumps(wish) + "\n")
        client.stdin.flush()
        return json.loads(client.stdout.readline() or client.stderr.read())

    return ask


def asked_for(server, repository):
    return sum(repository in path for _, path in server.asked)


def splits_of(answer):
    assert "error" not in answer, answer["error"]
    return [[tuple(pair) for pair in answer["pairs"][s]] for s in ("train", "validation", "test")]


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_corpus_in_the_layout_of_its_repository(load, server, name):
    server.repositories = LAYOUTS[name]
    answer = load(name)
    rows = ROWS[name]
    assert splits_of(answer) == [rows, rows[:3], rows[3:5]]
    ((repository, branches),) = LAYOUTS[name].items()
    branch = CONVERTED if name == "xsum" else "main"
    revision = commit(branch, branches[branch])
    assert answer["about"] == f"{repository}, revision {revision}"


def test_rows_with_an_empty_side_are_left_out_and_counted(load, server):
    flawed = [*NEWS, NEWS[0] | {"document": " \n"}, NEWS[1] | {"summary": None}]
    server.repositories = {XSUM: {CONVERTED: converted(as_parquet(flawed))}}
    answer = load("xsum")
    assert splits_of(answer) == [ROWS["xsum"]] * 3
    assert answer["about"].endswith(", without 6 rows that have an empty side")


RENAMED = [{"article": row["document"], "summary": row["summary"]} for row in NEWS]
FAILURES = {
    "a repository that is gone": ("xsum", {}, "no such repository"),
    "a branch that is gone": ("xsum", {"main": {"README.md": b"# News\n"}}, "no such branch"),
    "a loading script and no data": (
        "dialogsum",
        {"main": {"README.md": b"# Dialogues\n", "dialogsum.py": b"raise SystemExit\n"}},
        "needs a loading script",
    ),
    "no data files": ("multi30k", {"main": {"README.md": b"# Captions\n"}}, "data"),
    "no training split": (
        "multi30k",
        {"main": {"test.jsonl": as_json_lines(CAPTIONS)}},
        "the splits test, and no train",
    ),
    "a file that is damaged": ("xsum", {CONVERTED: converted(b"PAR1, not quite")}, "Parquet"),
    "a split of no rows, in Parquet": (
        "xsum",
        {CONVERTED: converted(as_parquet(NEWS)) | {"default/test/0000.parquet": as_parquet([])}},
        "a split has no rows",
    ),
    "a split of no rows, in CSV": (
        "dialogsum",
        {"main": {"train.csv": as_csv(DIALOGUES), "test.csv": as_csv([])}},
        "a split has no rows",
    ),
    "a split of nothing but empty texts": (
        "multi30k",
        {"main": {"train.jsonl": as_json_lines([{"en": " ", "de": "x"}])}},
        "multi30k: the train split has no pairs; expected one at least",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_one_line_with_the_ways_out(load, server, case):
    name, branches, reason = FAILURES[case]
    repository = {"multi30k": MULTI30K, "dialogsum": DIALOGSUM, "xsum": XSUM}[name]
    server.repositories = {repository: branches} if branches else {}
    message = load(name)["error"]
    assert reason in message
    assert "\n" not in message
    assert all(way in message for way in WAYS_OUT)
    assert f"FOLDER/{name}" in message


def test_other_columns_are_listed(load, server):
    files = converted(as_parquet(RENAMED, ("article", "summary")))
    server.repositories = {XSUM: {CONVERTED: files}}
    expected = f"{XSUM}, train, row 1: no column 'document', there are article, summary; expected "
    assert load("xsum")["error"].startswith(expected)


def test_a_hub_that_is_broken_and_one_that_never_answers(load, server):
    server.broken = {MULTI30K}
    assert "500" in load("multi30k")["error"]
    assert asked_for(server, MULTI30K) == 1  # no retries
    server.broken, server.silent = set(), {MULTI30K}
    assert "it did not answer in time" in load("multi30k")["error"]
    assert asked_for(server, MULTI30K) == 2


def test_an_earlier_download_serves_when_the_hub_does_not(load, server):
    server.repositories = LAYOUTS["xsum"]
    online = load("xsum")
    server.repositories, server.silent = {}, {XSUM}
    assert load("xsum") == online
    asked = len(server.asked)
    assert load("xsum", offline=True) == online
    assert len(server.asked) == asked
    message = load("dialogsum", offline=True)["error"]
    assert "offline mode is on; expected its data files: go online" in message


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_copy_of_a_repository_serves_as_it_lies(load, server, name, tmp_path):
    ((_, branches),) = LAYOUTS[name].items()
    for path, content in branches[CONVERTED if name == "xsum" else "main"].items():
        file = tmp_path / "copies" / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    answer = load(name, copies=tmp_path / "copies")
    assert splits_of(answer) == [ROWS[name], ROWS[name][:3], ROWS[name][3:5]]
    assert answer["about"] == str(tmp_path / "copies" / name)
    assert server.asked == []
