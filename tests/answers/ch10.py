"""Right answers to chapter 10, written as people write them: at least two for each exercise."""

import re
from collections import Counter, defaultdict
from functools import cache
from statistics import mean

import torch
import torch.nn.functional as F

from course_lib.metrics import ngrams


def rouge_n_by_counters(summary, reference, n):
    a, b = ngrams(summary, n), ngrams(reference, n)
    shared = (a & b).total()
    if shared == 0:
        return 0.0
    precision, recall = shared / a.total(), shared / b.total()
    return 100 * 2 * precision * recall / (precision + recall)


def rouge_n_by_crossing_out(summary, reference, n):
    mine = [summary[i : i + n] for i in range(len(summary) - n + 1)]
    left = [reference[i : i + n] for i in range(len(reference) - n + 1)]
    total, matches = len(mine) + len(left), 0
    for group in mine:
        if group in left:
            left.remove(group)
            matches += 1
    return 200 * matches / total if total else 0


def rouge_n_by_zip(summary, reference, n):
    a, b = (Counter(zip(*(t[i:] for i in range(n)))) for t in (summary, reference))  # noqa: B905
    matches = sum(min(count, b[group]) for group, count in a.items())
    return 100 * 2 * matches / max(1, sum(a.values()) + sum(b.values()))


def rouge_l_by_table(summary, reference):
    rows, columns = len(summary), len(reference)
    table = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows):
        for j in range(columns):
            if summary[i] == reference[j]:
                table[i + 1][j + 1] = table[i][j] + 1
            else:
                table[i + 1][j + 1] = max(table[i][j + 1], table[i + 1][j])
    longest = table[rows][columns]
    if longest == 0:
        return 0.0
    precision, recall = longest / rows, longest / columns
    return 100 * 2 * precision * recall / (precision + recall)


def rouge_l_by_recursion(summary, reference):
    @cache
    def longest(i, j):
        if i == len(summary) or j == len(reference):
            return 0
        if summary[i] == reference[j]:
            return 1 + longest(i + 1, j + 1)
        return max(longest(i + 1, j), longest(i, j + 1))

    if not summary or not reference:
        return 0
    return 200 * longest(0, 0) / (len(summary) + len(reference))


def rouge_l_by_one_row(summary, reference):
    """One row, written over from the left; `corner` remembers what stood there."""
    best = [0 for _ in reference]
    for word in summary:
        corner = 0
        for j, other in enumerate(reference):
            before = best[j]
            if word == other:
                best[j] = corner + 1
            elif j > 0:
                best[j] = max(best[j], best[j - 1])
            corner = before
    total = len(summary) + len(reference)
    return 200 * max(best, default=0) / total if total else 0.0


def lead_by_split(text, k):
    return " ".join(re.split(r"(?<=[.!?])\s+", text.strip())[:k])


def lead_by_pieces(text, k):
    """Words and the white space between them; what ends a sentence is followed by one space."""
    said, sentences = "", 0
    for piece in re.split(r"(\s+)", text.strip()):
        if piece.isspace():
            piece = " " if said[-1] in ".!?" else piece
        else:
            if sentences == k:
                break
            sentences += piece[-1:] in (".", "!", "?")
        said += piece
    return said.rstrip()


def lead_by_findall(text, k):
    found = re.findall(r".+?(?:[.!?](?=\s|$)|$)", text.strip(), flags=re.DOTALL)
    return " ".join(sentence.strip() for sentence in found[:k])


def lead_by_letters(text, k):
    sentences, current = [], ""
    for i, letter in enumerate(text):
        current += letter
        if letter in ".!?" and (i + 1 == len(text) or text[i + 1].isspace()):
            sentences.append(current.strip())
            current = ""
    if current.strip():
        sentences.append(current.strip())
    return " ".join(sentences[:k])


def copy_by_scatter(written, places, writing, src):
    index = src.unsqueeze(1).expand(-1, places.shape[1], -1)
    return (writing * written).scatter_add(2, index, (1 - writing) * places)


def copy_by_one_hot(written, places, writing, src):
    copied = places @ F.one_hot(src, written.shape[-1]).to(places.dtype)
    return torch.lerp(copied, written, writing)


