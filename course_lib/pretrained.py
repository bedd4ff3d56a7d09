"""Models that come with the course: trained, small enough to ship, and loaded without a network.

Each is the folder of a run without the state of its training: `config.json` says how it was made,
`README.md` (its model card) on what data, with which scores, and what it is not good for. The
weights are kept in half precision and computed with in single.
"""

import dataclasses
import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from course_lib.checkpoints import Run, save_tensors
from course_lib.decoding import Decoding, greedy_decode, translate
from course_lib.errors import CourseError
from course_lib.files import write_text
from course_lib.models import Transformer
from course_lib.summarization import summarize
from course_lib.tokenization import Tokenizer

FOLDER = Path(__file__).parent / "pretrained_models"
MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class Pretrained:
    """A model that comes with the course, ready to use, and its tokenizer."""

    name: str
    model: Transformer
    tokenizer: Tokenizer
    task: str

    def __call__(
        self, sentences: list[str], decoding: Decoding = (greedy_decode, None)
    ) -> list[str]:
        """Translate sentences or summarize texts, in their order; of a text, as much as is read."""
        write = summarize if self.task == "summarization" else translate
        return write(self.model, self.tokenizer, sentences, *decoding)


def pretrained_names() -> list[str]:
    """Names that `load_pretrained` knows."""
    return sorted(path.parent.name for path in FOLDER.glob("*/config.json"))


def pretrained_run(name: str) -> Run:
    """The folder of a shipped model. Raises CourseError if there is none of that name."""
    names = pretrained_names()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise CourseError(
            f"no pretrained model is called {name!r}; there are {', '.join(names) or 'none'}{hint}"
        )
    return Run.open(FOLDER / name)


def load_pretrained(name: str, device: torch.device | str = "cpu") -> Pretrained:
    """A model that comes with the course: `load_pretrained("multi30k-en-de")`.

    Raises CourseError if there is none of that name, RunError if its files are damaged.
    """
    run = pretrained_run(name)
    return Pretrained(name, run.load_model(device), run.tokenizer, run.config.task)


def ship(run: Run, folder: Path, card: Callable[[Run], str]) -> None:
    """Write what ships of a run: its weights in half precision, and the card.

    `card` is given what has been written, so that it can tell how good that is.
    Raises CourseError if that is more than 10 MB.
    """
    tensors = {name: tensor.half() for name, tensor in run.load_model().named_parameters()}
    size = sum(tensor.nbytes for tensor in tensors.values())
    if size > MAX_BYTES:
        raise CourseError(
            f"{run.folder}: {size / 1e6:.1f} MB in half precision, at most {MAX_BYTES / 1e6:.0f} "
            "may ship: train a smaller model"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "tokenizer.json", run.tokenizer.to_json())
    save_tensors(folder / "model.safetensors", tensors)
    # Where the texts lay on the machine that trained is nobody else's business.
    corpus = {name: value for name, value in run.config.corpus.items() if name != "from"}
    config = dataclasses.replace(run.config, corpus=corpus)
    Run(folder, config, run.tokenizer).write_config(config)
    write_text(folder / "README.md", card(Run.open(folder)))
