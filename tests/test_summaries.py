"""`course train summarization`, `evaluate` and `summarize`, called as a user calls them."""

import json
import re

import pytest
from command_line import one_line

from course_lib.checkpoints import Run
from course_lib.copying import CopyTransformer
from course_lib.models import Transformer

NAMES = ["open_file", "closeFile", "read_line", "write_line", "count_words", "sort_rows"]
PAIRS = [
    {
        "source": f"def Tool.{name}{i}(path)\nWhatever is at the path {i} is used. It stays there.",
        "target": f"The {name} of {i}.",
    }
    for name in NAMES
    for i in range(4)
]


@pytest.fixture
def train(call, tmp_path):
    (tmp_path / "tools.jsonl").write_text("\n".join(map(json.dumps, PAIRS)), encoding="utf-8")

    def run(*args):
        sizes = ("--vocab-size", 300, "--max-length", 20, "--steps", 3)
        return call("train", "summarization", "--corpus", "tools.jsonl", *sizes, *args)

    return run


def test_train_evaluate_summarize(train, call, tmp_path):
    trained = train()
    assert trained.code == 0, trained.err
    assert re.search(r"train: 22 of 22 sources have more than 19 tokens \(up to \d+\)", trained.err)
    run = Run.open(tmp_path / "runs" / "summarization-tools-1")
    assert run.config.task == "summarization"
    assert type(run.load_model()) is CopyTransformer

    scored = call("evaluate", "--split", "test", "--block-repeats", 3)
    assert scored.code == 0, scored.err
    assert re.search(r"test, greedy: 1 texts", scored.out)
    rows = {line[27:]: line.split()[:3] for line in scored.out.splitlines()[2:-1]}
    assert list(rows) == [
        "the model",
        "lead: the first sentence",
        "the summary of the most similar text in training",
        "the words of the function's own name",
    ]
    assert "Porter's stemmer" in scored.out.splitlines()[-1]

    agreed = call("evaluate", "--split", "test", "--consensus", 2)
    assert agreed.code == 0, agreed.err
    assert re.search(r"test, consensus of 2: 1 texts", agreed.out)

    text = b"def Tool.open_file9(path)\nWhatever is there " + b"and there " * 30
    summed = call("summarize", stdin=text)
    assert summed.code == 0
    assert summed.out.count("\n") == 1
    assert re.search(
        r"note: text 1 has \d+ tokens, the model reads 19: the \d+ words after '.+' were not read",
        summed.err,
    )

    resumed = call("train", "summarization", "--resume", run.folder)
    assert "is finished" in resumed.err


def test_without_copying(train, tmp_path):
    assert train("--plain").code == 0
    assert type(Run.open(tmp_path / "runs" / "summarization-tools-1").load_model()) is Transformer


def test_a_function_of_ones_own_is_parsed_and_never_run(train, call, tmp_path):
    train()
    (tmp_path / "own.py").write_text(
        "raise SystemExit('was run')\n\n\nclass Tree:\n    def grow(self, by):\n        return by\n"
    )
    summed = call("summarize", "own.py:Tree.grow", "own.py:Tree")
    assert (summed.code, summed.out.count("\n")) == (0, 2)


def test_bad_words_on_the_command_line(train, call, tmp_path):
    one_line(call("summarize", "own.py"), "expected FILE.py:FUNCTION", "'own.py'")
    one_line(call("summarize", "own.py:f"), "own.py can't be read")
    (tmp_path / "own.py").write_text("def fun(): pass")
    one_line(call("summarize", "own.py:f"), "no function or class 'f'", "it has fun")
    train("--run", "sums")
    one_line(call("summarize", "--run", "sums", stdin=b""), "expected a text on standard input")
    one_line(call("summarize", "--run", "sums", stdin=b"a\xff"), "not valid UTF-8 (byte 2)")
    one_line(call("translate", "--run", "sums", "x"), "sums is for summarization, not for translat")


def test_the_latest_run_is_that_of_the_task(train, call, tmp_path):
    train()
    sizes = ("--vocab-size", 300, "--steps", 1)
    assert call("train", "translation", "--corpus", "tools.jsonl", *sizes).code == 0
    assert call("summarize", stdin=b"A text.").code == 0
    assert call("translate", "A text.").err == ""
    assert "translation-tools-1, validation" in call("evaluate").out


def test_the_model_that_comes_with_the_course(train, call, tmp_path):
    (tmp_path / "own.py").write_text("def read_lines(path):\n    return open(path).readlines()\n")
    first = call("summarize", "own.py:read_lines")
    assert first.code == 0, first.err
    assert first.err == "note: no run here yet; docstrings comes with the course\n"
    assert "lines" in first.out.lower()

    train()
    assert call("summarize", "--pretrained", "own.py:read_lines").out == first.out
    assert call("summarize", "own.py:read_lines").out != first.out
    both = call("summarize", "--pretrained", "--run", "runs/summarization-tools-1", stdin=b"A text")
    one_line(both, "give a run's folder or --pretrained, not both")


@pytest.mark.parametrize(
    ("task", "corpus"), [("translation", "scenes"), ("summarization", "docstrings")]
)
def test_the_help_says_what_the_same_seed_gives(call, task, corpus):
    told = " ".join(call("train", task, "--help").out.split())
    assert f"Train a {task} model, by default for 10 minutes on the corpus `{corpus}`." in told
    assert "The same seed gives the same weights, bit for bit" in told
