"""Slow and plain decoding, which the fast one is compared with: no batch, no cache."""

import itertools
import math

import torch

from course_lib.decoding import length_limits
from course_lib.tokenization import BOS_ID, EOS_ID


def make_limit(model, src):
    return int(length_limits(src, model.config.max_len))


def next_log_probs(model, src, written):
    """Log-probabilities of what follows, (V,), the whole prefix read again; src is (1, Tk)."""
    return model(src, torch.tensor([[BOS_ID, *written]]))[0, -1].log_softmax(-1)


def greedy(model, src):
    written = []
    while len(written) < make_limit(model, src):
        token = next_log_probs(model, src, written).argmax().item()
        if token == EOS_ID:
            break
        written.append(token)
    return written


def divisor(length, penalty):
    return ((5 + length) / 6) ** penalty


def beam(model, src, beam_size, penalty):
    """Beam search as a textbook has it: lists, no early end."""
    limit, hypotheses, finished = make_limit(model, src), [(0.0, [])], []
    for length in range(1, limit + 1):
        candidates = [
            (total + log_prob, [*written, token])
            for total, written in hypotheses
            for token, log_prob in enumerate(next_log_probs(model, src, written).tolist())
        ]
        candidates = sorted(candidates, reverse=True)[:beam_size]
        over = [c for c in candidates if c[1][-1] == EOS_ID or length == limit]
        finished += [(total / divisor(length, penalty), written) for total, written in over]
        hypotheses = [c for c in candidates if c not in over]
    written = max(finished)[1]
    return written[:-1] if written[-1] == EOS_ID else written


def exhaustive(model, src, penalty):
    """The best of all sentences that there are. Returns it and its score."""
    limit, vocab_size = make_limit(model, src), model.config.vocab_size
    words = [token for token in range(vocab_size) if token != EOS_ID]
    best = (-math.inf, [])
    log_probs = {}
    for length in range(limit):
        for written in itertools.product(words, repeat=length):
            before = log_probs[written[:-1]][0] if written else 0.0
            so_far = before + (log_probs[written[:-1]][1][written[-1]] if written else 0.0)
            after = next_log_probs(model, src, written).tolist()
            log_probs[written] = so_far, after
            ended = (so_far + after[EOS_ID]) / divisor(length + 1, penalty), list(written)
            best = max(best, ended)
            if length == limit - 1:
                cut = [
                    ((so_far + after[token]) / divisor(limit, penalty), [*written, token])
                    for token in words
                ]
                best = max(best, *cut)
    return best[1], best[0]
