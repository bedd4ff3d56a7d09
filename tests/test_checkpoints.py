import dataclasses
import json
import resource
import signal
import subprocess
import sys
from itertools import islice

import pandas
import pytest
import torch

from course_lib.checkpoints import Run, RunConfig, hold, save_tensors
from course_lib.errors import RunError
from course_lib.training import Record


@pytest.fixture
def saved(tmp_path, tokenizer, new_trainer):
    """A run of 12 steps that was saved after 5."""
    trainer = new_trainer()
    config = RunConfig("translation", {"name": "scenes"}, trainer.model.config, trainer.config)
    run = Run.create(tmp_path / "run", config, tokenizer)
    run.save(trainer, list(islice(trainer.steps(), 5)))
    return run


def test_a_run_comes_back_whole(saved, new_trainer):
    again = Run.open(saved.folder)
    assert again.config == saved.config
    assert again.tokenizer.to_json() == saved.tokenizer.to_json()
    trainer = new_trainer()
    records = again.restore(trainer)
    assert [record.step for record in records] == [1, 2, 3, 4, 5]
    assert trainer.step == 5
    model = again.load_model()
    for name, tensor in trainer.averaged.named_parameters():
        assert torch.equal(tensor, model.get_parameter(name))


def test_resumed_from_its_folder_it_ends_in_bit_identical_weights(saved, new_trainer):
    whole, resumed = new_trainer(), new_trainer()
    list(whole.steps())
    Run.open(saved.folder).restore(resumed)
    list(resumed.steps())
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, resumed.state()[name]), name


def test_records_after_the_last_save_are_dropped(saved, new_trainer):
    path = saved.folder / "records.jsonl"
    newer = dataclasses.replace(saved.records()[-1], step=6)
    path.write_text(path.read_text() + json.dumps(dataclasses.asdict(newer)) + "\n")
    assert [record.step for record in saved.restore(new_trainer())][-1] == 5


def test_only_the_named_files_are_left(saved):
    names = {"config.json", "tokenizer.json", "model.safetensors", "state.safetensors"}
    assert {path.name for path in saved.folder.iterdir()} == names | {"records.jsonl"}


def test_a_full_folder_is_never_overwritten(saved):
    with pytest.raises(RunError, match=r"is not empty: go on with `--resume .*`"):
        Run.create(saved.folder, saved.config, saved.tokenizer)


def test_no_run_there(tmp_path):
    with pytest.raises(RunError, match="is not the folder of a run"):
        Run.open(tmp_path)


def test_a_run_of_another_version(saved):
    path = saved.folder / "config.json"
    path.write_text(path.read_text().replace('"format": 3', '"format": 99'))
    with pytest.raises(RunError, match=r"run format 99, this version of the course reads 2 and 3"):
        Run.open(saved.folder)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"format": 2}', "\ufeff"])
def test_a_damaged_configuration(saved, content):
    (saved.folder / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        Run.open(saved.folder)


def test_a_tokenizer_from_another_run(saved):
    path = saved.folder / "config.json"
    wrong = dataclasses.replace(saved.config.model, vocab_size=999)
    saved.write_config(dataclasses.replace(saved.config, model=wrong))
    assert "999" in path.read_text()
    with pytest.raises(RunError, match="not from the same run"):
        Run.open(saved.folder)


def test_a_tokenizer_that_is_missing(saved):
    (saved.folder / "tokenizer.json").unlink()
    with pytest.raises(RunError, match=r"has no tokenizer\.json"):
        Run.open(saved.folder)


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_truncated_weights(saved, size, new_trainer):
    for name in ("model.safetensors", "state.safetensors"):
        path = saved.folder / name
        path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RunError, match=r"model.safetensors is damaged"):
        saved.load_model()
    with pytest.raises(RunError, match=r"state.safetensors is damaged"):
        saved.restore(new_trainer())


def test_weights_of_another_model(saved, new_trainer):
    save_tensors(saved.folder / "model.safetensors", {"embedding.weight": torch.zeros(3, 4)})
    save_tensors(saved.folder / "state.safetensors", {"counters": torch.zeros(3)})
    with pytest.raises(RunError, match=r"model.safetensors does not fit .*config.json"):
        saved.load_model()
    with pytest.raises(RunError, match=r"state.safetensors does not fit .*config.json"):
        saved.restore(new_trainer())


def test_weights_that_are_missing(saved):
    (saved.folder / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"is missing: was the run stopped before its first save"):
        saved.load_model()


def test_damaged_records(saved, new_trainer):
    (saved.folder / "records.jsonl").write_text("no json\n")
    with pytest.raises(RunError, match=r"records.jsonl is damaged"):
        saved.restore(new_trainer())


@pytest.mark.parametrize("name", ["model.safetensors", "state.safetensors"])
def test_a_single_bit_that_has_turned(saved, name, new_trainer):
    """A number that looks like any other: only the checksum knows."""
    path = saved.folder / name
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)
    read = saved.load_model if name.startswith("model") else lambda: saved.restore(new_trainer())
    with pytest.raises(RunError, match=rf"{name} is damaged \(its checksum does not fit"):
        read()


def test_a_run_before_its_first_save_is_at_its_start(saved, new_trainer):
    for name in ("records.jsonl", "model.safetensors", "state.safetensors"):
        (saved.folder / name).unlink()
    trainer = new_trainer()
    assert saved.restore(trainer) == []
    assert trainer.step == 0


def test_a_state_that_is_missing_beside_its_weights(saved, new_trainer):
    (saved.folder / "state.safetensors").unlink()
    with pytest.raises(RunError, match=r"state.safetensors is missing"):
        saved.restore(new_trainer())


def test_a_folder_is_held_by_one_process_alone(saved):
    other = (
        "import sys; from pathlib import Path; from course_lib.checkpoints import hold\n"
        "with hold(Path(sys.argv[1])): print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", other, saved.folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="is in use by another process"), hold(saved.folder):
            pass
        process.kill()
        process.wait()
    half = saved.folder / ".state.safetensors.123.part"
    half.write_bytes(b"half")
    with hold(saved.folder):  # a killed process stands in nobody's way
        assert not half.exists()


def test_pandas_reads_the_records(saved):
    table = pandas.read_json(saved.folder / "records.jsonl", lines=True)
    assert list(table.columns) == [field.name for field in dataclasses.fields(Record)]
    assert table["step"].tolist() == [1, 2, 3, 4, 5]
    assert table["loss"].tolist() == [record.loss for record in saved.records()]


def test_weights_that_do_not_fit_on_the_disk(saved, new_trainer):
    """A real refusal by the system, in the middle of a file: the last save is still whole."""
    path = saved.folder / "state.safetensors"
    before = path.read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 8, old[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_tensors(path, new_trainer().state())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    assert not list(saved.folder.glob(".*.part"))
