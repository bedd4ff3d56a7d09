"""What the banks of this chapter share: models that are easy to see through."""

from dataclasses import dataclass
from zlib import crc32

import torch
from torch import Tensor

from course_lib.exercises.ch06.common import LOST, VOCAB, Reciter
from course_lib.tokenization import BOS_ID, EOS_ID

Words = tuple[int, ...]


class Teller:
    """The next word of a model that repeats the source, if it is asked in the right way.

    Shapes: src (B, Tk), tgt (B, Tq). Returns log-probabilities (B, V).
    """

    def __call__(self, src: Tensor, tgt: Tensor) -> Tensor:
        return Reciter()(src, tgt)[:, -1].log_softmax(dim=-1)

    def __repr__(self) -> str:
        return "a model that repeats the source, if it is asked in the right way"


@dataclass(frozen=True)
class Tree:
    """A model that knows by heart how likely each word is after each beginning, in percent.

    A beginning that it does not know has come to its end. It takes the start token and the words so
    far, and gives log-probabilities (V,). No two of them are equal.
    """

    branches: dict[Words, dict[int, float]]

    def __call__(self, prefix: list[int]) -> Tensor:
        start, *words = (int(token) for token in prefix)
        known = start == BOS_ID and EOS_ID not in words
        chances = self.branches.get(tuple(words), {EOS_ID: 100}) if known else {LOST: 75, 7: 25}
        found = torch.arange(1, VOCAB + 1) * 1e-6
        for token, percent in chances.items():
            found[token] = percent / 100
        return (found / found.sum()).log()

    def __repr__(self) -> str:
        known = ", ".join(
            f"after {list(words)}: {chances}" for words, chances in self.branches.items()
        )
        return f"a model (percent by word, {EOS_ID} ends) {known}"


@dataclass(frozen=True)
class Babbler:
    """A model with some preference after each beginning, drawn from `seed`, over `size` tokens."""

    seed: int
    size: int = 6

    def __call__(self, prefix: list[int]) -> Tensor:
        words = tuple(int(token) for token in prefix)
        dice = torch.Generator().manual_seed(crc32(repr((self.seed, words)).encode()))
        logits = 1.5 * torch.randn(self.size, generator=dice)
        logits[:EOS_ID] -= 20  # padding and the start token are never written
        logits[EOS_ID] -= 6 / len(words)  # and it likes to say a few words
        return logits.log_softmax(dim=-1)

    def __repr__(self) -> str:
        return "a model with a preference of its own after each beginning"
