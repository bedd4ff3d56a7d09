"""3.6 to_torch_mask."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor

from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe


def to_torch_mask(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    """The mask as `nn.MultiheadAttention` wants it: True = hidden, a table for each head."""
    if mask.dim() == 2:
        return ~mask
    return ~_tables(mask, num_heads, num_queries).flatten(0, 1)


def _tables(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    """(B, H, Tq, Tk), True = may attend."""
    return mask.expand(-1, num_heads, num_queries, -1)


def _queries_left_out(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    return mask.expand(-1, num_heads, -1, -1)


def _heads_left_out(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    return mask.expand(-1, -1, num_queries, -1)


def _spoiled(
    mask: Tensor,
    num_heads: int,
    num_queries: int,
    *,
    invert: Callable[[Tensor], Tensor] = torch.logical_not,
    tables: Callable[[Tensor, int, int], Tensor] = _tables,
    fold: Callable[[Tensor], Tensor] = lambda x: x.flatten(0, 1),
    finish: Callable[[Tensor], Tensor] = lambda x: x,
) -> Tensor:
    """The mask, with the switches of what goes wrong with it."""
    if mask.dim() == 4:
        mask = fold(tables(mask, num_heads, num_queries))
    return finish(invert(mask))


def _repeated(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    return mask.repeat(1, num_heads, num_queries, 1)


def _four_axes_only(mask: Tensor, num_heads: int, num_queries: int) -> Tensor:
    batch_size, _, _, num_keys = mask.shape
    tables = mask.expand(batch_size, num_heads, num_queries, num_keys)
    return ~tables.flatten(0, 1)


def _added(hidden: Tensor) -> Tensor:
    return torch.zeros(hidden.shape).masked_fill(hidden, -math.inf)


def _first_table(mask: Tensor, num_queries: int) -> Tensor:
    return mask if mask.dim() == 2 else mask[0, 0].expand(num_queries, -1)


def _random(*shape: int, more: tuple[int, int]) -> Draw:
    """Some cells True, some False, and in the first sentence the first key for everyone."""

    def draw(dice: Generator) -> tuple[Tensor, int, int]:
        mask = torch.rand(shape, generator=dice) < 0.5
        mask[..., 0] = True
        mask[..., -1] = False
        return mask, *more

    return draw


def _padding(dice: Generator) -> tuple[Tensor, int, int]:
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    return mask[:, None, None, :], 3, 4


Q_FOLD = (
    "Of B · H tables, whose is number 0, whose number 1? PyTorch counts through the heads of the "
    "first sentence before it comes to the second."
)
MINUS = (
    "A minus does not turn round what is true and false. Which sign does, for every cell of a "
    "boolean tensor?"
)

IN_TURN = (
    "`repeat` writes the whole batch again and again: sentence 0, sentence 1, sentence 0, … The "
    "number of tables is right for padding, and their order is not. It also multiplies an axis "
    "that has its size already, and `mask[:, 0]` would drop the tables of all heads but the "
    "first. Whose tables are neighbours, if PyTorch counts through the heads of sentence 0 first, "
    "and what enlarges only the axes of size 1?"
)

TORCH_MASK = Exercise(
    id="3.6",
    title="A mask for PyTorch's own module",
    signature="to_torch_mask(mask, num_heads, num_queries)",
    shapes="mask (B, _, _, Tk) -> (BH, Tq, Tk)",
    reference=to_torch_mask,
    probes=(
        Probe(
            "a causal mask, for paper",
            lambda dice: (torch.tensor([[True, False, False], [True, True, False]]), 2, 2),
            "The first query may attend to the first key alone. Which cells of its row are hidden? "
            "And how many axes should a mask have that came as one table?",
        ),
        Probe(
            "a mask of four queries and six keys, the same for all",
            _random(4, 6, more=(3, 4)),
            "A table (Tq, Tk) is taken as it is, for all sentences and heads. What is to change?",
        ),
        Probe(
            "padding: two sentences, three heads, one row for all queries",
            _padding,
            "The mask is (B, 1, 1, Tk). How many tables of how many rows does PyTorch want?",
        ),
        Probe(
            "a table for each of two sentences, three heads",
            _random(2, 1, 4, 5, more=(3, 4)),
            Q_FOLD,
        ),
        Probe(
            "a table for each sentence and each head",
            _random(2, 3, 4, 5, more=(3, 4)),
            Q_FOLD,
        ),
    ),
    invariants=(
        Invariant(
            "the first table hides what the first query may not attend to, and nothing else",
            lambda result, mask, heads, queries: torch.equal(
                result.reshape(-1, *result.shape[-2:])[0].bool(), ~_first_table(mask, queries)
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "not inverted",
            partial(_spoiled, invert=lambda x: x),
            "The tables are right, and mean the opposite: True still stands for *may attend*. What "
            "does True mean to `nn.MultiheadAttention`?",
        ),
        Mistake(
            "head by head, not sentence by sentence",
            partial(_spoiled, fold=lambda x: x.transpose(0, 1).flatten(0, 1)),
            "Your tables come in the order: head 0 of all sentences, then head 1 of all. With one "
            "sentence that makes no difference. Whose table does PyTorch expect second?",
        ),
        Mistake(
            "batch and heads not folded",
            partial(_spoiled, fold=lambda x: x),
            "The result has four axes. PyTorch's module wants three. Which two of yours does it "
            "count as one?",
        ),
        Mistake(
            "a table for each sentence only",
            partial(_spoiled, fold=lambda x: x[:, 0]),
            "You have one table for each sentence. PyTorch wants one for each sentence and head. "
            "How many are that?",
        ),
        Mistake(
            "one table for all sentences",
            partial(_spoiled, fold=lambda x: x[0, 0]),
            "You keep the table of the first sentence, for all. Are they equally long?",
        ),
        Mistake(
            "heads not repeated",
            partial(_spoiled, tables=_heads_left_out),
            "An axis of size 1 stands for all heads, and PyTorch's module does not read it so: it "
            "wants B · H tables. What repeats an axis of size 1?",
        ),
        Mistake(
            "queries not repeated",
            partial(_spoiled, tables=_queries_left_out),
            "For padding your tables have a single row. PyTorch wants a row for each query, even "
            "if all are equal. Which argument tells how many?",
        ),
        Mistake(
            "turned",
            partial(_spoiled, finish=lambda x: x.mT),
            "Your tables have a row for each key. Who asks in a row, the query or the key?",
        ),
        Mistake(
            "repeated in turn",
            lambda mask, num_heads, num_queries: (
                ~mask if mask.dim() == 2 else ~mask[:, 0].repeat(num_heads, num_queries, 1)
            ),
            IN_TURN,
            group="repeated in turn",
        ),
        Mistake(
            "squeezed, repeated in turn",
            lambda mask, num_heads, num_queries: (
                ~mask if mask.dim() == 2 else ~mask.squeeze(1).repeat(num_heads, num_queries, 1)
            ),
            IN_TURN,
            group="repeated in turn",
        ),
        Mistake(
            "folded, repeated in turn",
            lambda mask, num_heads, num_queries: (
                ~mask if mask.dim() == 2 else ~mask.flatten(0, 1).repeat(num_heads, num_queries, 1)
            ),
            IN_TURN,
            group="repeated in turn",
        ),
        Mistake(
            "expanded, repeated in turn",
            lambda mask, num_heads, num_queries: (
                ~mask
                if mask.dim() == 2
                else ~mask[:, 0].expand(-1, num_queries, -1).repeat(num_heads, 1, 1)
            ),
            IN_TURN,
            group="repeated in turn",
        ),
        Mistake(
            "the first head's table for all",
            partial(
                _spoiled, tables=lambda mask, heads, queries: _tables(mask[:, :1], heads, queries)
            ),
            "Masks that are the same for all heads come out right. `mask[:, 0]` takes the table of "
            "head 0, and where every head has a table of its own the others are lost. How can one "
            "line serve an axis of size 1 and one of size H?",
        ),
        Mistake(
            "numbers to add",
            partial(_spoiled, finish=_added),
            "You give numbers to be added to the scores, 0 and -inf. PyTorch takes that, too, but "
            "here the boolean form is asked. What would stand in it for -inf?",
        ),
        Mistake(
            "whole numbers",
            partial(_spoiled, finish=lambda x: x.long()),
            "Zeros and ones are not a boolean mask, and PyTorch's module refuses them. Where does "
            "the mask stop being boolean?",
        ),
        Mistake("minus", lambda mask, num_heads, num_queries: -mask, MINUS, group="a minus sign"),
        Mistake(
            "one minus", lambda mask, num_heads, num_queries: 1 - mask, MINUS, group="a minus sign"
        ),
        Mistake(
            "not",
            lambda mask, num_heads, num_queries: not mask,
            "`not` asks one question of the whole tensor: is it true? Which sign asks it of every "
            "cell?",
        ),
        Mistake(
            "inverted only",
            lambda mask, num_heads, num_queries: ~mask,
            "The meaning is right now; the shape of a mask with four axes is not. What do the "
            "(B, 1, 1, Tk) of a padding mask become?",
        ),
        Mistake(
            "repeat for expand",
            partial(_spoiled, tables=_repeated),
            "`repeat` copies an axis as often as you say, whatever its size: four rows become "
            "sixteen, three heads become nine. What enlarges only the axes of size 1?",
        ),
        Mistake(
            "view after expand",
            lambda mask, num_heads, num_queries: (
                ~mask
                if mask.dim() == 2
                else ~_tables(mask, num_heads, num_queries).view(-1, num_queries, mask.shape[-1])
            ),
            "The idea is right. What `expand` gives is not laid out in memory, one row serves for "
            "many, and `view` copies nothing. Which methods copy where they must?",
        ),
        Mistake(
            "only masks of four axes",
            _four_axes_only,
            "A mask (Tq, Tk) has two axes, and your code takes four for granted. What happens to "
            "such a table, and how does your code tell which one it got?",
        ),
        Mistake(
            "a table repeated for the heads",
            lambda mask, num_heads, num_queries: (
                ~mask.expand(num_heads, -1, -1)
                if mask.dim() == 2
                else to_torch_mask(mask, num_heads, num_queries)
            ),
            "You repeat a table (Tq, Tk) for the heads. That makes H tables, where PyTorch would "
            "want B · H, and B is not known here. Which shape does it take without any repeating?",
        ),
    ),
    hints=(
        "Two things differ: what True means, and that PyTorch wants (B · H, Tq, Tk) in place of "
        "(B, H, Tq, Tk). A table (Tq, Tk) is taken as it is, so `mask.dim()` decides.",
        "`~mask` turns the meaning round. `mask.expand(-1, num_heads, num_queries, -1)` makes the "
        "axes of size 1 as large as they should be, and leaves the others alone.",
        "After `expand`, `flatten(0, 1)` makes one axis of batch and heads, sentence by sentence.",
    ),
)
