"""3.1 split_heads and 3.2 merge_heads."""

import torch
from torch import Tensor

from course_lib.exercises.ch03.common import (
    DOUBLE,
    Q_DOUBLE,
    drawn_and,
    merge_by_view,
    merge_heads,
    split_by_view,
    split_heads,
)
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe
from course_lib.layers import MultiHeadAttention

BY_HAND = "one token of four features, cut in two"
BY_HAND_MERGE = "two heads of two features, one token"


def _split(x: Tensor, num_heads: int) -> Tensor:
    """(B, T, H, Dh), the first half of the way."""
    return x.unflatten(-1, (num_heads, -1))


TWO_SIZES = (
    "`view(num_heads, -1)` gives two axes: batch, tokens and features are melted into one line, "
    "and that line is cut into heads. Only the features are to be cut. How many axes are there "
    "then, and which sizes do the first two keep?"
)
THREE_SIZES = (
    "`view` with three sizes gives three axes: tokens and features of a sentence are melted into "
    "one line, and that line is cut into heads. Only the features are to be cut. How many axes are "
    "there then, and which of them is the tokens' own?"
)

SPLIT = Exercise(
    id="3.1",
    title="Split into heads",
    signature="split_heads(x, num_heads)",
    shapes="x (B, T, D) -> (B, H, T, Dh)",
    reference=split_heads,
    library=(MultiHeadAttention.split_heads,),
    probes=(
        Probe(
            BY_HAND,
            given([[[1.0, 2.0, 3.0, 4.0]]], more=(2,)),
            "Head 0 takes the features 1 and 2 of the token, head 1 takes 3 and 4. What shape "
            "has that?",
        ),
        Probe(
            "three tokens of ten features, in two heads",
            drawn_and((1, 3, 10), more=(2,)),
            "Take the table of head 0. Whose features should stand in its first row, and whose in "
            "its second?",
        ),
        Probe(
            "two sentences, four heads",
            drawn_and((2, 5, 12), more=(4,)),
            "With a batch in front, which axis does each number in your code name?",
        ),
        Probe(
            "one head",
            drawn_and((2, 3, 5), more=(1,)),
            "With one head nothing is cut. Which axis appears all the same?",
        ),
        Probe(
            "as many heads as features",
            drawn_and((2, 3, 4), more=(4,)),
            "Every head gets a single feature. Which size has the last axis then?",
        ),
        Probe(DOUBLE, drawn_and((2, 5, 6), more=(3,), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant(
            "the first head holds the first features of each token, in the tokens' order",
            lambda result, x, h: torch.equal(result[:, 0], x[..., : x.shape[-1] // h]),
        ),
        Invariant(
            "every number of the input is there exactly once",
            lambda result, x, h: torch.equal(result.flatten().sort()[0], x.flatten().sort()[0]),
        ),
    ),
    mistakes=(
        Mistake(
            "view alone",
            split_by_view,
            "The shape is right and the numbers are not: `view` and `reshape` move nothing, they "
            "read the numbers on in the old order. Head 0 gets all features of the first tokens "
            "instead of the first features of all. Into which axes can D be cut without any "
            "number changing its place, and what is to be swapped after that?",
        ),
        Mistake(
            "not transposed",
            _split,
            "The features are cut well, and the axes stand as (B, T, H, Dh): for each token its "
            "heads. Attention works on the last two axes. Which two should these be?",
        ),
        Mistake(
            "every so many features",
            lambda x, num_heads: x.unflatten(-1, (-1, num_heads)).permute(0, 3, 1, 2),
            "Head 0 gets feature 0, then skips to feature H, and so on, as when cards are dealt. "
            "The course (and PyTorch) gives each head a run of neighbours. In which order stand "
            "the two sizes, when the last axis is cut?",
        ),
        Mistake(
            "number of heads taken for their size",
            lambda x, num_heads: x.unflatten(-1, (-1, num_heads)).transpose(1, 2),
            "Your heads have `num_heads` features each, so there are D / num_heads of them. Which "
            "of the two sizes is given, and which follows from it?",
        ),
        Mistake(
            "two sizes for three axes",
            lambda x, num_heads: x.view(num_heads, -1).transpose(1, 2),
            TWO_SIZES,
            group="two sizes",
        ),
        Mistake(
            "two sizes, not transposed",
            lambda x, num_heads: x.view(num_heads, -1),
            TWO_SIZES,
            group="two sizes",
        ),
        Mistake(
            "batch, heads and the rest",
            lambda x, num_heads: x.view(x.shape[0], num_heads, -1).transpose(1, 2),
            THREE_SIZES,
            group="three sizes",
        ),
        Mistake(
            "batch, heads and the rest, not transposed",
            lambda x, num_heads: x.view(x.shape[0], num_heads, -1),
            THREE_SIZES,
            group="three sizes",
        ),
        Mistake(
            "heads before the batch",
            lambda x, num_heads: torch.stack(x.chunk(num_heads, dim=-1)),
            "The heads are cut well, and stand in front of the batch. Here the batch comes first. "
            "At which axis should they be stacked?",
        ),
        Mistake(
            "heads folded into the batch",
            lambda x, num_heads: _split(x, num_heads).transpose(1, 2).flatten(0, 1),
            "Batch and heads share one axis, as in some older code. Here they stay two. Which "
            "step puts them together?",
        ),
        Mistake(
            "a tuple of heads",
            lambda x, num_heads: x.chunk(num_heads, dim=-1),
            "The heads are cut well, and come as separate tensors. All of them should go through "
            "one matrix product together. What puts tensors side by side, along a new axis?",
        ),
        Mistake(
            "a tuple of pieces",
            lambda x, num_heads: x.split(num_heads, dim=-1),
            "`split` takes the size of a piece, not the number of pieces, and it gives separate "
            "tensors. How large is a piece, and how do all of them get into one tensor with an "
            "axis for the heads?",
        ),
        Mistake(
            "turned, then cut",
            lambda x, num_heads: x.transpose(1, 2).reshape(x.shape[0], num_heads, x.shape[1], -1),
            "You swap first and cut then. By that time a row belongs to a feature, and reading on "
            "mixes tokens. What is the last axis while it is cut, and which two change places "
            "after that?",
        ),
        Mistake(
            "features before tokens",
            lambda x, num_heads: _split(x, num_heads).permute(0, 2, 3, 1),
            "Within each head the table is turned: a row for each feature. Which axis should come "
            "last, so that one row is one token?",
        ),
        Mistake(
            "tokens last",
            lambda x, num_heads: _split(x, num_heads).transpose(1, 3),
            "Tokens and features have changed places, and the axes are (B, Dh, H, T). After the "
            "cut they were B, T, H, Dh. Which two of these are to change places?",
        ),
        Mistake(
            "batch and heads swapped",
            lambda x, num_heads: _split(x, num_heads).transpose(0, 1),
            "`transpose(0, 1)` was right for one sentence; with a batch in front it swaps batch "
            "and tokens. Where have the two axes moved that you mean?",
        ),
        Mistake(
            "tokens cut",
            lambda x, num_heads: torch.stack(x.tensor_split(num_heads, dim=1), dim=1),
            "You cut the sentence: each head gets some of the tokens. Every head is to look at "
            "all tokens. Which axis has room to be cut?",
        ),
        Mistake(
            "the first features for all",
            lambda x, num_heads: x[:, None, :, : x.shape[-1] // num_heads].expand(
                -1, num_heads, -1, -1
            ),
            "Every head gets the same features, the first ones, and the rest is lost. Where does "
            "head 1 begin?",
        ),
        Mistake(
            "everything for all",
            lambda x, num_heads: x[:, None].expand(-1, num_heads, -1, -1),
            "Every head gets all the features. That would be H times the work. What share of them "
            "belongs to one head?",
        ),
        Mistake(
            "size of a head as a fraction",
            lambda x, num_heads: x.view(x.shape[0], x.shape[1], num_heads, x.shape[-1] / num_heads),
            "`/` gives a fraction, 2.0, and a size has to be a whole number. Which sign divides "
            "and gives a whole number?",
        ),
    ),
    hints=(
        "Two steps. First cut the last axis, D, into two: H and Dh. No number moves. Then bring "
        "the axis of the heads in front of that of the tokens.",
        "`x.unflatten(-1, (num_heads, -1))` cuts the last axis; `x.view(B, T, num_heads, -1)` "
        "does the same. The axes are now B, T, H, Dh, with the numbers 0, 1, 2, 3.",
        "After the cut, `.transpose(1, 2)` swaps T and H.",
    ),
)


def _interleaved(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(-2)


TOO_MANY = (
    "The heads stand one below the other, as more tokens. Their features belong side by side, so "
    "that each token gets one long row. Which two axes are to be neighbours before you flatten?"
)

MERGE = Exercise(
    id="3.2",
    title="Merge the heads",
    signature="merge_heads(x)",
    shapes="x (B, H, T, Dh) -> (B, T, D)",
    reference=merge_heads,
    library=(MultiHeadAttention.merge_heads,),
    probes=(
        Probe(
            BY_HAND_MERGE,
            given([[[[1.0, 2.0]], [[3.0, 4.0]]]]),
            "Head 0 found 1 and 2 for the token, head 1 found 3 and 4. What is its row?",
        ),
        Probe(
            "three tokens, two heads of five",
            drawn((1, 2, 3, 5)),
            "Print one sentence before and after. Which heads' numbers stand in the row of token "
            "0?",
        ),
        Probe(
            "two sentences, three heads",
            drawn((2, 3, 5, 4)),
            "Print the shape after each step. Which axes do H and Dh stand on when you flatten?",
        ),
        Probe("one head", drawn((2, 1, 3, 4)), "With one head, which axis has to go?"),
        Probe(DOUBLE, drawn((2, 3, 4, 5), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant(
            "the row of a token holds the numbers that the heads found for it, and no others",
            lambda result, x: torch.equal(
                result.sort(-1)[0], x.transpose(1, 2).flatten(-2).sort(-1)[0]
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "not transposed",
            merge_by_view,
            "The shape is right and the rows are mixed up: `view` and `reshape` read on in the "
            "old order, in which all tokens of head 0 come before the first of head 1. Which two "
            "axes have to be neighbours before they become one?",
        ),
        Mistake(
            "view after transpose",
            lambda x: x.transpose(1, 2).view(x.shape[0], x.shape[2], -1),
            "The idea is right. After `transpose` the numbers no longer lie in memory in the order "
            "of the axes, and `view` copies nothing. Which methods copy where they must?",
        ),
        Mistake(
            "dealt like cards",
            _interleaved,
            "The row of a token has the right numbers in another order: the first feature of each "
            "head, then the second of each. A head's features belong together. Which of H and Dh "
            "should come last when you flatten?",
        ),
        Mistake("heads as tokens", lambda x: x.flatten(1, 2), TOO_MANY, group="heads as tokens"),
        Mistake(
            "heads as tokens, with cat",
            lambda x: torch.cat([x[:, h] for h in range(x.shape[1])], dim=1),
            TOO_MANY,
            group="heads as tokens",
        ),
        Mistake(
            "tokens and heads made one",
            lambda x: x.transpose(1, 2).flatten(1, 2),
            "You bring T in front of H, which is right, and then make one axis of these two. "
            "Which two axes together give a row of D numbers?",
        ),
        Mistake(
            "size of the wrong axis",
            lambda x: x.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1),
            "The result has a row for each head. `x` has kept its axes while you swapped: which "
            "number of `x.shape` is T?",
        ),
        Mistake(
            "mean of the heads",
            lambda x: x.mean(dim=1),
            "You take the mean of the heads. What they found apart is blurred together again, and "
            "the row of a token is Dh long. How long should it be?",
        ),
        Mistake(
            "sum of the heads",
            lambda x: x.sum(dim=1),
            "You add the heads up, and the row of a token is Dh long. Do head 1's numbers "
            "belong on top of head 0's, or beside them?",
        ),
        Mistake(
            "not flattened",
            lambda x: x.transpose(1, 2),
            "The axes stand right: B, T, H, Dh. One step is missing. What makes one axis of the "
            "last two?",
        ),
        Mistake(
            "flattened too far",
            lambda x: x.transpose(1, 2).flatten(1),
            "`flatten(1)` puts everything behind the batch into one axis, the tokens too. From "
            "which axis on should it start?",
        ),
        Mistake(
            "flattened without transpose",
            lambda x: x.flatten(2),
            "`flatten(2)` makes one axis of the last two, and these are tokens and features: the "
            "result has a row for each head. A row for each token is asked. Which two axes must "
            "change places before you flatten?",
        ),
        Mistake(
            "turned",
            lambda x: x.transpose(-2, -1).flatten(1, 2),
            "Each sentence is turned: a row for each feature, a column for each token. Which axis "
            "should be the last one?",
        ),
        Mistake(
            "only the first head",
            lambda x: x[:, 0],
            "Only head 0 is left. Where do the other heads' findings go?",
        ),
        Mistake(
            "batch taken for heads",
            lambda x: x.transpose(0, 1).flatten(-2),
            "`transpose(0, 1)` swaps batch and heads. With a batch in front, which numbers have "
            "heads and tokens?",
        ),
        Mistake(
            "shape turned twice",
            lambda x: x.transpose(1, 2).reshape(x.shape[0], -1, x.shape[2]),
            "The two sizes at the end have changed places, so the rows are as long as the "
            "sentence. Which size is the number of tokens, and on which axis should it stand?",
        ),
    ),
    hints=(
        "It is `split_heads` backwards: its two steps undone, the last one first.",
        "First bring T in front of H, so that H and Dh are neighbours. Then make one axis of the "
        "last two.",
        "`flatten(-2)` makes one axis of the last two, and copies if it must.",
    ),
)
