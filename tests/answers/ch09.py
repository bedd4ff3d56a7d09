"""Right answers to chapter 09, written as people write them: at least two for each exercise."""

import heapq
import math
from collections import Counter

import torch

from course_lib.metrics import bleu, ngrams


def greedy_with_numbers(step, src, bos_id, eos_id, max_len):
    outputs = [[] for _ in src]
    numbers = torch.arange(len(src))
    tgt = torch.full_like(src[:, :1], bos_id)
    for _ in range(max_len):
        best = step(src, tgt).argmax(dim=-1)
        going = best != eos_id
        src, numbers, best = src[going], numbers[going], best[going]
        tgt = torch.cat([tgt[going], best[:, None]], dim=1)
        for number, token in zip(numbers.tolist(), best.tolist(), strict=True):
            outputs[number].append(token)
        if not len(numbers):
            break
    return outputs


def greedy_with_lists(step, src, bos_id, eos_id, max_len):
    written = [[bos_id] for _ in range(src.shape[0])]
    left = list(range(src.shape[0]))
    while left and len(written[left[0]]) <= max_len:
        tgt = torch.tensor([written[i] for i in left], device=src.device)
        best = step(src[left], tgt).argmax(-1).tolist()
        ended = {i for i, token in zip(left, best) if token == eos_id}  # noqa: B905
        for i, token in zip(left, best):  # noqa: B905
            if i not in ended:
                written[i].append(token)
        left = [i for i in left if i not in ended]
    return [row[1:] for row in written]


def equal_by_allclose(decode, new_cache, tgt):
    cache = new_cache()
    steps = [decode(tgt[:, i : i + 1], cache) for i in range(tgt.shape[1])]
    return torch.allclose(torch.cat(steps, dim=1), decode(tgt, None), atol=1e-5)


def equal_by_loop(decode, new_cache, tgt):
    whole, cache = decode(tgt), new_cache()
    for i, token in enumerate(tgt.split(1, dim=1)):
        if (decode(token, cache)[:, 0] - whole[:, i]).abs().max() > 1e-4:
            return False
    return True


def beam_with_sorted(step, bos_id, eos_id, beam_size, max_len):
    beams, ended = [([bos_id], 0.0)], []
    for _ in range(max_len):
        candidates = [
            (ids + [token], score + p)  # noqa: RUF005
            for ids, score in beams
            for token, p in enumerate(step(ids).tolist())
        ]
        best = sorted(candidates, key=lambda beam: beam[1], reverse=True)[:beam_size]
        ended += [beam for beam in best if beam[0][-1] == eos_id]
        beams = [beam for beam in best if beam[0][-1] != eos_id]
    ids, _ = max(ended + beams, key=lambda beam: beam[1])
    return [token for token in ids if token not in (bos_id, eos_id)]


def beam_with_topk(step, bos_id, eos_id, beam_size, max_len):
    """Stops early, when what has ended can no longer be reached: scores only fall."""
    prefixes, scores = [[bos_id]], torch.zeros(1)
    best, best_score = [], -math.inf
    for _ in range(max_len):
        table = scores[:, None] + torch.stack([step(prefix) for prefix in prefixes])
        values, places = table.flatten().topk(min(beam_size, table.numel()))
        grown = [(v, *divmod(p, table.shape[1])) for v, p in zip(values, places.tolist())]  # noqa: B905
        going = []
        for value, row, token in grown:
            if token != eos_id:
                going.append(([*prefixes[row], token], value))
            elif value > best_score:
                best, best_score = prefixes[row][1:], value
        if not going or going[0][1] < best_score:
            return best
        prefixes, scores = [p for p, _ in going], torch.stack([v for _, v in going])
    return prefixes[0][1:]


def beam_with_heap(step, bos_id, eos_id, beam_size, max_len):
    alive, ended = [(0.0, (bos_id,))], []
    for _ in range(max_len):
        grown = [(s + p, (*w, t)) for s, w in alive for t, p in enumerate(step(list(w)).tolist())]
        alive = []
        for beam in heapq.nlargest(beam_size, grown):
            (ended if beam[1][-1] == eos_id else alive).append(beam)
    _, words = max(alive + ended)
    return list(words[1:-1] if words[-1] == eos_id else words[1:])


