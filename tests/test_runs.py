"""`course train`, `evaluate` and `translate`, called as a user calls them."""

import dataclasses
import errno
import json
import os
import re
import signal
from pathlib import Path

import pytest
import torch
from command_line import one_line

from course_lib import docstring_cache, training
from course_lib.checkpoints import Run, hold, load_tensors
from course_lib.corpora import load_corpus
from course_lib.errors import CorpusError
from course_lib.tools import runs, training_runs
from course_lib.training import Trainer

ANIMALS = [("dog", "Hund"), ("tiger", "Tiger"), ("horse", "Esel"), ("bird", "Vogel")]
VERBS = [("sleeps", "schläft"), ("eats", "frisst"), ("runs", "läuft"), ("plays", "spielt")]
PLACES = [("here", "hier"), ("there", "dort"), ("now", "jetzt")]
PAIRS = [
    {"en": f"The {a} {b} {c}.", "de": f"Der {x} {y} {z}."}
    for a, x in ANIMALS
    for b, y in VERBS
    for c, z in PLACES
]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "animals.jsonl"
    path.write_text("\n".join(map(json.dumps, PAIRS)), encoding="utf-8")
    return str(path)


@pytest.fixture
def train(call, corpus):
    def run(*args):
        sizes = ("--vocab-size", 300, "--max-length", 40)
        return call("train", "translation", "--corpus", corpus, *sizes, *args)

    return run


def weights(folder):
    return load_tensors(folder / "model.safetensors")


