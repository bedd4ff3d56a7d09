import pytest
import torch

from course_lib.corpora import CORPORA
from course_lib.errors import CourseError
from course_lib.tools.recipes import FOLDER, Recipe, read_recipe

MODEL = {"vocab_size": 300, "pad_id": 0}


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe and read it."""

    def read(text):
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return read_recipe(str(path))

    return read


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_the_course_s_own_recipes_make_configurations(path):
    read = read_recipe(path.stem).on(torch.device("cpu"))
    assert read.corpus in CORPORA
    assert (read.minutes or 0) <= 60
    for name, value in read.model.items():
        assert getattr(read.model_config(**MODEL), name) == value
    assert read.training_config(100, 10).peak_rate == read.training["peak_rate"]


def test_what_a_recipe_says_stands_over_the_defaults(recipe):
    read = recipe("epochs = 2\n[model]\ndropout = 0\n[training]\nclip_norm = 2\nwarmup = 7")
    assert read.epochs == 2
    assert read.corpus == Recipe().corpus
    assert read.model_config(**MODEL).dropout == 0
    config = read.training_config(steps=100, validations=10)
    assert (config.clip_norm, config.warmup, config.validate_every) == (2, 7, 10)


def test_options_have_the_last_word(recipe):
    read = recipe('corpus = "multi30k"\nminutes = 60\n[training]\npeak_rate = 0.1\nwarmup = 7')
    chosen = read.with_options({"steps": 5, "peak_rate": 0.2, "seed": 3, "corpus": "scenes"})
    assert (chosen.minutes, chosen.steps, chosen.corpus) == (None, 5, "scenes")
    assert chosen.training == {"peak_rate": 0.2, "warmup": 7, "seed": 3}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("minuts = 3", "minuts is no setting; did you mean minutes?"),
        ("zzz = 3", "zzz is no setting; there are corpus, source, target"),
        ("minutes = 'three'", "minutes = 'three': expected a number"),
        ("steps = 2.5", "steps = 2.5: expected a whole number"),
        ("steps = true", "steps = True: expected a whole number"),
        ("corpus = 3", "corpus = 3: expected text"),
        ("model = 3", "model = 3: expected a table"),
        ("[model]\nd_modl = 3", "[model] d_modl is no setting; did you mean d_model?"),
        ("[model]\nvocab_size = 300", "[model] vocab_size is no setting"),
        ("[model]\nnorm_first = 1", "[model] norm_first = 1: expected true or false"),
        ("[training]\nsteps = 3", "[training] steps is no setting"),
        (
            "[training]\nprecision = 'half'",
            "precision = 'half': expected one of auto, float32, bfloat16",
        ),
        ("minutes = ", "is no TOML file: "),
    ],
)
def test_what_a_recipe_can_not_say(recipe, text, line):
    with pytest.raises(CourseError) as caught:
        recipe(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_without_sense_are_refused(recipe):
    read = recipe("[model]\nnum_heads = 3\n[training]\nclip_norm = -1")
    with pytest.raises(CourseError, match="d_model=128 is not divisible by num_heads=3"):
        read.model_config(**MODEL)
    with pytest.raises(CourseError, match="clip_norm must be above 0, got -1"):
        read.training_config(10, 10)


def test_a_recipe_that_is_not_there():
    with pytest.raises(CourseError, match="no such file, and the course has chapter-09, "):
        read_recipe("multi30k-en-fr")
