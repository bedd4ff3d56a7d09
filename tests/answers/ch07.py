"""Right answers to chapter 07, written as people write them: at least two for each exercise."""

from collections import Counter, defaultdict
from itertools import pairwise

import torch
from torch.nn.utils.rnn import pad_sequence


def count_with_counter(words):
    counts = Counter()
    for symbols, count in words.items():
        for pair in pairwise(symbols):
            counts[pair] += count
    return counts


def count_by_index(words):
    counts = defaultdict(int)
    for symbols, count in words.items():
        for i in range(len(symbols) - 1):
            counts[symbols[i], symbols[i + 1]] += count
    return counts


def merge_by_index(symbols, pair):
    result = []
    i = 0
    while i < len(symbols):
        if i + 1 < len(symbols) and symbols[i] == pair[0] and symbols[i + 1] == pair[1]:
            result.append("".join(pair))
            i += 2
        else:
            result.append(symbols[i])
            i += 1
    return tuple(result)


def merge_with_a_stack(symbols, pair):
    stack, free = [], False
    for symbol in symbols:
        if free and (stack[-1], symbol) == pair:
            stack[-1] += symbol
            free = False
        else:
            stack.append(symbol)
            free = True
    return tuple(stack)


def encode_in_order(word, merges):
    symbols = tuple(word)
    for pair in merges:
        symbols = merge_by_index(symbols, pair)
    return list(symbols)


def encode_by_rank(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    symbols = tuple(word)
    while True:
        pairs = [p for p in pairwise(symbols) if p in ranks]
        if not pairs:
            return list(symbols)
        symbols = merge_by_index(symbols, min(pairs, key=ranks.get))


def round_trip_by_filter(encode, decode, texts):
    return list(filter(lambda text: decode(encode(text)) != text, texts))


def round_trip_by_loop(encode, decode, texts):
    lost = []
    for text in texts:
        back = decode(encode(text))
        if back != text:
            lost.append(text)
    return lost


def pad_by_full(sequences, pad_id):
    batch = torch.full((len(sequences), max(len(s) for s in sequences)), pad_id)
    for row, sequence in zip(batch, sequences, strict=True):
        row[: len(sequence)] = torch.tensor(sequence)
    return batch


def pad_by_torch(sequences, pad_id):
    rows = [torch.tensor(s, dtype=torch.long) for s in sequences]
    return pad_sequence(rows, batch_first=True, padding_value=pad_id)


def buckets_by_fill(lengths, max_tokens):
    batches, batch = [], []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[i] * (len(batch) + 1) > max_tokens:
            batches.append(batch)
            batch = []
        batch.append(i)
    return [*batches, batch]


def buckets_from_the_longest(lengths, max_tokens):
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches = []
    while order:
        size = max(1, max_tokens // max(lengths[order[0]], 1))
        batches.append(order[:size])
        order = order[size:]
    return batches


def overlap_by_set(train, test):
    def norm(text):
        return " ".join(text.lower().split())

    seen = set(map(norm, train))
    return sum(norm(t) in seen for t in test) / len(test)


def overlap_by_list(train, test):
    known = ["".join(f"{w} " for w in text.casefold().split()) for text in train]
    found = [t for t in test if "".join(f"{w} " for w in t.casefold().split()) in known]
    return len(found) / len(test)


def vocabulary_by_sort(splits, size):
    counts = Counter()
    for text in splits["train"]:
        counts.update(text.split())
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


def vocabulary_by_two_sorts(splits, size):
    words = " ".join(splits["train"]).split()
    return sorted(sorted(set(words)), key=words.count, reverse=True)[:size]


def depends_by_other_words(build, splits, name):
    changed = dict(splits)
    changed[name] = ["quite other words", "quite"]
    return build(splits) != build(changed)


def depends_by_emptying(build, splits, name):
    return build({key: [] if key == name else texts for key, texts in splits.items()}) != build(
        splits
    )


RIGHT = {
    "7.1": [count_with_counter, count_by_index],
    "7.2": [merge_by_index, merge_with_a_stack],
    "7.3": [encode_in_order, encode_by_rank],
    "7.4": [round_trip_by_filter, round_trip_by_loop],
    "7.5": [pad_by_full, pad_by_torch],
    "7.6": [buckets_by_fill, buckets_from_the_longest],
    "7.7": [overlap_by_set, overlap_by_list],
    "7.9": [depends_by_other_words, depends_by_emptying],
    "7.8": [vocabulary_by_sort, vocabulary_by_two_sorts],
    "7.10": [(4, 3), torch.tensor([4.0, 3.0])],
}
