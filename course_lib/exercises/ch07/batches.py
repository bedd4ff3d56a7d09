"""7.5 pad and 7.6 buckets."""

from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.batching import pad as library_pad
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.merges import fixed
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Sequences = list[list[int]]


def pad(sequences: Sequences, pad_id: int) -> Tensor:
    """Rows of one length, filled up on the right."""
    longest = max(map(len, sequences))
    return torch.tensor([[*s, *[pad_id] * (longest - len(s))] for s in sequences])


def _padded(
    sequences: Sequences,
    pad_id: int,
    length: int | None = None,
    left: bool = False,
    repeat: bool = False,
) -> Tensor:
    """Rows of one length, with the switches of what goes wrong with it."""
    size = max(map(len, sequences)) if length is None else length
    rows = []
    for s in sequences:
        fill = [s[-1] if repeat and s else pad_id] * max(0, size - len(s))
        rows.append([*fill, *s][:size] if left else [*s, *fill][:size])
    return torch.tensor(rows)


PAD = Exercise(
    id="7.5",
    title="Pad",
    signature="pad(sequences, pad_id)",
    shapes="sequences, pad_id -> (B, T)",
    reference=pad,
    library=(library_pad,),
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed([[5, 6, 7], [8]], 0),
            "The longest has three tokens. What stands behind the 8?",
        ),
        Probe(
            "padding has the number 9, and the longest comes second",
            fixed([[5, 6], [7, 8, 3, 2], [4]], 9),
            "How long is the longest, and which number fills the others up?",
        ),
        Probe(
            "sequences of one length",
            fixed([[5, 6], [7, 8], [4, 0]], 1),
            "Is there anything to fill up?",
        ),
        Probe("an empty sequence", fixed([[], [3, 4]], 2), "What is a row of nothing but padding?"),
    ),
    mistakes=(
        Mistake(
            "on the left",
            lambda sequences, pad_id: _padded(sequences, pad_id, left=True),
            "The padding stands on the left. In this course it is on the right, where the causal "
            "mask hides it from every real token. At which end do you add it?",
        ),
        Mistake(
            "always 0",
            lambda sequences, pad_id: _padded(sequences, 0),
            "You fill up with 0. Which number is the padding's here?",
        ),
        Mistake(
            "cut to the shortest",
            lambda sequences, pad_id: _padded(sequences, pad_id, length=min(map(len, sequences))),
            "All are cut to the shortest: words are lost. Which of them should decide the length?",
        ),
        Mistake(
            "as long as the first",
            lambda sequences, pad_id: _padded(sequences, pad_id, length=len(sequences[0])),
            "The first sequence decides the length, so that longer ones are cut. Which one should "
            "decide?",
        ),
        Mistake(
            "one too long",
            lambda sequences, pad_id: _padded(
                sequences, pad_id, length=max(map(len, sequences)) + 1
            ),
            "Every row has one cell of padding too many, and each cell costs time. How long is the "
            "longest?",
        ),
        Mistake(
            "the last token repeated",
            lambda sequences, pad_id: _padded(sequences, pad_id, repeat=True),
            "You repeat the last token, and the model cannot tell that from a real one. What is "
            "`pad_id` for?",
        ),
        Mistake(
            "a column for each sequence",
            lambda sequences, pad_id: pad(sequences, pad_id).T,
            "Sequences stand in columns: this is (T, B). Batch first, in this course. Which axis "
            "is which?",
        ),
        Mistake(
            "floats",
            lambda sequences, pad_id: pad(sequences, pad_id).float(),
            "The ids have become floats, and an embedding looks up whole numbers only. Which "
            "`dtype` do they need?",
        ),
    ),
    hints=(
        "First find the longest. Then every row is its sequence, and as many times `pad_id` as it "
        "lacks.",
        "`[*s, *[pad_id] * missing]` is a row. `torch.tensor` of the list of rows is the batch.",
    ),
)


def buckets(lengths: list[int], max_tokens: int) -> list[list[int]]:
    """Indices grouped by length, so that no batch has more than max_tokens cells."""
    return _packed(lengths, max_tokens)


