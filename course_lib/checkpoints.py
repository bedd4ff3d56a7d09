"""A training run as a folder: written whole or not at all, and enough to go on from.

config.json         what was asked for: corpus, model, training, versions
tokenizer.json      the vocabulary
model.safetensors   the averaged weights: what `translate` and `evaluate` use
state.safetensors   everything that training needs to go on, bit for bit
records.jsonl       what each step said, one JSON object a line
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from course_lib.errors import RunError
from course_lib.files import write_bytes, write_text
from course_lib.models import Transformer, TransformerConfig
from course_lib.tokenization import Tokenizer
from course_lib.training import Record, Trainer, TrainingConfig

FORMAT = 2


@dataclass(frozen=True)
class RunConfig:
    """What a run was asked to do: `config.json`."""

    task: str
    corpus: dict[str, Any]
    model: TransformerConfig
    training: TrainingConfig
    versions: dict[str, str] = field(default_factory=dict)
    threads: int = 0
    format: int = FORMAT


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors whole or not at all, in the safetensors format: no pickle, no code."""
    plain = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    write_bytes(path, save(plain))  # safetensors' own save_file hides what the disk said


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read what `save_tensors` wrote. Raises RunError if the file is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing: was the run stopped before its first save?") from error
    except SafetensorError as error:
        raise RunError(
            f"{path} is damaged ({error}): take it from a copy, or train again"
        ) from error


class Run:
    """The folder of one training run."""

    def __init__(self, folder: Path, config: RunConfig, tokenizer: Tokenizer):
        self.folder, self.config, self.tokenizer = folder, config, tokenizer

    @classmethod
    def create(cls, folder: Path, config: RunConfig, tokenizer: Tokenizer) -> "Run":
        """Make the folder of a new run.

        Raises RunError if it holds something already: nothing is ever overwritten.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(
                f"{folder} is not empty: go on with `--resume {folder}`, or choose another `--run`"
            )
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config, tokenizer)
        write_text(folder / "tokenizer.json", tokenizer.to_json())
        run.write_config(config)
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Read the folder of a run.

        Raises RunError if it is missing, damaged, or of another version of the course.
        """
        path = folder / "config.json"
        if not path.is_file():
            raise RunError(f"{folder} is not the folder of a run: it has no config.json")
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise RunError(
                    f"{folder} has run format {data['format']}, this version of the course reads "
                    f"{FORMAT}: train again, or use the version that made it ({data['versions']})"
                )
            data["model"] = TransformerConfig(**data["model"])
            data["training"] = TrainingConfig(**data["training"])
            config = RunConfig(**data)
        except RunError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{path} is damaged ({type(error).__name__}: {error}): "
                "take it from a copy, or train again"
            ) from error
        if not (folder / "tokenizer.json").is_file():
            raise RunError(f"{folder} has no tokenizer.json: take it from a copy, or train again")
        tokenizer = Tokenizer.from_file(folder / "tokenizer.json")
        if tokenizer.vocab_size != config.model.vocab_size:
            raise RunError(
                f"{folder}: tokenizer.json has {tokenizer.vocab_size} tokens, the model "
                f"{config.model.vocab_size}: they are not from the same run"
            )
        return cls(folder, config, tokenizer)

    def write_config(self, config: RunConfig) -> None:
        """Settle the configuration, for instance when the number of steps is known."""
        self.config = config
        write_text(self.folder / "config.json", json.dumps(asdict(config), indent=2) + "\n")

    def save(self, trainer: Trainer, records: Sequence[Record]) -> None:
        """Keep records, averaged weights, and last the state, which is what counts as saved."""
        lines = "".join(json.dumps(asdict(record)) + "\n" for record in records)
        write_text(self.folder / "records.jsonl", lines)
        save_tensors(self.folder / "model.safetensors", trainer.kept())
        save_tensors(self.folder / "state.safetensors", trainer.state())

    def restore(self, trainer: Trainer) -> list[Record]:
        """Bring a new trainer to the last save; returns the records up to there.

        Raises RunError if a file is missing or damaged.
        """
        path = self.folder / "state.safetensors"
        try:
            trainer.load_state(load_tensors(path))
        except (KeyError, RuntimeError, ValueError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError(f"{path} does not fit {self.folder}/config.json: {error}") from error
        return [record for record in self.records() if record.step <= trainer.step]

    def records(self) -> list[Record]:
        """What the steps said, from the first to the last save."""
        path = self.folder / "records.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            return [Record(**json.loads(line)) for line in lines]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise RunError(f"{path} is damaged ({error}): delete it to go on without it") from error

    def load_model(self, device: torch.device | str = "cpu") -> Transformer:
        """The model with its averaged weights, ready to translate.

        Raises RunError if the weights are missing, damaged, or of another model.
        """
        path = self.folder / "model.safetensors"
        tensors = load_tensors(path)
        model = Transformer(self.config.model)
        try:
            model.load_state_dict(tensors)
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip()
            raise RunError(f"{path} does not fit {self.folder}/config.json: {first}") from error
        return model.to(device).eval()
