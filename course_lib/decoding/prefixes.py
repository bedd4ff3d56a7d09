"""The sentences of a batch while they are being written, and what a model thinks of them."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.batching import pad
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID


def length_limits(src: Tensor, max_len: int, longest: int | None = None) -> Tensor:
    """Where to stop sentences that do not end by themselves: twice the source and ten tokens.

    Shapes: src (B, Tk), padded. Returns (B,), in tokens, each at most max_len, and at most
    `longest` if that is given.
    """
    limits = 2 * (src != PAD_ID).sum(dim=1) + 10
    return limits.clamp(max=max_len if longest is None else min(max_len, longest))


class Prefixes:
    """What has been written so far, as the model remembers it: caches, and the sources.

    Each row is something that is being written: a sentence, or one of N hypotheses of a sentence,
    which then stand side by side. Rows can leave, be doubled and change places.
    """

    def __init__(self, model: Transformer, src: Tensor):
        self.model, self.src = model, src
        self.memory, self.cache = model.encode(src), model.new_cache()

    def next_logits(self, tokens: Tensor) -> Tensor:
        """Write one token more in each row, and score what may follow: (B * N,) to (B * N, V)."""
        x = self.model.decode(tokens[:, None], self.memory, self.src, self.cache)
        return self.model.scores(x, self.memory, self.src)[:, 0]

    def keep(self, sentences: Tensor, rows: Tensor) -> None:
        """Go on with these sentences of the batch, and these rows, in this order: two indices."""
        self.cache.keep(rows)
        if len(sentences) < len(self.src):  # else they are the same as before
            self.memory, self.src = self.memory[sentences], self.src[sentences]
            self.cache.keep_sources(sentences)


# What begins with a model and its sources: `Prefixes`, or one that remembers or forbids more
Begin = Callable[[Transformer, Tensor], Prefixes]


class RereadPrefixes(Prefixes):
    """The same without caches: everything is read again for each token. To compare with."""

    def __init__(self, model: Transformer, src: Tensor):
        super().__init__(model, src)
        self.written = src[:, :0]

    def next_logits(self, tokens: Tensor) -> Tensor:
        self.written = torch.cat([self.written, tokens[:, None]], dim=1)
        x = self.model.decode(self.written, self.memory, self.src)[:, -1:]
        return self.model.scores(x, self.memory, self.src)[:, 0]

    def keep(self, sentences: Tensor, rows: Tensor) -> None:
        super().keep(sentences, rows)
        self.written = self.written[rows]


def largest(values: Tensor, k: int, block: int = 64) -> tuple[Tensor, Tensor]:
    """The k largest values of each row and where they stand, as `values.topk(k)`.

    Several times faster on a CPU, which finds the maximum of each block of a row in one quick
    pass. The k largest values stand in at most k blocks, so only the k blocks with the largest
    maxima are searched (and what is left over at the end of the row).

    Shapes: values (..., V). Returns (..., k) twice, or (..., V) if V is smaller than k.
    """
    whole = values.shape[-1] // block
    if whole <= k:
        all_of_row = values.topk(min(k, values.shape[-1]))
        return all_of_row.values, all_of_row.indices
    blocks = values[..., : whole * block].unflatten(-1, (whole, block))
    chosen = blocks.amax(dim=-1).topk(k).indices  # (..., k)
    found = blocks.take_along_dim(chosen[..., None], dim=-2).flatten(-2)  # (..., k * block)
    top, at = torch.cat([found, values[..., whole * block :]], dim=-1).topk(k)
    places = chosen.gather(-1, (at // block).clamp(max=k - 1)) * block + at % block
    return top, torch.where(at < k * block, places, at + (whole - k) * block)


def up_to_the_end(written: Tensor, limits: Tensor) -> list[list[int]]:
    """Each row up to its end token or its limit: (B, T) and (B,) to B lists of token ids."""
    outputs = []
    for ids, limit in zip(written.tolist(), limits.tolist(), strict=True):
        end = ids.index(EOS_ID) if EOS_ID in ids[:limit] else limit
        outputs.append(ids[:end])
    return outputs


@torch.inference_mode()
def score(
    model: Transformer, src: Tensor, outputs: Sequence[Sequence[int]], longest: int | None = None
) -> Tensor:
    """Log-probability of each output, the end token included if it is shorter than its limit.

    Shapes: src (B, Tk), and B outputs as the decoders give them, if they were given the same
    `longest`. Returns (B,), in nats.
    """
    model.eval()
    limits = length_limits(src, model.config.max_len, longest).tolist()
    whole = [
        [*ids, EOS_ID] if len(ids) < limit else list(ids)
        for ids, limit in zip(outputs, limits, strict=True)
    ]
    target = pad(whole).to(src.device)
    target_in = pad([[BOS_ID, *ids[:-1]] for ids in whole]).to(src.device)
    log_probs = model(src, target_in).log_softmax(dim=-1)
    real = torch.arange(target.shape[1], device=src.device) < torch.tensor(
        [[len(ids)] for ids in whole], device=src.device
    )
    return (log_probs.gather(-1, target[..., None])[..., 0] * real).sum(dim=-1)
