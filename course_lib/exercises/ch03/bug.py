"""3.7, find the bug in look_with_heads, and 3.8, predict where a number goes."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from course_lib.attention import attention
from course_lib.exercises.ch03.common import (
    drawn_and,
    merge_by_view,
    merge_heads,
    split_by_view,
    split_heads,
)
from course_lib.exercises.spec import (
    Exercise,
    Invariant,
    Mistake,
    Prediction,
    Probe,
    WrongValue,
)


def look_with_heads(q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> Tensor:
    """Multi-head attention without projections."""
    return merge_heads(attention(*(split_heads(x, num_heads) for x in (q, k, v))))


def _looks(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    num_heads: int,
    *,
    split: Callable[[Tensor, int], Tensor] = split_heads,
    merge: Callable[[Tensor], Tensor] = merge_heads,
    attend: Callable[[Tensor, Tensor, Tensor], Tensor] = attention,
) -> Tensor:
    return merge(attend(*(split(x, num_heads) for x in (q, k, v))))


def _dealt(x: Tensor, num_heads: int) -> Tensor:
    return x.unflatten(-1, (-1, num_heads)).permute(0, 3, 1, 2)


def _collected(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(-2)


def _within_each_feature(result: Tensor, q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> bool:
    low, high = v.amin(1, keepdim=True), v.amax(1, keepdim=True)
    return bool(((result >= low - 1e-4) & (result <= high + 1e-4)).all())


BUG = Exercise(
    id="3.7",
    title="Find the bug",
    signature="look_with_heads(q, k, v, num_heads)",
    shapes="q (B, Tq, D), k (B, Tk, D), v (B, Tk, D) -> (B, Tq, D)",
    reference=look_with_heads,
    bug="view for transpose",
    probes=(
        Probe(
            "one head",
            drawn_and((1, 3, 4), (1, 5, 4), (1, 5, 4), more=(1,)),
            "With one head it is the attention of chapter 1. Does it still agree?",
        ),
        Probe(
            "two heads, one sentence",
            drawn_and((1, 3, 8), (1, 5, 8), (1, 5, 8), more=(2,)),
            "Give it a sentence whose numbers you recognise, 10 · token + feature, and print head "
            "0. What should stand there?",
        ),
        Probe(
            "as many queries as keys",
            drawn_and((1, 4, 6), (1, 4, 6), (1, 4, 6), more=(3,)),
            "Here every shape fits, even if axes are mixed up. Print head 0 for a sentence whose "
            "numbers you recognise, 10 · token + feature. What should stand there?",
        ),
        Probe(
            "three heads, a batch of two",
            drawn_and((2, 4, 6), (2, 5, 6), (2, 5, 6), more=(3,)),
            "Which axis of the tensor does each of your numbers name, with a batch in front?",
        ),
    ),
    invariants=(
        Invariant(
            "each feature of an answer lies between the smallest and the largest value that the "
            "tokens have in that feature",
            _within_each_feature,
        ),
    ),
    mistakes=(
        Mistake(
            "view for transpose",
            partial(_looks, split=split_by_view, merge=merge_by_view),
            "One head is right, several are not, and every shape fits. Head 0 gets all features "
            "of the first tokens, not the first features of all, and so the first half of a "
            "sentence never hears of the second. Which lines cut the numbers without asking which "
            "token they belong to?",
        ),
        Mistake(
            "merged by view still",
            partial(_looks, merge=merge_by_view),
            "The heads are cut well now. On the way back the rows are read on in memory's order, "
            "head by head, so an answer holds what one head found for several tokens. What undoes "
            "the new way of cutting?",
        ),
        Mistake(
            "split by view still",
            partial(_looks, split=split_by_view),
            "The way back is mended, the way there is not: head 0 still gets all features of the "
            "first tokens. Which line cuts?",
        ),
        *(
            Mistake(
                f"transposed after the old view, {name}",
                partial(
                    _looks,
                    split=lambda x, heads: split_by_view(x, heads).transpose(1, 2),
                    merge=merge,
                ),
                "The `transpose` is what was missing, and `sizes` is still in its old order: (B, "
                "H, T, Dh) before the swap is (B, T, H, Dh) after it, and the numbers were cut in "
                "the wrong places before. D lies last in memory. Into which two axes is it to be "
                "cut, and where do they stand in `sizes`, before anything is swapped?",
                group="sizes in the old order",
            )
            for name, merge in (
                ("and read on", lambda x: x.reshape(x.shape[0], x.shape[1], -1)),
                ("and back", lambda x: x.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)),
                ("and merged", merge_heads),
            )
        ),
        Mistake(
            "never split",
            partial(_looks, split=lambda x, heads: x[:, None]),
            "It runs as a single head, whatever `num_heads` says. Was cutting the bug, or the way "
            "in which it is cut?",
        ),
        Mistake(
            "dealt like cards",
            partial(_looks, split=_dealt),
            "Head 0 now gets feature 0, then skips to feature H, and so on, as when cards are "
            "dealt, and the merge puts them elsewhere. Which features are neighbours in a head?",
        ),
        Mistake(
            "collected like cards",
            partial(_looks, merge=_collected),
            "The heads are right, and the merged row holds the first feature of each head, then "
            "the second of each. Which of H and Dh should come last before you flatten?",
        ),
        Mistake(
            "heads look at one another",
            partial(
                _looks,
                split=lambda x, heads: x.unflatten(-1, (heads, -1)),
                merge=lambda x: x.flatten(-2),
            ),
            "After the cut the axes are (B, T, H, Dh), and attention takes the last two: the heads "
            "of a token look at one another. Which two axes should attention find at the end?",
        ),
        Mistake(
            "not merged",
            partial(_looks, merge=lambda x: x),
            "The heads come back as they are, (B, H, Tq, Dh). An answer should be one row for each "
            "token. What did the last line do, and how does it go with the new way of cutting?",
        ),
        Mistake(
            "mean of the heads",
            partial(_looks, merge=lambda x: x.mean(1)),
            "The heads are averaged, and an answer has Dh features. Was the way back not to give "
            "it all D?",
        ),
        Mistake(
            "sum of the heads, repeated",
            partial(_looks, merge=lambda x: x.sum(1).repeat(1, 1, x.shape[1])),
            "The heads are added up and repeated to fill the width. Where did each head's own "
            "finding stand before?",
        ),
        Mistake(
            "scaled for the whole width",
            partial(
                _looks,
                attend=lambda q, k, v: attention(q / math.sqrt(q.shape[1]), k, v),
            ),
            "The cut is right now, and the scores are divided by √D. Was that a part of the bug? "
            "How many features has one head?",
        ),
        Mistake(
            "softmax over the queries",
            partial(_looks, attend=lambda q, k, v: (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v),
            "The cut is right now, and the weights sum to 1 over the queries. Was that line the "
            "bug?",
        ),
    ),
    hints=(
        "Follow a small sentence: `x = 10 * torch.arange(4)[:, None] + torch.arange(6)`, with a "
        "batch axis in front. Print what the function makes of it for two heads.",
        "`view` moves no number. You may cut an axis in two, or make one of two neighbours, but "
        "only in the order in which they lie. B, T and D lie in this order; which new axis lies "
        "within D?",
        "On the way there: cut D, then swap two axes. On the way back: swap the same two, then "
        "make one axis of the last two. You have written both in 3.1 and 3.2.",
    ),
)


def where_it_goes() -> tuple[float, ...]:
    """The number at [1, 2, 0] after each of the two cuts of a table of four tokens."""
    x = 10 * torch.arange(4)[:, None] + torch.arange(6)
    right = x.view(4, 2, 3).transpose(0, 1)
    alone = x.view(2, 4, 3)
    return float(right[1, 2, 0]), float(alone[1, 2, 0])


WHERE = Prediction(
    id="3.8",
    title="predict where a number goes",
    signature="prediction = (…, …)",
    names=("right[1, 2, 0]", "alone[1, 2, 0]"),
    expected=where_it_goes,
    question="In `right` the three places mean head, token, feature of that head. In `alone` "
    "nothing moved: how many numbers lie before [1, 2, 0], and how many has each token?",
    wrong=(
        WrongValue(
            "the two exchanged",
            (30, 23),
            "Both numbers are there, each in the other's place. Which of the two keeps the tokens "
            "of head 1 in a column?",
        ),
        WrongValue(
            "the same for both",
            (23, 23),
            "You expect the same of both. If so, the transpose would do nothing. Write the 24 "
            "numbers in one long row and count off eight times three: where does head 1 begin?",
        ),
        WrongValue(
            "both as view alone",
            (30, 30),
            "The second is right. You expect the same of the first, and there the axes have been "
            "swapped. Which tokens are in the column below right[1, 0, 0]?",
        ),
        WrongValue(
            "head 1 begins at feature 0",
            (20, 30),
            "The second is right. In the first you found the token. With which of the six features "
            "does head 1 begin?",
        ),
        WrongValue(
            "dealt like cards",
            (21, 30),
            "The second is right. In the first, head 1 gets a run of neighbours, not every other "
            "feature. Which three of the six are its own?",
        ),
        WrongValue(
            "the place instead of the number",
            (23, 18),
            "The first is right. 18 numbers lie before the second: that is its place in the row. "
            "Which token and feature stand there, if each token has six?",
        ),
        WrongValue(
            "token 2 in both",
            (23, 20),
            "The first is right. In the second you looked for token 2 as well, and there nothing "
            "was swapped: its rows are no tokens. How many numbers lie before [1, 2, 0], and how "
            "many has each token?",
        ),
        WrongValue(
            "one row too far up",
            (13, 30),
            "The second is right. In the first, tokens are counted from 0. Which one is number 2?",
        ),
        WrongValue(
            "counted from 1",
            (13, 23),
            "Head, token and feature are all counted from 0 here. Which token is number 2 then?",
        ),
    ),
    hints=(
        "`right` is sorted by head, then token, then feature: [1, 2, 0] is head 1, token 2, the "
        "first of its features. Head 1 owns the second half of the features.",
        "`alone` cuts the long row 00, 01, …, 05, 10, 11, … into two halves of twelve, each "
        "half into four rows of three. [1, 2, 0] opens the third row of the second half.",
        "Twelve numbers fill the first half and six the two rows before: 18 in all. With six to a "
        "token, three whole tokens have passed.",
    ),
)
