"""Beam search: several hypotheses stay open, since the best may begin with a worse word."""

import math

import torch
from torch import Tensor

from course_lib.decoding.prefixes import Begin, Prefixes, largest, length_limits, up_to_the_end
from course_lib.errors import CourseError
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID


def length_divisor(length: Tensor | int, length_penalty: float) -> Tensor | float:
    """What a log-probability is divided by, so that short sentences do not always win.

    Wu et al. (2016), equation 14, with its alpha as `length_penalty`: 1 for one token, then slowly
    more; always 1 if the penalty is 0. Up to a penalty of 1 it grows more slowly than the length
    itself, which would let a long sentence pay for a bad word with many easy ones.
    """
    return ((5 + length) / 6) ** length_penalty


@torch.inference_mode()
def beam_search(
    model: Transformer,
    src: Tensor,
    beam_size: int = 5,
    length_penalty: float = 0.6,
    prefixes: Begin = Prefixes,
    longest: int | None = None,
) -> list[list[int]]:
    """Find the sentence with the best log-probability over `length_divisor`.

    At each step every open hypothesis is continued with every token, and the `beam_size` most
    likely continuations go on. Those that end (with the end token, or at the limit) are compared
    with the best that ended before. A sentence is done when none of its open hypotheses can win
    any more: log-probabilities only fall, so the most that one can still reach is what it has now,
    divided for the longest sentence allowed. With `beam_size=1` this is `greedy_decode`.

    A length counts the end token. The defaults are nearly those of Vaswani et al. (2017), section
    6.1. Shapes and `longest`: as `greedy_decode`.
    Raises CourseError unless beam_size >= 1 and length_penalty >= 0.
    """
    if beam_size < 1 or not length_penalty >= 0:
        raise CourseError(
            f"beam_size must be at least 1 and length_penalty at least 0, "
            f"got {beam_size} and {length_penalty}"
        )
    model.eval()
    limits = length_limits(src, model.config.max_len, longest)  # (B,)
    best = src.new_full((len(src), int(limits.max())), EOS_ID)  # (B, T)
    best_score = torch.full_like(limits, -math.inf, dtype=model.embedding.weight.dtype)  # (B,)

    held = prefixes(model, src)
    rows = torch.arange(len(src), device=src.device)  # the sentences that the batch still holds
    tokens = src.new_full((len(src), 1, 1), BOS_ID)  # (B, N, T): N hypotheses, at first one
    log_probs = best_score.new_zeros(len(src), 1)  # (B, N)
    for length in range(1, best.shape[1] + 1):
        logits = held.next_logits(tokens[:, :, -1].flatten()).unflatten(0, log_probs.shape)
        log_probs, parents, new = best_continuations(log_probs, logits, beam_size)  # (B, N) each
        tokens = torch.cat([tokens.take_along_dim(parents[..., None], 1), new[..., None]], dim=2)

        ended = (new == EOS_ID) | (limits[rows] == length)[:, None]
        scores = log_probs.masked_fill(~ended, -math.inf) / length_divisor(length, length_penalty)
        score, place = scores.max(dim=1)
        wins = score > best_score[rows]
        best_score[rows[wins]] = score[wins]
        best[rows[wins], :length] = tokens[wins, place[wins], 1:]
        log_probs = log_probs.masked_fill(ended, -math.inf)  # they are not continued

        reachable = log_probs.max(dim=1).values / length_divisor(limits[rows], length_penalty)
        stay = (reachable > best_score[rows]).nonzero()[:, 0]
        if len(stay) == 0:
            break
        num_before = logits.shape[1]
        held.keep(stay, (stay[:, None] * num_before + parents[stay]).flatten())
        rows, tokens, log_probs = rows[stay], tokens[stay], log_probs[stay]
    return up_to_the_end(best, limits)


def best_continuations(
    log_probs: Tensor, logits: Tensor, beam_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The most likely continuations of a sentence's hypotheses, all of them compared.

    Shapes: log_probs (B, N), logits (B, N, V). Returns their log-probabilities, the hypotheses
    that they continue and the tokens that they add, (B, beam_size) each, or (B, N * V) if there
    are no more.
    """
    # Only the best of each hypothesis can be among the best of all.
    tops, tokens = largest(logits.log_softmax(dim=-1), beam_size)  # (B, N, K) each
    totals = log_probs[..., None] + tops
    log_probs, places = totals.flatten(1).topk(min(beam_size, totals[0].numel()))  # (B, K) each
    return log_probs, places // totals.shape[-1], tokens.flatten(1).gather(1, places)
