import shutil

import pytest
import torch

from course_lib import pretrained
from course_lib.checkpoints import Run, RunConfig, hold
from course_lib.errors import CourseError, RunError
from course_lib.pretrained import MAX_BYTES, load_pretrained, pretrained_names, ship

CORPUS = {"name": "scenes", "from": "/home/someone/scenes"}


@pytest.fixture
def run(new_trainer, tokenizer, tmp_path):
    """A finished run of a tiny model."""
    trainer = new_trainer(steps=3)
    list(trainer.steps())
    config = RunConfig("translation", CORPUS, trainer.model.config, trainer.config)
    with hold(tmp_path / "run"):
        made = Run.create(tmp_path / "run", config, tokenizer)
        made.save(trainer, [])
    return made


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty place for models that come with the course."""
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "shelf")
    return tmp_path / "shelf"


def card(shipped):
    return f"# A card of {shipped.folder.name}\n"


def test_what_ships_translates_like_the_run(run, shelf):
    ship(run, shelf / "tiny", card)
    assert pretrained_names() == ["tiny"]
    loaded = load_pretrained("tiny")
    assert {p.dtype for p in loaded.model.parameters()} == {torch.float32}
    for ours, theirs in zip(loaded.model.parameters(), run.load_model().parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)
    assert len(loaded(["a dog", ""])) == 2
    assert not loaded.model.training
    assert {p.name for p in (shelf / "tiny").iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }


def test_where_the_texts_lay_does_not_ship(run, shelf):
    ship(run, shelf / "tiny", card)
    assert Run.open(shelf / "tiny").config.corpus == {"name": "scenes"}
    assert run.config.corpus == CORPUS


def test_a_name_that_is_not_there(run, shelf):
    with pytest.raises(CourseError, match="no pretrained model is called 'tiny'; there are none"):
        load_pretrained("tiny")
    ship(run, shelf / "tiny", card)
    with pytest.raises(CourseError, match=r"there are tiny; did you mean tiny\?"):
        load_pretrained("tinny")


def test_a_model_too_large_does_not_ship(run, shelf, monkeypatch):
    monkeypatch.setattr(pretrained, "MAX_BYTES", 1_000)
    with pytest.raises(CourseError, match="in half precision, at most 0 may ship"):
        ship(run, shelf / "tiny", card)
    assert not shelf.exists()


def test_damage_is_found(run, shelf):
    ship(run, shelf / "tiny", card)
    weights = shelf / "tiny" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(RunError, match="checksum does not fit"):
        load_pretrained("tiny")
    shutil.rmtree(shelf / "tiny")
    assert pretrained_names() == []


@pytest.mark.parametrize("name", pretrained_names())
def test_the_course_s_own_models_are_small_and_described(name):
    folder = pretrained.FOLDER / name
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MAX_BYTES
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "from" not in Run.open(folder).config.corpus
    for word in ("Data", "Licence", "Command", "Seed", "Scores", "Not good for"):
        assert word in card, word
    assert load_pretrained(name)(["A dog is running."])[0].strip()
