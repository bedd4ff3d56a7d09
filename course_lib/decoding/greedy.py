"""The loop that writes, and the plainest way to choose: always the most likely token."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.decoding.prefixes import Begin, Prefixes, largest, length_limits, up_to_the_end
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID

# From logits (B, V), and which sentences of the batch they belong to (B,), to token ids (B,)
Choose = Callable[[Tensor, Tensor], Tensor]


def greedy_decode(
    model: Transformer, src: Tensor, prefixes: Begin = Prefixes, longest: int | None = None
) -> list[list[int]]:
    """Take the most likely token, again and again, until the end token.

    A batch at a time, with caches (`prefixes=RereadPrefixes` does without them, to compare);
    sentences that have ended leave the batch. What a sentence becomes does not depend on the
    others in its batch.

    Shapes: src (B, Tk). Returns B lists of token ids, without start and end token, each at most
    its `length_limits` long, and at most `longest`.
    """
    return write(model, src, lambda logits, rows: largest(logits, 1)[1][:, 0], prefixes, longest)


@torch.inference_mode()
def write(
    model: Transformer,
    src: Tensor,
    choose: Choose,
    prefixes: Begin = Prefixes,
    longest: int | None = None,
) -> list[list[int]]:
    """Let `choose` take each next token of each sentence, until the end token or the limit.

    Shapes: as `greedy_decode`.
    """
    model.eval()
    limits = length_limits(src, model.config.max_len, longest)  # (B,)
    written = src.new_zeros(len(src), int(limits.max()))  # (B, T)
    held = prefixes(model, src)
    rows = torch.arange(len(src), device=src.device)  # the sentences that the batch still holds
    ended = torch.zeros_like(rows, dtype=torch.bool)
    tokens = torch.full_like(rows, BOS_ID)
    for position in range(written.shape[1]):
        tokens = choose(held.next_logits(tokens), rows)
        written[rows, position] = tokens
        ended |= (tokens == EOS_ID) | (limits[rows] == position + 1)
        if ended.all():
            break
        # To leave means to copy the caches of all who stay: worth it for several at a time.
        if ended.sum() > len(rows) / 8:
            stay = (~ended).nonzero()[:, 0]
            held.keep(stay, stay)
            rows, tokens, ended = rows[stay], tokens[stay], ended[stay]
    return up_to_the_end(written, limits)
