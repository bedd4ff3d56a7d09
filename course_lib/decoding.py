"""Write a target sentence, one token at a time."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.batching import make_source
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID, Tokenizer


def length_limit(source_length: int, max_len: int) -> int:
    """Where to stop a sentence that does not end by itself: twice the source and ten tokens."""
    return min(2 * source_length + 10, max_len)


@torch.inference_mode()
def greedy_decode(model: Transformer, src: Tensor) -> list[list[int]]:
    """Take the most likely token, again and again, until the end token.

    A batch at a time, with caches; a sentence that has ended leaves the batch. What a sentence
    becomes does not depend on the others in its batch.

    Shapes: src (B, Tk). Returns B lists of token ids, without start and end token, each at most
    `length_limit` long.
    """
    model.eval()
    outputs: list[list[int]] = [[] for _ in src]
    limits = [length_limit(n, model.config.max_len) for n in (src != PAD_ID).sum(dim=1).tolist()]
    rows = list(range(len(src)))  # which sentence each row of the shrinking batch is
    memory, cache = model.encode(src), model.new_cache()
    token = torch.full((len(src), 1), BOS_ID, device=src.device)
    while rows:
        token = model.logits(model.decode(token, memory, src, cache)[:, -1]).argmax(
            -1, keepdim=True
        )
        for row, token_id in zip(rows, token[:, 0].tolist(), strict=True):
            if token_id != EOS_ID:
                outputs[row].append(token_id)
        going_on = [
            i
            for i, (row, token_id) in enumerate(zip(rows, token[:, 0].tolist(), strict=True))
            if token_id != EOS_ID and len(outputs[row]) < limits[row]
        ]
        if len(going_on) < len(rows):
            rows = [rows[i] for i in going_on]
            keep = torch.tensor(going_on, dtype=torch.int64, device=src.device)
            token, memory, src = token[keep], memory[keep], src[keep]
            cache.keep(keep)
    return outputs


def translate(
    model: Transformer, tokenizer: Tokenizer, sentences: Sequence[str], batch_tokens: int = 2_000
) -> list[str]:
    """Translate sentences greedily, similar lengths together, and return them in their own order.

    `batch_tokens` bounds the source tokens of a batch. An empty sentence stays empty.
    Raises ValueError if a sentence is longer than the model's `max_len`.
    """
    device = model.embedding.weight.device
    ids = tokenizer.encode_batch(sentences)
    by_length = sorted((i for i, s in enumerate(sentences) if s.strip()), key=lambda i: len(ids[i]))
    translations = [""] * len(sentences)
    while by_length:
        longest = len(ids[by_length[-1]]) + 1
        batch = by_length[-max(1, batch_tokens // longest) :]
        del by_length[-len(batch) :]
        source = make_source([ids[i] for i in batch]).to(device)
        for i, output in zip(batch, greedy_decode(model, source), strict=True):
            translations[i] = tokenizer.decode(output).strip()
    return translations
