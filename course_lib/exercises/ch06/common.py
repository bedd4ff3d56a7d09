"""What the banks of this chapter share: sequences, and models that are easy to see through."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

VOCAB = 9
WORDS = 12  # the vocabulary of a reciter: words from 3 on, and the four below
LOST, BACKWARDS, EXCHANGED, UNLIKELY = 8, 9, 10, 11


@dataclass(frozen=True)
class Reciter:
    """A model that repeats the source, word by word, if it is asked in the right way.

    It says the next word only where it reads the start token and all words so far. Else it says
    `LOST`, or what tells how it was asked: `BACKWARDS` where the start token is read last,
    `EXCHANGED` where the source begins with it. `UNLIKELY` always has the lowest score. What it
    says after the end means nothing, and may be another end token.
    Shapes: src (B, Tk), tgt (B, Tq). Returns logits (B, Tq, V).
    """

    bos_id: int = BOS_ID
    eos_id: int = EOS_ID

    def __call__(self, src: Tensor, tgt: Tensor) -> Tensor:
        logits = torch.zeros((*tgt.shape, WORDS), device=src.device)
        logits[..., UNLIKELY] = -1.0
        for row in range(len(tgt)):
            for i in range(tgt.shape[1]):
                said = self._says(src[row].tolist(), tgt[row, : i + 1].tolist())
                logits[row, i, said] = 1.0 + i
        return logits

    def _says(self, words: list[int], read: list[int]) -> int:
        """The word after those that were read so far."""
        if self.eos_id in words:
            words = words[: words.index(self.eos_id) + 1]
        if words[0] == self.bos_id:
            return EXCHANGED
        if read[-1] == self.bos_id and len(read) > 1:
            return BACKWARDS
        if read[: len(words) + 1] != [self.bos_id, *words][: len(read)]:
            return LOST
        beyond = len(read) - 1 - len(words)
        if beyond < 0:
            return words[len(read) - 1]
        return self.eos_id if beyond % 2 and words[-1] == self.eos_id else LOST

    def __repr__(self) -> str:
        return "a model that repeats the source, if it is asked in the right way"


class Reader(nn.Module):
    """A model whose logits depend on the whole source and on all words read so far, in order."""

    def __init__(self) -> None:
        super().__init__()
        dice = torch.Generator().manual_seed(0)
        self.table = nn.Parameter(torch.randn((VOCAB, 6), generator=dice))

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        table = self.table.to(src.device)
        place = torch.arange(1, 20, device=src.device)[:, None] / 4
        source = (table[src] * place[: src.shape[1]]).mean(1, keepdim=True)
        past = (table[tgt] * place[: tgt.shape[1]]).cumsum(1) / place[: tgt.shape[1]]
        return torch.tanh(source + past) @ table.T

    def __repr__(self) -> str:
        return "a small model"


def rows(*sentences: list[int], ends: bool = True, eos_id: int = EOS_ID) -> Tensor:
    """Sentences as a tensor, each with its end token, filled up with padding."""
    whole = [[*sentence, *[eos_id] * ends] for sentence in sentences]
    longest = max(map(len, whole))
    return torch.tensor([[*s, *[PAD_ID] * (longest - len(s))] for s in whole])
