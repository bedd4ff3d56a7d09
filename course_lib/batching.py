"""Sentences to batches: equal lengths together, so that little of a batch is padding."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

Pair = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Batch:
    """Sentence pairs as tensors, padded on the right with `PAD_ID`.

    Shapes: source (B, Tk), ends with `EOS_ID`. target_in (B, Tq) starts with `BOS_ID`; target_out
    (B, Tq) is the same shifted by one, ends with `EOS_ID`, and is what the model should say.
    """

    source: Tensor
    target_in: Tensor
    target_out: Tensor

    @property
    def num_target_tokens(self) -> int:
        """Target tokens that are not padding."""
        return int((self.target_out != PAD_ID).sum())

    def split(self, parts: int) -> "list[Batch]":
        """Its rows in `parts` batches of the same padding, or fewer if there are fewer rows."""
        sides = (self.source, self.target_in, self.target_out)
        return [Batch(*rows) for rows in zip(*(side.chunk(parts) for side in sides), strict=True)]

    def to(self, device: torch.device | str) -> "Batch":
        return Batch(self.source.to(device), self.target_in.to(device), self.target_out.to(device))


def pad(sequences: Sequence[Sequence[int]], pad_id: int = PAD_ID) -> Tensor:
    """Sequences of different lengths as the rows of one tensor (B, T), filled up on the right."""
    longest = max(len(s) for s in sequences)
    return torch.tensor([[*s, *[pad_id] * (longest - len(s))] for s in sequences])


def make_source(sentences: Sequence[Sequence[int]]) -> Tensor:
    """What the encoder reads: each sentence and its end. Shapes: returns (B, Tk)."""
    return pad([[*s, EOS_ID] for s in sentences])


def make_batch(pairs: Sequence[Pair]) -> Batch:
    """Pairs of source and target ids (without special tokens) as a `Batch`."""
    return Batch(
        source=make_source([source for source, _ in pairs]),
        target_in=pad([[BOS_ID, *target] for _, target in pairs]),
        target_out=pad([[*target, EOS_ID] for _, target in pairs]),
    )


def bucket(
    pairs: Sequence[Pair], batch_tokens: int, seed: int | str = 0, pool_size: int = 20_000
) -> list[list[int]]:
    """Group the pairs into batches of similar length, in an order that `seed` decides.

    Shuffle everything; sort each pool of `pool_size` pairs by length; cut it into batches of at
    most `batch_tokens` tokens a side, padding included (a longer pair is a batch of its own); and
    shuffle the batches. Pairs of equal length meet in a new order each time.

    Returns lists of indices into `pairs`; each index stands in exactly one.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(pairs)), len(pairs))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool_size):
        pool = sorted(order[start : start + pool_size], key=lambda i: _lengths(pairs[i]))
        batches += _cut(pool, pairs, batch_tokens)
    rng.shuffle(batches)
    return batches


def _lengths(pair: Pair) -> tuple[int, int]:
    """Of target and source, to sort by: each with one more, for its start or end token."""
    source, target = len(pair[0]) + 1, len(pair[1]) + 1
    return target, source


def _cut(pool: Sequence[int], pairs: Sequence[Pair], batch_tokens: int) -> Iterator[list[int]]:
    batch: list[int] = []
    longest = 0
    for i in pool:
        longest = max(longest, *_lengths(pairs[i]))
        if batch and longest * (len(batch) + 1) > batch_tokens:
            yield batch
            batch, longest = [], max(_lengths(pairs[i]))
        batch.append(i)
    if batch:
        yield batch


def useful_share(batches: Sequence[Sequence[int]], pairs: Sequence[Pair]) -> float:
    """Share of the tensors' cells, both sides counted, that hold a real token and no padding."""
    real = cells = 0
    for batch in batches:
        for side in range(2):
            lengths = [_lengths(pairs[i])[side] for i in batch]
            real += sum(lengths)
            cells += max(lengths) * len(lengths)
    return real / cells
