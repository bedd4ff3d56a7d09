"""What a run is made from: the defaults, a recipe's file over them, the command line over that.

A recipe is a TOML file whose names are those of the options of `course train`, with tables [model]
and [training] for the fields of `TransformerConfig` and `TrainingConfig`. There, precision may be
"auto", too, which `Recipe.on` a device settles.
"""

import collections.abc
import dataclasses
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import torch

from course_lib.errors import CourseError
from course_lib.models import TransformerConfig
from course_lib.tools.runs import faster_precision
from course_lib.training import PRECISIONS, TrainingConfig

KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
}
FOLDER = Path(__file__).parents[1] / "recipes"
BUDGET = ("minutes", "steps", "epochs")
# Decided by the run itself: the vocabulary by the texts, the steps by the budget.
NOT_FOR_FILES = {"model": {"vocab_size", "max_len", "pad_id"}, "training": {"steps"}}


@dataclass(frozen=True)
class Recipe:
    """How to train. A run needs exactly one of minutes, steps and epochs."""

    corpus: str = "scenes"
    source: str | None = None
    target: str | None = None
    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None
    vocab_size: int = 5_000
    max_length: int = 512
    copying: bool = False
    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)

    def with_options(self, options: Mapping[str, Any]) -> "Recipe":
        """The same with what the command line says. Options may be fields of TrainingConfig, too.

        Minutes, steps or epochs among them take the place of the recipe's.
        """
        own = {name for name in options if name in Recipe.__dataclass_fields__}
        changes = {name: options[name] for name in own}
        if own & set(BUDGET):
            changes = dict.fromkeys(BUDGET) | changes
        training = {name: value for name, value in options.items() if name not in own}
        return dataclasses.replace(self, **changes, training={**self.training, **training})

    def on(self, device: torch.device) -> "Recipe":
        """The same with the faster precision of this machine, if it is left to the machine."""
        if self.training.get("precision") != "auto":
            return self
        return self.with_options({"precision": faster_precision(device)})

    def model_config(self, vocab_size: int, pad_id: int) -> TransformerConfig:
        """Raises CourseError for sizes that don't fit together."""
        try:
            return TransformerConfig(
                vocab_size, max_len=self.max_length, pad_id=pad_id, **self.model
            )
        except ValueError as error:
            raise CourseError(str(error)) from error

    def training_config(self, steps: int, validations: int) -> TrainingConfig:
        """With so many validations on the way, of a recipe that is `on` a device.

        Raises CourseError for settings without sense.
        """
        every = max(1, steps // validations)
        try:
            return TrainingConfig(steps, **{"validate_every": every, **self.training})
        except ValueError as error:
            raise CourseError(str(error)) from error


DEFAULTS = {
    "translation": Recipe(),
    "summarization": Recipe(
        corpus="docstrings",
        vocab_size=8_000,  # so that few words are copied piece by piece
        max_length=128,  # what comes later is seldom in a summary, and reading costs most of a step
        copying=True,
        model={"num_encoder_layers": 2, "num_decoder_layers": 3, "dropout": 0.2},
        training={"batch_tokens": 3_000},
    ),
}


def default_recipe(task: str) -> Recipe:
    """Ten minutes with the defaults of a task."""
    return dataclasses.replace(DEFAULTS[task], minutes=10.0)


def read_recipe(name_or_path: str, task: str = "translation") -> Recipe:
    """A recipe of the course by its name, or a file of one's own, over the defaults of a task.

    Raises CourseError, in one line, if there is none or a line of it says nothing to us.
    """
    path = FOLDER / f"{name_or_path}.toml"
    if not path.exists():
        path = Path(name_or_path).expanduser()
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise CourseError(f"--recipe {name_or_path}: no such file, and the course has {known}")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is no TOML file: {error}") from error
    _check_names(path, "", values, _types(Recipe))
    for table, config in (("model", TransformerConfig), ("training", TrainingConfig)):
        types = _types(config)
        for name in NOT_FOR_FILES[table]:
            del types[name]
        _check_names(path, f"[{table}] ", values.get(table, {}), types)
    precisions = ("auto", *PRECISIONS)
    precision = values.get("training", {}).get("precision", "auto")
    if precision not in precisions:
        expected = f"expected one of {', '.join(precisions)}"
        raise CourseError(f"{path}: [training] precision = {precision!r}: {expected}")
    defaults = DEFAULTS[task]
    for table in NOT_FOR_FILES:
        values[table] = {**getattr(defaults, table), **values.get(table, {})}
    return dataclasses.replace(defaults, **values)


def _types(config: type) -> dict[str, tuple[type, ...]]:
    """What each field may be in a file; the last says it all (a whole number is a number)."""
    return {name: _kinds(hint) for name, hint in get_type_hints(config).items()}


def _kinds(hint: Any) -> tuple[type, ...]:
    if get_origin(hint) is collections.abc.Mapping:
        return (dict,)
    kinds = {hint, *get_args(hint)}
    return tuple(k for k in (str, int, float, bool) if k in kinds or (k is int and float in kinds))


def _check_names(
    path: Path, table: str, values: Mapping[str, Any], types: Mapping[str, tuple[type, ...]]
) -> None:
    for name, value in values.items():
        if name not in types:
            close = difflib.get_close_matches(name, types, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(types)}"
            raise CourseError(f"{path}: {table}{name} is no setting; {hint}")
        if type(value) not in types[name]:
            expected = KINDS[types[name][-1]]
            raise CourseError(f"{path}: {table}{name} = {value!r}: expected {expected}")
