"""A training run as a folder: written whole or not at all, and enough to go on from.

config.json         what was asked for: corpus, model, training, versions
tokenizer.json      the vocabulary
model.safetensors   the weights that are kept: what `translate` and `evaluate` use
state.safetensors   everything that training needs to go on, on a CPU bit for bit
records.jsonl       what each step said, one JSON object a line
.lock               is held by the process that trains; it means nothing when nobody holds it

A save writes records, model and state, in this order. Killed in between, a run has the state of
the save before: it goes on from there, and drops the records that came later.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import filelock
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from course_lib.copying import CopyTransformer
from course_lib.errors import RunError
from course_lib.files import sweep, write_bytes, write_text
from course_lib.models import Transformer, TransformerConfig
from course_lib.tokenization import Tokenizer
from course_lib.training import Record, Trainer, TrainingConfig

FORMAT = 3  # another number whenever a field of the configurations, records or state changes
READABLE = (2, FORMAT)  # 2 had no BPE dropout and no copying, as their defaults say
LOCK = ".lock"


@dataclass(frozen=True)
class RunConfig:
    """What a run was asked to do: `config.json`."""

    task: str
    corpus: dict[str, Any]
    model: TransformerConfig
    training: TrainingConfig
    copying: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    threads: int = 0
    device: str = "cpu"
    format: int = FORMAT

    def new_model(self) -> Transformer:
        """The model at its very start, with weights as PyTorch's generator draws them."""
        return CopyTransformer(self.model) if self.copying else Transformer(self.model)


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors whole or not at all, in the safetensors format: no pickle, no code."""
    plain = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    # safetensors' own save_file hides what the disk said
    write_bytes(path, save(plain, {"sha256": checksum(plain)}))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read what `save_tensors` wrote. Raises RunError if the file is missing or damaged."""
    try:
        with safe_open(path, "pt") as file:
            # Copies: what still lies in the file's mapping keeps Windows from replacing the file.
            tensors = {n: file.get_tensor(n).clone() for n in file.keys()}  # noqa: SIM118
            expected = (file.metadata() or {}).get("sha256")
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing: was the run stopped before its first save?") from error
    except SafetensorError as error:
        raise damaged(path, error) from error
    if checksum(tensors) != expected:
        raise damaged(path, "its checksum does not fit its content")
    return tensors


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of the tensors on the CPU: of names, types, shapes and all their bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def damaged(path: Path, why: object) -> RunError:
    """The one line that says so."""
    text = f"{type(why).__name__}: {why}" if isinstance(why, Exception) else why
    return RunError(f"{path} is damaged ({text}): take it from a copy, or train again")


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep a run's folder to this process, and take away what killed ones have left there.

    The lock ends with the process, however that ends. Raises RunError if another one has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RunError(
            f"{folder} is in use by another process: let it end, or choose another `--run`"
        ) from None
    try:
        sweep(folder)
        yield
    finally:
        lock.release()


class Run:
    """The folder of one training run. Who creates, restores or saves it must `hold` it."""

    def __init__(self, folder: Path, config: RunConfig, tokenizer: Tokenizer):
        self.folder, self.config, self.tokenizer = folder, config, tokenizer

    @classmethod
    def create(cls, folder: Path, config: RunConfig, tokenizer: Tokenizer) -> "Run":
        """Begin a new run.

        Raises RunError if the folder holds something already: nothing is ever overwritten.
        """
        must_be_free(folder)
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
        config, path = _read_config(folder), folder / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(path)
        except FileNotFoundError as error:
            raise RunError(
                f"{folder} has no tokenizer.json: take it from a copy, or train again"
            ) from error
        except ValueError as error:
            raise damaged(path, error) from error
        if tokenizer.vocab_size != config.model.vocab_size:
            raise RunError(
                f"{folder}: tokenizer.json has {tokenizer.vocab_size} tokens, the model "
                f"{config.model.vocab_size}: they are not from the same run"
            )
        return cls(folder, config, tokenizer)

    def write_config(self, config: RunConfig) -> None:
        """Write what the run was asked to do; a file that is there is replaced."""
        self.config = config
        write_text(self.folder / "config.json", json.dumps(asdict(config), indent=2) + "\n")

    def save(self, trainer: Trainer, records: Sequence[Record]) -> None:
        """Keep records, the weights to use, and last the state, which is what counts as saved."""
        lines = "".join(json.dumps(asdict(record)) + "\n" for record in records)
        write_text(self.folder / "records.jsonl", lines)
        save_tensors(self.folder / "model.safetensors", trainer.kept())
        save_tensors(self.folder / "state.safetensors", trainer.state())

    def restore(self, trainer: Trainer) -> list[Record]:
        """Bring a new trainer to the last save; returns the records up to there.

        A run that was killed before its first save is at its very start, as the trainer is.
        Raises RunError if a file is missing or damaged.
        """
        path = self.folder / "state.safetensors"
        if not path.exists() and not (self.folder / "model.safetensors").exists():
            return []
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
        model = self.config.new_model()
        try:
            model.load_state_dict(tensors)
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip()
            raise RunError(f"{path} does not fit {self.folder}/config.json: {first}") from error
        return model.to(device).eval()


def must_be_free(folder: Path) -> None:
    """Raises RunError if a new run can't begin in this folder, since something is there."""
    if folder.exists() and (not folder.is_dir() or {p.name for p in folder.iterdir()} - {LOCK}):
        go_on = f"go on with `--resume {folder}`, or " * (folder / "config.json").is_file()
        raise RunError(f"{folder} is not empty: {go_on}choose another `--run`")


def _read_config(folder: Path) -> RunConfig:
    path = folder / "config.json"
    if not path.is_file():
        raise RunError(f"{folder} is not the folder of a run: it has no config.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] not in READABLE:
            raise RunError(
                f"{folder} has run format {data['format']}, this version of the course reads "
                f"{' and '.join(map(str, READABLE))}: train again, or use the version that made it "
                f"({data['versions']})"
            )
        data["model"] = TransformerConfig(**data["model"])
        data["training"] = TrainingConfig(**data["training"])
        return RunConfig(**data)
    except RunError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
