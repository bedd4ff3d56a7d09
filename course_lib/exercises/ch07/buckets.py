"""7.6 buckets."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Batches = list[list[int]]


def buckets(lengths: list[int], max_tokens: int) -> Batches:
    """Indices grouped by length, so that no batch has more than max_tokens cells."""
    return _packed(lengths, max_tokens)


def _packed(lengths: list[int], max_tokens: int) -> Batches:
    batches: Batches = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[i] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def what_holds(answer: Function, lengths: list[int], max_tokens: int) -> dict[str, str]:
    """What a good answer has: many answers are right, since their order is free."""
    batches, best = answer(lengths, max_tokens), _packed(lengths, max_tokens)
    found = {
        "a list of lists of indices": _form(batches),
        "each index once": "yes",
        "no empty batch": "yes",
        "no batch above max_tokens": "yes",
        "similar lengths together": "yes",
        "no more batches than needed": "yes",
    }
    if found["a list of lists of indices"] != "yes":
        return found
    flat = [i for batch in batches for i in batch]
    strange = sum(not 0 <= i < len(lengths) for i in flat)
    missing, again = len(lengths) - len({*flat} & {*range(len(lengths))}), len(flat) - len({*flat})
    if strange or missing or again:
        told = {"missing": missing, "more than once": again, "no index at all": strange}
        counts = ", ".join(f"{count} {what}" for what, count in told.items() if count)
        return found | {"each index once": f"no: {counts}"}
    cells = [_cells(lengths, batch) for batch in batches]
    least = sum(_cells(lengths, batch) for batch in best)
    above = sum(n > max_tokens and len(batch) > 1 for n, batch in zip(cells, batches, strict=True))
    if not all(batches):
        found["no empty batch"] = f"no: {batches.count([])} of {len(batches)}"
    if above:
        found["no batch above max_tokens"] = f"no: {above} of {len(batches)}"
    if sum(cells) > 1.1 * least:
        found["similar lengths together"] = f"no: {sum(cells)} cells, and {least} are enough"
    if len(batches) > len(best) + 1:
        found["no more batches than needed"] = f"no: {len(batches)}, and {len(best)} are enough"
    return found


def _form(batches: Any) -> str:
    if not isinstance(batches, list):
        return f"no: a {type(batches).__name__}"
    wrong = [item for item in batches if not isinstance(item, (list, tuple))]
    if wrong:
        return f"no: a list with a {type(wrong[0]).__name__} in it"
    wrong = [i for batch in batches for i in batch if not isinstance(i, int)]
    return f"no: a {type(wrong[0]).__name__} in place of an index" if wrong else "yes"


def _cells(lengths: list[int], batch: list[int]) -> int:
    """How many cells a batch has, padding included."""
    return max((lengths[i] for i in batch), default=0) * len(batch)


def _by_sum(lengths: list[int], max_tokens: int) -> Batches:
    batches: Batches = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and sum(lengths[j] for j in batches[-1]) + lengths[i] <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _in_order(lengths: list[int], max_tokens: int) -> Batches:
    batches: Batches = []
    for i in range(len(lengths)):
        longest = max([lengths[i], *(lengths[j] for j in batches[-1])]) if batches else 0
        if batches and longest * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _lengths_for_indices(lengths: list[int], max_tokens: int) -> Batches:
    return [[lengths[i] for i in batch] for batch in _packed(lengths, max_tokens)]


def _first_decides(lengths: list[int], max_tokens: int) -> Batches:
    batches: Batches = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= max_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _fits(fits: Callable[[int, int, int], bool]) -> Function:
    """buckets, with another test for whether one more sentence fits in."""

    def packed(lengths: list[int], max_tokens: int) -> Batches:
        batches: Batches = []
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            cells = lengths[i] * (len(batches[-1]) + 1) if batches else 0
            if batches and fits(cells, max_tokens, lengths[i]):
                batches[-1].append(i)
            else:
                batches.append([i])
        return batches

    return packed


def _of_equal_number(size: Callable[[list[int], int], int]) -> Function:
    def packed(lengths: list[int], max_tokens: int) -> Batches:
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        number = max(1, size(lengths, max_tokens))
        return [order[i : i + number] for i in range(0, len(order), number)]

    return packed


def _equal_lengths(lengths: list[int], max_tokens: int) -> Batches:
    batches: Batches = []
    for length in sorted(set(lengths)):
        alike = [i for i in range(len(lengths)) if lengths[i] == length]
        number = max(1, max_tokens // length)
        batches += [alike[i : i + number] for i in range(0, len(alike), number)]
    return batches


def _places_when_sorted(lengths: list[int], max_tokens: int) -> Batches:
    return _packed(sorted(lengths), max_tokens)


def _looked_up(lengths: list[int], max_tokens: int) -> Batches:
    return [[lengths.index(lengths[i]) for i in batch] for batch in _packed(lengths, max_tokens)]


def _one_list(lengths: list[int], max_tokens: int) -> Batches:
    batches = _packed(lengths, max_tokens)
    return batches[-1:] * len(batches)


def _empty_first(lengths: list[int], max_tokens: int) -> Batches:
    batches = _packed(lengths, max_tokens)
    return [[], *batches] if lengths[batches[0][0]] > max_tokens else batches


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
            "all of them too long",
            fixed([40, 30], 20),
            "Each is a batch of its own. Is there anything else in your list?",
        ),
        Probe(
            "batches that are exactly full",
            fixed([5] * 24, 20),
            "Four times five are 20 cells. Is that too many?",
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
            _of_equal_number(lambda lengths, max_tokens: 4),
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
        Mistake(
            "exactly full is too full",
            _fits(lambda cells, bound, _: cells < bound),
            "A batch with exactly `max_tokens` cells counts as too large. What does *at most* say?",
        ),
        Mistake(
            "one sentence too many",
            _fits(lambda cells, bound, length: cells - length <= bound),
            "You count the cells before the new sentence is in, and it makes a row more. How many "
            "rows are there with it?",
        ),
        Mistake(
            "max_tokens sentences",
            _of_equal_number(lambda lengths, max_tokens: max_tokens),
            "Every batch has `max_tokens` *sentences*. What does the bound count: sentences, or "
            "cells?",
        ),
        Mistake(
            "as many as of the longest",
            _of_equal_number(lambda lengths, max_tokens: max_tokens // max(lengths)),
            "Every batch has as many sentences as if all were as long as the longest. How many of "
            "the short ones would fit?",
        ),
        Mistake(
            "equal lengths only",
            _equal_lengths,
            "Only sentences of exactly the same length stand together, and many batches are nearly "
            "empty. Which others could join, for a little padding?",
        ),
        Mistake(
            "places in the sorted list",
            _places_when_sorted,
            "You sort the lengths, and your indices are places in the *sorted* list. Where did "
            "each sentence stand before?",
        ),
        Mistake(
            "looked up by length",
            _looked_up,
            "`lengths.index` finds the first sentence of that length each time, and never the "
            "others. What can be sorted in place of the lengths?",
        ),
        Mistake(
            "one list for all",
            _one_list,
            "Every batch is one and the same list, which you empty and fill again. What makes a "
            "new one?",
        ),
        Mistake(
            "an empty batch",
            _empty_first,
            "There is an empty batch in front: it is put away although nothing is in it yet. What "
            "has to be asked before a batch is put away?",
        ),
    ),
    hints=(
        "Sort the *indices* by length: `sorted(range(len(lengths)), key=lambda i: lengths[i])`.",
        "Go through them and fill a batch. The next one is at least as long as all in the batch, "
        "so the cells would be its length times one more sentence. Too many? Then it begins a new "
        "batch.",
    ),
)
