"""What the banks of this chapter share: sequences, and models that are easy to see through."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

VOCAB = 9
LOST = 8  # what a reciter says when it does not know where it is


@dataclass(frozen=True)
class Reciter:
    """A model that repeats the source, word by word, if it is asked in the right way.

    It says the next word only where it reads the start token and all words so far; else it says
    `LOST`. Shapes: src (B, Tk), tgt (B, Tq). Returns logits (B, Tq, V).
    """

    def __call__(self, src: Tensor, tgt: Tensor) -> Tensor:
        logits = torch.zeros((*tgt.shape, VOCAB), device=src.device)
        for row in range(len(tgt)):
            words = src[row].tolist()
            for i in range(tgt.shape[1]):
                follows = tgt[row, : i + 1].tolist() == [BOS_ID, *words[:i]]
                said = words[i] if follows and i < len(words) else LOST
                logits[row, i, LOST if said == PAD_ID else said] = 1.0 + i
        return logits

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


def rows(*sentences: list[int], ends: bool = True) -> Tensor:
    """Sentences as a tensor, each with its end token, filled up with padding."""
    whole = [[*sentence, *[EOS_ID] * ends] for sentence in sentences]
    longest = max(map(len, whole))
    return torch.tensor([[*s, *[PAD_ID] * (longest - len(s))] for s in whole])