def copy_by_loops(written, places, writing, src):
    out = written * writing
    for b in range(src.shape[0]):
        for j in range(src.shape[1]):
            out[b, :, src[b, j]] += (1 - writing[b, :, 0]) * places[b, :, j]
    return out


def block_by_loop(logits, written, n):
    out = logits.clone()
    begun = written[len(written) - (n - 1) :]
    for i in range(len(written) - n + 1):
        if written[i : i + n - 1] == begun:
            out[written[i + n - 1]] = float("-inf")
    return out


def block_by_dictionary(logits, written, n):
    after = defaultdict(set)
    for i in range(len(written) - n + 1):
        after[tuple(written[i : i + n - 1])].add(written[i + n - 1])
    begun = tuple(written[-(n - 1) :]) if n > 1 else ()
    mask = torch.zeros_like(logits)
    for token in after[begun]:
        mask[token] = -torch.inf
    return logits + mask


def block_by_windows(logits, written, n):
    if len(written) < n:
        return logits
    tokens = torch.tensor(written, device=logits.device)
    groups = tokens.unfold(0, n, 1)
    begun = tokens[len(written) - n + 1 :]
    ends = groups[(groups[:, :-1] == begun).all(dim=1), -1]
    return logits.index_fill(0, ends, -torch.inf)


def length_by_masks(logits, num_written, eos_id, shortest, longest):
    end = torch.zeros_like(logits, dtype=torch.bool)
    end[eos_id] = True
    if num_written < shortest:
        return logits.masked_fill(end, -torch.inf)
    if num_written >= longest:
        return torch.where(end, logits, -torch.inf)
    return logits


def length_by_assignment(logits, num_written, eos_id, shortest, longest):
    out = logits.clone()
    if num_written < shortest:
        out[eos_id] = float("-inf")
    elif num_written >= longest:
        out[:eos_id] = float("-inf")
        out[eos_id + 1 :] = float("-inf")
    return out


def length_by_full(logits, num_written, eos_id, shortest, longest):
    if num_written >= longest:
        forced = torch.full_like(logits, -torch.inf)
        forced[eos_id] = logits[eos_id]
        return forced
    too_short = F.one_hot(torch.tensor(eos_id), len(logits)).bool().to(logits.device)
    return logits.masked_fill(too_short & (num_written < shortest), -torch.inf)


def mean_by_list(summarize, sources, references, rouge):
    summaries = summarize(sources)
    scores = [rouge(s, r) for s, r in zip(summaries, references, strict=True)]
    return sum(scores) / len(scores)


def mean_one_at_a_time(summarize, sources, references, rouge):
    total = 0
    for i in range(len(sources)):
        (summary,) = summarize([sources[i]])
        total += rouge(summary, references[i])
    return total / len(references)


def mean_by_statistics(summarize, sources, references, rouge):
    return mean(map(rouge, summarize(sources), references))


def agreed_by_max(outputs, agreement):
    return max(outputs, key=lambda one: sum(agreement(one, other) for other in outputs))


def agreed_by_loops(outputs, agreement):
    best, best_mean = outputs[0], -1.0
    for i, one in enumerate(outputs):
        others = [agreement(one, other) for j, other in enumerate(outputs) if i != j]
        mean_of_others = sum(others) / len(others) if others else 0.0
        if mean_of_others > best_mean:
            best, best_mean = one, mean_of_others
    return best


def agreed_by_table(outputs, agreement):
    table = torch.tensor([[agreement(one, other) for other in outputs] for one in outputs])
    return outputs[int(table.mean(dim=1).argmax())]


RIGHT = {
    "10.1": [rouge_n_by_counters, rouge_n_by_crossing_out, rouge_n_by_zip],
    "10.2": [rouge_l_by_table, rouge_l_by_recursion, rouge_l_by_one_row],
    "10.3": [lead_by_split, lead_by_pieces, lead_by_findall, lead_by_letters],
    "10.4": [copy_by_scatter, copy_by_one_hot, copy_by_loops],
    "10.5": [block_by_loop, block_by_dictionary, block_by_windows],
    "10.6": [length_by_masks, length_by_assignment, length_by_full],
    "10.7": [mean_by_list, mean_one_at_a_time, mean_by_statistics],
    "10.8": [agreed_by_max, agreed_by_loops, agreed_by_table],
}