def penalty_by_formula(log_probs, lengths, alpha):
    return log_probs / ((5 + lengths) / 6) ** alpha


def penalty_by_negative_power(log_probs, lengths, alpha):
    return log_probs * torch.pow((lengths.to(log_probs.dtype) + 5) / 6, -alpha)


def bleu_by_loops(hypotheses, references):
    matches, totals, written, wanted = [0] * 4, [0] * 4, 0, 0
    for hypothesis, reference in zip(hypotheses, references):  # noqa: B905
        h, r = hypothesis.split(), reference.split()
        written, wanted = written + len(h), wanted + len(r)
        for n in range(1, 5):
            mine = [tuple(h[i : i + n]) for i in range(len(h) - n + 1)]
            theirs = [tuple(r[i : i + n]) for i in range(len(r) - n + 1)]
            totals[n - 1] += len(mine)
            matches[n - 1] += sum(min(mine.count(g), theirs.count(g)) for g in set(mine))
    if 0 in totals or matches[0] == 0:
        return 0.0
    half, product = 1.0, 1.0
    for match, total in zip(matches, totals):  # noqa: B905
        if match == 0:
            half = half / 2
        product *= (match if match else half) / total
    short = math.exp(1 - wanted / written) if written < wanted else 1
    return 100 * short * product**0.25


def bleu_by_counters(hypotheses, references):
    pairs = [(h.split(), r.split()) for h, r in zip(hypotheses, references, strict=True)]
    logs, instead = 0.0, 1.0
    for n in range(1, 5):
        both = [(ngrams(h, n), ngrams(r, n)) for h, r in pairs]
        match, total = sum((h & r).total() for h, r in both), sum(h.total() for h, _ in both)
        if not total or (n == 1 and not match):
            return 0.0
        if not match:
            match = instead = instead / 2
        logs += math.log(match / total)
    lengths = [sum(len(side[k]) for side in pairs) for k in range(2)]
    return 100 * min(1.0, math.exp(1 - lengths[1] / lengths[0])) * math.exp(logs / 4)


def links_by_sets(found, gold):
    right = total = 0
    for a, g in zip(found, gold, strict=True):
        right += len(set(a) & set(g))
        total += len(a) + len(g)
    return 1 - 2 * right / total


def links_by_f_measure(found, gold):
    named = [{(n, *link) for n, s in enumerate(side) for link in s} for side in (found, gold)]
    counts = Counter(link for side in named for link in side)
    right = sum(count == 2 for count in counts.values())
    if right == 0:
        return 1.0
    precision, recall = right / len(named[0]), right / len(named[1])
    return 1 - 2 * precision * recall / (precision + recall)


def report_in_two_lines(translate, pairs):
    hypotheses = translate([source for source, _ in pairs])
    return bleu(hypotheses, [reference for _, reference in pairs])


def report_by_name(translate, pairs):
    sources, references = zip(*pairs, strict=True)
    return bleu(hypotheses=translate(list(sources)), references=list(references))


def step_with_the_place_first(token, cache, embedding, positions):
    place = len(cache)
    x = embedding[token] + positions[place]
    cache.append(x)
    past = torch.stack(cache)
    weights = (past @ x / math.sqrt(len(x))).softmax(dim=0)
    return embedding @ (x + weights @ past)


def step_with_one_taken_away(token, cache, embedding, positions):
    cache.append(embedding[token])
    x = cache[-1] = embedding[token] + positions[len(cache) - 1]
    past = torch.stack(cache)
    weights = torch.softmax(past @ x * x.shape[-1] ** -0.5, dim=-1)
    return (x + weights @ past) @ embedding.T


RIGHT = {
    "9.1": [greedy_with_numbers, greedy_with_lists],
    "9.2": [equal_by_allclose, equal_by_loop],
    "9.3": [beam_with_sorted, beam_with_topk, beam_with_heap],
    "9.4": [penalty_by_formula, penalty_by_negative_power],
    "9.5": [bleu_by_loops, bleu_by_counters],
    "9.6": [links_by_sets, links_by_f_measure],
    "9.7": [report_in_two_lines, report_by_name],
    "9.8": [step_with_the_place_first, step_with_one_taken_away],
    "9.9": [(0.3, 0.36), [0.6 * 0.5, 0.4 * 0.9]],
}
