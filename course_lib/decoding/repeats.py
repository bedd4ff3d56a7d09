"""No group of tokens twice: what a model that goes round in circles is not allowed to write."""

import torch
from torch import Tensor

from course_lib.decoding.prefixes import Prefixes
from course_lib.models import Transformer


class WithoutRepeats(Prefixes):
    """`Prefixes` in which no group of `n` tokens is written a second time.

    Paulus et al. (2018), section 2.5, who forbid trigrams.
    """

    def __init__(self, model: Transformer, src: Tensor, n: int = 3):
        super().__init__(model, src)
        self.n, self.written = n, src[:, :0]

    def next_logits(self, tokens: Tensor) -> Tensor:
        self.written = torch.cat([self.written, tokens[:, None]], dim=1)
        logits = super().next_logits(tokens)
        return logits.masked_fill(repeating(self.written, logits.shape[-1], self.n), -torch.inf)

    def keep(self, sentences: Tensor, rows: Tensor) -> None:
        super().keep(sentences, rows)
        self.written = self.written[rows]


def repeating(written: Tensor, vocab_size: int, n: int = 3) -> Tensor:
    """Which tokens, written next, would end a group of `n` that stands there already.

    Shapes: written (B, T) of token ids. Returns (B, vocab_size), True = would repeat.
    """
    found = torch.zeros(len(written), vocab_size, dtype=torch.bool, device=written.device)
    if written.shape[1] < n:
        return found
    groups = written.unfold(1, n, 1)  # (B, T - n + 1, n)
    begun = written[:, None, written.shape[1] - n + 1 :]  # (B, 1, n - 1): the last tokens
    rows, places = (groups[..., :-1] == begun).all(dim=-1).nonzero(as_tuple=True)
    found[rows, groups[rows, places, -1]] = True
    return found