def _packed(lengths: list[int], max_tokens: int) -> list[list[int]]:
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[i] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def what_holds(answer: Function, lengths: list[int], max_tokens: int) -> Any:
    """What a good answer has: many answers are right, since their order is free."""
    batches = answer(list(lengths), max_tokens)
    if not isinstance(batches, list) or not all(isinstance(batch, list) for batch in batches):
        return batches
    flat = [i for batch in batches for i in batch]
    if not all(isinstance(i, int) for i in flat):
        return batches
    known = [i for i in flat if 0 <= i < len(lengths)]
    within = all(
        max(lengths[i] for i in batch) * len(batch) <= max_tokens or len(batch) == 1
        for batch in batches
        if batch and set(batch) <= set(known)
    )
    cells = sum(
        max(lengths[i] for i in batch) * len(batch)
        for batch in batches
        if batch and set(batch) <= set(known)
    )
    least = sum(max(lengths[i] for i in b) * len(b) for b in _packed(lengths, max_tokens))
    return {
        "each index once": sorted(flat) == list(range(len(lengths))),
        "no batch above max_tokens": within,
        "similar lengths together": cells <= 1.1 * least,
        "no more batches than needed": len(batches) <= len(_packed(lengths, max_tokens)) + 1,
    }


def _by_sum(lengths: list[int], max_tokens: int) -> list[list[int]]:
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and sum(lengths[j] for j in batches[-1]) + lengths[i] <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _in_order(lengths: list[int], max_tokens: int) -> list[list[int]]:
    batches: list[list[int]] = []
    for i in range(len(lengths)):
        longest = max([lengths[i], *(lengths[j] for j in batches[-1])]) if batches else 0
        if batches and longest * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _of_four(lengths: list[int], max_tokens: int) -> list[list[int]]:
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[i : i + 4] for i in range(0, len(order), 4)]


def _lengths_for_indices(lengths: list[int], max_tokens: int) -> list[list[int]]:
    return [[lengths[i] for i in batch] for batch in _packed(lengths, max_tokens)]


def _first_decides(lengths: list[int], max_tokens: int) -> list[list[int]]:
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _drawn(count: int, low: int, high: int, max_tokens: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return torch.randint(low, high, (count,), generator=dice).tolist(), max_tokens

    return draw


BUCKETS = Exercise(
    id="7.6",
    title="Buckets",
    signature="buckets(lengths, max_tokens)",
    shapes="lengths, max_tokens -> ()",
    reference=buckets,
    use=what_holds,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed([2, 9, 3, 8, 2], 18),
            "Padded, a batch has as many cells as its longest sentence times its sentences. Which "
            "of the five fit together?",
        ),
        Probe(
            "fifty sentences",
            _drawn(50, 3, 30, 120),
            "How many cells has each of your batches, and how many of them are padding?",
        ),
        Probe(
            "a sentence that is too long alone",
            fixed([4, 30, 4, 5], 20),
            "It must not be lost. In which company can it stand?",
        ),
        Probe(
            "three hundred sentences",
            _drawn(300, 1, 60, 500),
            "How many cells has each of your batches, and how many of them are padding?",
        ),
    ),
    mistakes=(
        Mistake(
            "the sum counted",
            _by_sum,
            "You add up the lengths, and a batch is a rectangle: its longest row decides for all. "
            "How many cells has it, padding included?",
        ),
        Mistake(
            "not sorted",
            _in_order,
            "Short and long sentences stand together, so that many cells are padding. In which "
            "order should you go through them?",
        ),
        Mistake(
            "four at a time",
            _of_four,
            "Every batch has the same number of sentences, however long they are: some have too "
            "many cells. What is to be bounded?",
        ),
        Mistake(
            "the first decides",
            _first_decides,
            "You reckon with the first sentence of a batch, its shortest. Which one decides how "
            "wide the rectangle is?",
        ),
        Mistake(
            "the last batch lost",
            lambda lengths, max_tokens: buckets(lengths, max_tokens)[:-1],
            "The last batch is missing: it is put away only when the next one begins. What is left "
            "when the loop ends?",
        ),
        Mistake(
            "lengths for indices",
            _lengths_for_indices,
            "Your batches hold lengths. Whoever uses them needs to know *which* sentences, that "
            "is, indices. What do you sort?",
        ),
        Mistake(
            "one sentence a batch",
            lambda lengths, max_tokens: [[i] for i in range(len(lengths))],
            "Each sentence is a batch of its own: no padding, and no use of the machine. How many "
            "fit together?",
        ),
        Mistake(
            "the long ones lost",
            lambda lengths, max_tokens: [
                [i for i in batch if lengths[i] <= max_tokens]
                for batch in _packed(lengths, max_tokens)
                if any(lengths[i] <= max_tokens for i in batch)
            ],
            "A sentence that is longer than the bound is lost. What can be done with it alone?",
        ),
    ),
    hints=(
        "Sort the *indices* by length: `sorted(range(len(lengths)), key=lambda i: lengths[i])`.",
        "Go through them and fill a batch. The next one is at least as long as all in the batch, "
        "so the cells would be its length times one more sentence. Too many? Then it begins a new "
        "batch.",
    ),
)