def test_train_evaluate_translate(train, call, tmp_path):
    trained = train("--steps", 4)
    assert trained.code == 0
    folder = tmp_path / "runs" / "translation-animals-1"
    assert {path.name for path in folder.iterdir()} >= {"model.safetensors", "state.safetensors"}
    config = json.loads((folder / "config.json").read_text())
    assert config["training"]["steps"] == 4
    assert config["versions"]["torch"] == torch.__version__
    assert len(Run.open(folder).records()) == 4
    assert re.search(r"loss \d\.\d+, validation \d\.\d+, [\d,]+ tokens/s", trained.err)

    scores = call("evaluate")
    assert scores.code == 0
    assert "tok:13a" in scores.out
    assert re.search(r"validation, greedy: 2 texts", scores.out)

    searched = call("evaluate", "--beam", 3)
    assert re.search(r"validation, beam of 3: 2 texts", searched.out)

    words = call("translate", "The dog sleeps.", "")
    assert words.code == 0
    assert len(words.out.split("\n")) == 3  # two lines, the second one empty
    piped = call("translate", "--run", folder, stdin=b"The dog sleeps.\n\n")
    assert piped.out == words.out

    drawn = [
        call("translate", "--temperature", 9, "--seed", seed, "The dog.").out for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    one_line(call("translate", "--temperature", 0, "The dog."), "temperature above 0")
    one_line(call("translate", "--temperature", 1, "--beam", 2, "The dog."), "one or the other")
    one_line(call("translate", "--beam", 0, "The dog."), "--beam")


def test_a_second_run_gets_a_folder_of_its_own(train, tmp_path):
    train("--steps", 1)
    train("--steps", 1)
    assert sorted(p.name[-1] for p in (tmp_path / "runs").iterdir()) == ["1", "2"]


def test_the_budget_in_epochs_and_in_minutes(train, tmp_path):
    assert train("--epochs", 2, "--run", "by-epochs").code == 0
    assert Run.open(tmp_path / "by-epochs").config.training.steps == 2  # one batch holds everything
    assert train("--minutes", 0.02, "--run", "by-minutes").code == 0
    run = Run.open(tmp_path / "by-minutes")
    assert len(run.records()) == run.config.training.steps > 0


@pytest.mark.parametrize("settings", ["", "bpe_dropout = 0.3"])
def test_interrupted_and_resumed_it_ends_in_bit_identical_weights(
    train, call, tmp_path, monkeypatch, settings
):
    (tmp_path / "own.toml").write_text(f"[training]\nbatch_tokens = 300\n{settings}")
    own = ("--recipe", tmp_path / "own.toml")
    assert train("--steps", 8, "--run", "whole", *own).code == 0

    whole_step = Trainer._advance

    def interrupted_step(self, *args):
        record = whole_step(self, *args)
        if self.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return record

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_advance", interrupted_step)
        stopped = train("--steps", 8, "--run", "stopped", *own)
    assert stopped.code == 130
    assert "stopped and saved at step 3: `--resume stopped` goes on" in stopped.err

    torch.manual_seed(99)
    resumed = call("train", "translation", "--resume", "stopped")
    assert resumed.code == 0
    assert "going on from step 3 of 8" in resumed.err
    expected, got = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    again = call("train", "translation", "--resume", "stopped")
    assert again.code == 0
    assert "is finished: all 8 steps are done; best validation loss" in again.err


@pytest.mark.parametrize(
    ("bfloat16", "chosen"), [(1.0, "bfloat16"), (2.5, "float32"), (30.0, "float32")]
)
def test_a_recipe_may_leave_the_precision_to_the_machine(
    train, tmp_path, monkeypatch, bfloat16, chosen
):
    times = {torch.float32: 3.0, torch.bfloat16: bfloat16}
    monkeypatch.setattr(runs, "seconds_of_product", times.__getitem__)
    (tmp_path / "own.toml").write_text('[training]\nprecision = "auto"')
    trained = train("--steps", 1, "--run", "run", "--recipe", tmp_path / "own.toml")
    assert f"1 steps, on cpu in {chosen}" in trained.err
    assert Run.open(tmp_path / "run").config.training.precision == chosen


def test_which_precision_is_faster():
    assert runs.faster_precision(torch.device("cpu")) in training.PRECISIONS
    assert runs.faster_precision(torch.device("meta")) == "float32"
    assert runs.seconds_of_product(torch.float32) > 0


def test_a_corpus_that_is_read_for_the_first_time_is_announced(call, monkeypatch, caplog):
    def build(packages):
        raise CorpusError("enough")

    monkeypatch.setattr(docstring_cache, "_read", lambda path: None)
    monkeypatch.setattr(docstring_cache, "build", build)
    result = call("train", "translation", "--corpus", "docstrings", "--steps", 1)
    assert result.code == 2
    announced, ended = result.err.splitlines()
    assert re.fullmatch(r"reading the docstrings of \d+ packages, once: a minute …", announced)
    assert ended == "course: enough"
    with pytest.raises(CorpusError):
        load_corpus("docstrings")  # as in a notebook
    assert caplog.text.count("reading") == 1


def test_a_run_records_its_corpus_and_says_if_it_is_another(call, monkeypatch, tmp_path):
    copy = tmp_path / "copies" / "multi30k" / "train.jsonl"
    copy.parent.mkdir(parents=True)
    copy.write_text("\n".join(map(json.dumps, PAIRS)), encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA", "copies")
    args = ("--steps", 1, "--vocab-size", 300, "--max-length", 40, "--run", "run")
    result = call("train", "translation", "--corpus", "multi30k", *args)
    assert result.code == 0
    assert f"multi30k is from {copy.parent}\n" in result.err
    assert "note: multi30k: these texts" in result.err
    assert Run.open(tmp_path / "run").config.corpus["from"] == str(copy.parent)


def test_the_seed_decides_the_weights(train, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train("--steps", 2, "--run", name, "--seed", seed)
    a, b, c = (weights(tmp_path / name)["embedding.weight"] for name in "abc")
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_before_anything_is_trained_a_model_translates_that_comes_with_the_course(call):
    snow = "Two dogs are playing in the snow."
    first = call("translate", snow)
    assert first.out == "Zwei Hunde spielen im Schnee.\n"
    assert first.err == "note: no run here yet; multi30k-en-de comes with the course\n"
    named = call("translate", "--pretrained", "multi30k-en-de", snow)
    assert (named.out, named.err) == (first.out, "")


def test_bad_words_on_the_command_line(call, corpus):
    train = ("train", "translation", "--corpus", corpus)
    one_line(call(*train, "--steps", 0), "--steps must be above 0, got 0")
    one_line(call(*train, "--steps", 1, "--minutes", 1), "exactly one of", "--minutes and --steps")
    one_line(call(*train, "--steps", 1, "--device", "tpu"), "auto, cpu, cuda or mps, got 'tpu'")
    one_line(call(*train, "--resume", "x", "--steps", 1), "give it no other options")
    one_line(call(*train[:2], "--resume", "x", "--seed", 0), "give it no other options")
    one_line(call(*train, "--steps", 1, "--peak-rate", 0), "peak_rate must be above 0, got 0")
    one_line(call(*train, "--steps", 1, "--vocab-size", 10), "vocab_size=10 is too small")
    one_line(call(*train, "--minutes", "nan"), "--minutes must be above 0, got nan")
    one_line(call(*train, "--minutes", "inf"), "--minutes must be finite, got inf")
    one_line(call(*train, "--steps", 1, "--seed", 2**63), "--seed", f"or equal to {2**63 - 1}")
    one_line(call("evaluate"), "no run trained", "course train translation")
    one_line(call("translate", "--pretrained", "x", "Hello."), "no pretrained model is called 'x'")
    both = ("--pretrained", "multi30k-en-de", "--run", "x")
    one_line(call("translate", *both, "Hello."), "a run's folder or --pretrained, not both")
    one_line(call("evaluate", "nowhere"), "nowhere is not the folder of a run")


def test_bad_corpora_leave_nothing_behind(call, tmp_path):
    empty, broken, half = tmp_path / "empty.csv", tmp_path / "broken.jsonl", tmp_path / "half.tsv"
    empty.touch()
    broken.write_bytes(b'{"en": "a", "de": "\xff"}\n')
    half.write_text("en\tde\na\tb\nc\t\n")
    for name, parts in {
        "senes": ("scenes", "did you mean"),
        "missing.csv": ("missing.csv",),
        str(empty): ("is empty",),
        str(broken): ("line 1: not valid UTF-8",),
        str(half): ("line 3", "'de' is empty"),
    }.items():
        one_line(call("train", "translation", "--corpus", name, "--steps", 1), *parts)
    assert not (tmp_path / "runs").exists()


def test_a_wrong_column_name(call, corpus):
    args = ("train", "translation", "--corpus", corpus, "--steps", 1)
    one_line(call(*args, "--source", "fr", "--target", "de"), "no column 'fr'", "en, de")


def test_too_long_a_text_in_the_corpus(call, corpus):
    args = ("train", "translation", "--corpus", corpus, "--steps", 1, "--max-length", 4)
    one_line(call(*args), "longer than the limit of 3 tokens", "--max-length")


def test_too_long_a_sentence_of_a_split_is_told_by_its_row(train, call, corpus):
    train("--steps", 1, "--run", "run")
    longer = {"en": "word " * 99, "de": "Wort"}
    Path(corpus).write_text("\n".join(map(json.dumps, [longer] * len(PAIRS))), encoding="utf-8")
    result = call("evaluate", "run", "--split", "test")
    assert result.code == 2
    assert re.search(r"course: test, row 1 has \d+ tokens, the limit is 39: cut it", result.err)


def test_a_run_that_is_stopped_before_its_steps_are_known_is_no_run(train, call, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training_runs, "count_steps", stop)
        assert train("--minutes", 1, "--run", "run").code == 130
    one_line(call("train", "translation", "--resume", "run"), "is not the folder of a run")
    assert train("--steps", 1, "--run", "run").code == 0


def test_too_long_a_sentence_harms_no_other(train, call):
    train("--steps", 1, "--run", "run")
    result = call("translate", "--run", "run", "The dog.", "word " * 99, "The bird.")
    assert result.code == 2
    assert "line 2 has" in result.err
    assert "the limit is 39" in result.err
    lines = result.out.split("\n")
    assert len(lines) == 4
    assert lines[1] == ""


def test_input_that_is_not_utf8(train, call):
    train("--steps", 1, "--run", "run")
    result = call("translate", "--run", "run", stdin=b"The dog.\nThe \xff bird.\n")
    assert result.code == 2
    assert re.fullmatch(r"line 2 is not valid UTF-8 .*\n", result.err)
    assert len(result.out.split("\n")) == 3  # its place is kept


def test_a_run_folder_that_is_in_use(train):
    train("--steps", 1, "--run", "run")
    one_line(train("--steps", 1, "--run", "run"), "run is not empty", "--resume run")
    Path("other").mkdir()
    Path("other", "file").touch()
    other = train("--steps", 1, "--run", "other")
    one_line(other, "other is not empty: choose another `--run`")


def test_resuming_on_another_corpus_is_refused(train, call, corpus):
    train("--steps", 2, "--run", "run")
    with Path(corpus).open("a") as file:
        file.write("\n" + json.dumps(PAIRS[0]))
    one_line(call("train", "translation", "--resume", "run"), "its fingerprint differs")


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(train, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    one_line(train("--steps", 2, "--run", "run"), "the disk is full")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_a_folder_that_nobody_may_write_to(train, monkeypatch, tmp_path):
    """Root may write everywhere, so the refusal is made by hand."""

    def refused(self, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    one_line(train("--steps", 2, "--run", "run"), "Permission denied: run")


def test_a_run_that_another_process_is_at(train, call, tmp_path):
    train("--steps", 1, "--run", "run")
    with hold(tmp_path / "run"):
        one_line(call("train", "translation", "--resume", "run"), "in use by another process")


def test_told_to_end_by_the_system_it_saves_as_well(train, call, monkeypatch):
    whole_step = Trainer._advance

    def ended_step(self, *args):
        record = whole_step(self, *args)
        if self.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return record

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_advance", ended_step)
        stopped = train("--steps", 5, "--run", "run")
    assert stopped.code == 128 + signal.SIGTERM
    assert "stopped and saved at step 3: `--resume run` goes on" in stopped.err
    assert "going on from step 3 of 5" in call("train", "translation", "--resume", "run").err


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_save(train, call, monkeypatch):
    monkeypatch.setattr(training_runs, "SAVE_EVERY_SECONDS", 0.0)
    whole_step = training.train_step

    def step(model, *args):
        if (steps := len(done)) == 3:
            with torch.no_grad():
                model.embedding.weight[5] = torch.inf
        done.append(steps)
        return whole_step(model, *args)

    done = []
    monkeypatch.setattr(training, "train_step", step)
    stopped = train("--steps", 9, "--run", "run")
    assert stopped.code == 2
    last = stopped.err.splitlines()[-1]
    assert last.startswith("course: step 4: the loss is nan, its gradient's norm nan: stopped. run")
    assert "has step 3, the last good save" in last
    assert "--peak-rate below 0.003" in last
    assert call("translate", "--run", "run", "The dog sleeps here.").code == 0


def test_patience_ends_a_run_that_brings_nothing_better(train, call, monkeypatch):
    losses = iter([3.0, 2.0, 2.5, 2.4, 2.3, 1.0])
    monkeypatch.setattr(training, "validation_loss", lambda *_: next(losses))
    ended = train("--steps", 30, "--patience", 2, "--run", "run")
    assert ended.code == 0
    said = "stopped at step 12 of 30, since 2 validations in a row brought nothing better"
    assert f"{said}; best validation loss 2.000 nats a token, at step 6; saved in run" in ended.err
    assert len(Run.open(Path("run")).records()) == 12
    again = call("train", "translation", "--resume", "run")
    assert f"run is finished: {said}" in again.err


def test_accumulated_batches_make_fewer_steps_an_epoch(train):
    assert train("--epochs", 4, "--accumulate", 2, "--run", "run").code == 0
    assert Run.open(Path("run")).config.training.accumulate == 2
    assert len(Run.open(Path("run")).records()) == 2


def test_resumed_elsewhere_a_run_says_that_the_last_bits_will_differ(train, call):
    train("--steps", 2, "--run", "run")
    run = Run.open(Path("run"))
    training = dataclasses.replace(run.config.training, steps=4)
    old = {**run.config.versions, "torch": "1.0"}
    run.write_config(dataclasses.replace(run.config, training=training, versions=old, threads=64))
    said = call("train", "translation", "--resume", "run").err
    assert f"note: number of threads {torch.get_num_threads()} instead of 64" in said
    assert f"note: torch {torch.__version__} instead of 1.0" in said


def test_curves_of_several_runs(train, call, tmp_path):
    for name in ("one", "two"):
        train("--steps", 3, "--run", name)
    drawn = call("curves", "one", "two")
    assert drawn.code == 0
    assert "drawn in curves.png" in drawn.out
    assert re.search(r"one\s*│\s*3\s*│\s*0\.\d\s*│\s*\d\.\d{3}\s*│\s*\d\.\d{3}\s*│", drawn.out)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "drawn in curves-2.png" in call("curves", "one").out  # nothing is overwritten
    one_line(call("curves", "one", "--output", "gone/x.png"), "there is no folder gone")
    assert "drawn in x.png" in call("curves", "one", "--output", "x.png").out
    one_line(call("curves", "one", "--output", "x.png"), "x.png is there already")
    one_line(call("curves", "one", "nowhere"), "nowhere is not the folder of a run")
    one_line(call("curves", *["one"] * 7), "7 runs can't be told apart: name 6 at the most")
    (tmp_path / "one" / "records.jsonl").unlink()
    one_line(call("curves", "one"), "one has no records")
    (tmp_path / "two" / "records.jsonl").write_text("no json")
    one_line(call("curves", "two"), "records.jsonl is damaged")
