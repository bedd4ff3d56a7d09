"""A Transformer that can also copy: names and rare words stand in the source, ready to be taken.

See et al. (2017), section 2.2, with an attention of its own instead of the recurrent model's.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.masks import padding_mask
from course_lib.models import Transformer, TransformerConfig, init_weights
from course_lib.tokenization import PAD_ID

TINY = 1e-9  # keeps the logarithm of a probability that is 0 finite


class Pointer(nn.Module):
    """Where in the source is the next token, and is it to be copied or written?

    A place is found by what stands there, and by what stands before it: a word of several tokens
    is copied by looking for the token that comes after the last one.

    Shapes: x (B, Tq, D), memory (B, Tk, D), mask (B, 1, 1, Tk) with True = a token. Returns the
    places' probabilities (B, Tq, Tk), and that of writing (B, Tq, 1).
    """

    def __init__(self, d_model: int):
        super().__init__()
        self.query = nn.Linear(d_model, d_model)
        self.query_before = nn.Linear(d_model, d_model)
        self.gate = nn.Linear(2 * d_model, 1)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        before = F.pad(memory, (0, 0, 1, -1))  # (B, Tk, D): at each place, the one before it
        scores = self.query(x) @ memory.mT + self.query_before(x) @ before.mT  # (B, Tq, Tk)
        scores = scores / x.shape[-1] ** 0.5
        places = scores.masked_fill(~mask[:, 0], -torch.inf).softmax(dim=-1)
        found = places @ memory  # (B, Tq, D): what stands at those places
        return places, torch.sigmoid(self.gate(torch.cat([x, found], dim=-1)))


def copy_distribution(written: Tensor, places: Tensor, writing: Tensor, src: Tensor) -> Tensor:
    """Probabilities of all tokens, of which some are written and some are taken from the source.

    p(token) = writing · written(token) + (1 - writing) · (sum of places where src has the token).

    Shapes: written (B, Tq, V), places (B, Tq, Tk), writing (B, Tq, 1), src (B, Tk) of token ids.
    Returns (B, Tq, V).
    """
    tokens = src[:, None].expand_as(places)
    return (writing * written).scatter_add(-1, tokens, (1 - writing) * places)


class CopyTransformer(Transformer):
    """A `Transformer` with a `Pointer`: `forward` gives log-probabilities instead of logits.

    Shapes: as `Transformer`.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__(config)
        self.pointer = Pointer(config.d_model)
        init_weights(self.pointer)

    def scores(self, x: Tensor, memory: Tensor, src: Tensor) -> Tensor:
        written = self.logits(x).softmax(dim=-1)
        places, writing = self.point(x, memory, src)
        # Rows that share a source, in beam search, stand side by side.
        src = src.repeat_interleave(len(x) // len(src), dim=0)
        return copy_distribution(written, places, writing, src).add(TINY).log()

    def loss(
        self, src: Tensor, target_in: Tensor, target_out: Tensor, label_smoothing: float
    ) -> Tensor:
        """As `Transformer.loss`. Only the target's probability is needed of the mixture, so what is
        copied is not spread over the vocabulary.

        Label smoothing looks at what is written: the pointer can't give a share to all tokens.
        """
        memory = self.encode(src)
        x = self.decode(target_in, memory, src)
        places, writing = self.point(x, memory, src)
        real = target_out != PAD_ID
        log_written = self.logits(x[real]).log_softmax(dim=-1)  # (N, V)
        written = log_written.gather(-1, target_out[real][:, None])[:, 0].exp()
        copied = (places * (src[:, None] == target_out[..., None])).sum(dim=-1)[real]
        share = writing[..., 0][real]
        right = (share * written + (1 - share) * copied).add(TINY).log()
        all_alike = log_written.mean(dim=-1)
        return -((1 - label_smoothing) * right + label_smoothing * all_alike).mean()

    def point(self, x: Tensor, memory: Tensor, src: Tensor) -> tuple[Tensor, Tensor]:
        """`Pointer`, also for N rows to a source. Shapes: x (B * N, Tq, D), memory (B, Tk, D)."""
        queries = x.reshape(len(memory), -1, x.shape[-1])
        places, writing = self.pointer(queries, memory, padding_mask(src, self.config.pad_id))
        return places.reshape(*x.shape[:2], -1), writing.reshape(*x.shape[:2], 1)
