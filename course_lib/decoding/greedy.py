"""The loop that writes, and the plainest way to choose: always the most likely token."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.decoding.prefixes import Begin, Prefixes, largest, length_limits, up_to_the_end
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID

# From logits (N, V), and which rows they belong to (N,), as `write` counts them, to token ids (N,)
Choose = Callable[[Tensor, Tensor], Tensor]


def greedy_decode(
    model: Transformer, src: Tensor, prefixes: Begin = Prefixes, longest: int | None = None
) -> list[list[int]]:
    """Take the most likely token, again and again, until the end token.

    A batch at a time, with caches (`prefixes=RereadPrefixes` does without them, to compare);
    sentences that have ended leave the batch, several at a time. What a sentence becomes does not
    depend on the others in its batch.

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
    copies: int = 1,
) -> list[list[int]]:
    """Let `choose` take each next token of each sentence, until the end token or the limit.

    With `copies`, each sentence is written so often, and its source is read once. Row r is copy
    r % copies of sentence r // copies.

    Shapes: as `greedy_decode`. Returns B * copies lists, those of a sentence side by side.
    """
    model.eval()
    limits = length_limits(src, model.config.max_len, longest).repeat_interleave(copies)  # (N,)
    written = src.new_zeros(len(limits), int(limits.max()))  # (N, T)
    held = prefixes(model, src)
    rows = torch.arange(len(limits), device=src.device)  # those that the batch still holds
    ended = torch.zeros_like(rows, dtype=torch.bool)
    logits = held.next_logits(src.new_full((len(src),), BOS_ID)).repeat_interleave(copies, dim=0)
    if copies > 1:
        held.keep(rows[: len(src)], rows // copies)
    for position in range(written.shape[1]):
        tokens = choose(logits, rows)
        written[rows, position] = tokens
        ended |= (tokens == EOS_ID) | (limits[rows] == position + 1)
        of_sentence = ended.unflatten(0, (-1, copies))
        stay = (~of_sentence.all(dim=1)).nonzero()[:, 0]
        if len(stay) == 0:
            break
        # To leave means to copy the caches of all who stay: worth it for several at a time. All
        # sentences have as many rows, so the one with most that are open says how many.
        most = int((~of_sentence).sum(dim=1).max())
        if len(stay) * most < len(rows) * 7 / 8:
            places = torch.arange(len(rows), device=src.device).unflatten(0, (-1, copies))[stay]
            open_first = of_sentence[stay].int().argsort(dim=1, stable=True)[:, :most]
            still = places.gather(1, open_first).flatten()
            held.keep(stay, still)
            rows, tokens, ended, copies = rows[still], tokens[still], ended[still], most
        logits = held.next_logits(tokens)
    return up_to_the_end(written, limits)
