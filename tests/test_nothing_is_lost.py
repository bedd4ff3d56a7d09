"""A save that is cut short anywhere, and runs that are killed: what was saved stays, and goes on.

KILLS=50 pytest tests/test_nothing_is_lost.py kills a run so many times instead of three.
"""

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest
import torch

from course_lib.checkpoints import Run, RunConfig, hold

CALLS = ("write", "fsync", "replace")
FILES = ("records.jsonl", "model.safetensors", "state.safetensors")
PAIRS = "".join(
    json.dumps({"en": f"The {a} {b} {c}.", "de": f"Der {a} {b}, {c}."}) + "\n"
    for a in ("dog", "cat", "bird", "man")
    for b in ("sleeps", "eats", "runs")
    for c in ("here", "there", "now")
)
# `course`, saving after each step, so that most moments are moments of a save.
COURSE = """
from course_lib.tools import cli, training_runs
training_runs.SAVE_EVERY_SECONDS = 0.0
cli.main()
"""


def refuse():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def cut_short(number, how):
    """Let the save's call of this number to the system (from 0) write half, or not happen, and
    then do `how`. Gives the list of all calls."""
    calls = []

    def tapped(name, original, halve=None):
        def call(*args):
            calls.append(name)
            if len(calls) - 1 == number:
                if halve:
                    original(*halve(*args))
                how()
            return original(*args)

        return call

    class File:
        """What `Path.open` gives for writing, with a `write` that can be cut short."""

        def __init__(self, file):
            self.file = file
            self.write = tapped("write", file.write, lambda data: (data[: len(data) // 2],))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

    def opened(path, mode="r", *args, **kwargs):
        file = path_open(path, mode, *args, **kwargs)
        return File(file) if mode == "wb" else file

    path_open = Path.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", opened)
        patch.setattr(os, "fsync", tapped("fsync", os.fsync))
        patch.setattr(Path, "replace", tapped("replace", Path.replace))
        yield calls


@pytest.fixture
def two_saves(tmp_path, tokenizer, new_trainer):
    """A run, the states of its trainer after 5 and after 7 steps, and a function that saves one of
    the two. The first one is saved."""
    trainer = new_trainer(validate_every=4)
    config = RunConfig("translation", {"name": "scenes"}, trainer.model.config, trainer.config)
    run = Run.create(tmp_path / "run", config, tokenizer)
    steps, records, states = trainer.steps(), [], []
    for count in (5, 2):
        records += islice(steps, count)
        states.append({name: tensor.clone() for name, tensor in trainer.state().items()})

    def save(which):
        trainer.load_state(states[which])
        run.save(trainer, records[: trainer.step])

    save(0)
    return run, states, save


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def number_of_calls(save):
    with cut_short(-1, refuse) as calls:
        save(1)
    assert set(calls) == set(CALLS)
    assert calls.count("replace") == len(FILES)
    return len(calls)


def is_whole(run, states, new_trainer):
    """Whether the run is at one of the two saves, to its last bit, and can be used. Says which."""
    Run.open(run.folder).load_model()
    with hold(run.folder):
        trainer = new_trainer(validate_every=4)
        records = Run.open(run.folder).restore(trainer)
    assert [record.step for record in records] == list(range(1, trainer.step + 1))
    found = [equal(trainer.state(), state) for state in states]
    assert sum(found) == 1
    assert not list(run.folder.glob(".*.part"))
    return trainer, found.index(True)


def test_a_refusal_by_the_system_anywhere_leaves_a_whole_save(two_saves, new_trainer):
    run, states, save = two_saves
    seen = set()
    for number in range(number_of_calls(save)):
        save(0)
        with cut_short(number, refuse), pytest.raises(OSError, match="No space left"):
            save(1)
        seen.add(is_whole(run, states, new_trainer)[1])
    assert seen == {0, 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to kill a copy of this process")
def test_killed_at_any_call_of_a_save_it_goes_on_to_the_same_weights(two_saves, new_trainer):
    run, states, save = two_saves
    whole = new_trainer(validate_every=4)
    list(whole.steps())
    expected = {name: tensor.clone() for name, tensor in whole.state().items()}
    seen = set()
    for number in range(number_of_calls(save)):
        save(0)
        child = os.fork()
        if child == 0:
            try:
                with cut_short(number, die):
                    save(1)
            finally:
                os._exit(1)  # not reached: the child is killed in between
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        resumed, which = is_whole(run, states, new_trainer)
        seen.add(which)
        list(resumed.steps())
        assert equal(resumed.state(), expected)
    assert seen == {0, 1}


def course(folder, *args):
    command = [sys.executable, "-c", COURSE, "train", "translation", *map(str, args)]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)


def test_killed_at_random_moments_it_ends_in_the_same_weights(tmp_path):
    (tmp_path / "pairs.jsonl").write_text(PAIRS, encoding="utf-8")
    sizes = ("--corpus", "pairs.jsonl", "--vocab-size", 300, "--max-length", 40)
    assert course(tmp_path, *sizes, "--steps", 25, "--run", "whole").wait() == 0

    rng, kills, wanted = random.Random(0), 0, int(os.environ.get("KILLS", 3))
    state = tmp_path / "run" / "state.safetensors"
    process = course(tmp_path, *sizes, "--steps", 25, "--run", "run")
    while kills < wanted:
        before, patience = state.stat().st_mtime_ns if state.exists() else 0, time.monotonic() + 60
        while process.poll() is None and time.monotonic() < patience:
            if state.exists() and state.stat().st_mtime_ns != before:
                break  # it is at its steps
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        if process.wait() == 0:  # it was done before: begin again
            for path in state.parent.iterdir():
                path.unlink()
            process = course(tmp_path, *sizes, "--steps", 25, "--run", "run")
            continue
        assert process.returncode == -signal.SIGKILL
        kills += 1
        process = course(tmp_path, "--resume", "run")
    assert process.wait() == 0

    whole, run = (Run.open(tmp_path / name) for name in ("whole", "run"))
    for name in ("model.safetensors", "state.safetensors"):
        assert (whole.folder / name).read_bytes() == (run.folder / name).read_bytes()
    keep = [(r.step, r.loss, r.gradient_norm, r.validation_loss) for r in whole.records()]
    assert keep == [(r.step, r.loss, r.gradient_norm, r.validation_loss) for r in run.records()]
    assert not list(run.folder.glob(".*.part"))
