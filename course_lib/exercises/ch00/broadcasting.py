"""0.2 pairwise_sums and 0.6, find the bug in center_rows."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.exercises.ch00.common import BATCH, BY_HAND, DOUBLE, Q_BATCH, Q_DOUBLE
from course_lib.exercises.probes import drawn, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe


def pairwise_sums(a: Tensor, b: Tensor) -> Tensor:
    """The sum of each number of a with each of b."""
    return a[:, None] + b


def _pairs(
    a: Tensor,
    b: Tensor,
    combine: Callable[[Tensor, Tensor], Tensor] = torch.add,
    turned: bool = False,
    flat: bool = False,
) -> Tensor:
    """Each number of a with each of b, with the switches of what goes wrong."""
    table = combine(a[:, None], b[None, :])
    table = table.T if turned else table
    return table.flatten() if flat else table


STACK = (
    "`torch.stack` makes one tensor of tensors of one size; `torch.tensor` would copy the numbers, "
    "and no gradient comes through a copy. What would you stack?"
)
PLAIN = (
    "`.tolist()` and `.item()` make plain numbers of tensors. From there no gradient leads back, "
    "and `torch.tensor` only makes new numbers of them."
)

PAIRWISE = Exercise(
    id="0.2",
    title="All sums of two vectors",
    signature="pairwise_sums(a, b)",
    shapes="a (Ta,), b (Tb,) -> (Ta, Tb)",
    reference=pairwise_sums,
    probes=(
        Probe(
            BY_HAND,
            given([1.0, 2.0], [10.0, 20.0, 30.0]),
            "1 meets 10, 20 and 30: that is the first row. What is the second?",
        ),
        Probe(
            "two numbers and four",
            drawn((2,), (4,)),
            "There is one sum for each pair. How many pairs are there, and which axis is which?",
        ),
        Probe(
            "one number and three",
            drawn((1,), (3,)),
            "A single number in `a` still makes a table. How many rows has it?",
        ),
        Probe(
            "five numbers and two",
            drawn((5,), (2,)),
            "Now `a` is the longer one. Does your code rely on which of the two is longer?",
        ),
        Probe(DOUBLE, drawn((3,), (4,), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant(
            "from one row to another, every column grows by the same amount",
            lambda value, *_: torch.allclose(
                (value - value[:1]).amin(1), (value - value[:1]).amax(1), atol=1e-4
            ),
        ),
        Invariant(
            "the whole table sums to Tb times the sum of a, plus Ta times the sum of b",
            lambda value, a, b: torch.allclose(
                value.sum(), len(b) * a.sum() + len(a) * b.sum(), atol=1e-3
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "no new axis",
            lambda a, b: a + b,
            "Laid beside each other, the two vectors are added number by number, where their sizes "
            "fit at all. Every number of `a` should meet every number of `b`. Which of the two has "
            "to stand upright, as a column?",
        ),
        Mistake(
            "turned round",
            partial(_pairs, turned=True),
            "All sums are there, with a row for each number of `b`. A row for each number of `a` "
            "is asked. Which of the two has to stand upright?",
        ),
        Mistake(
            "products",
            partial(_pairs, combine=torch.mul),
            "These are products (`outer` multiplies). What does the table look like with sums?",
        ),
        Mistake(
            "differences",
            partial(_pairs, combine=torch.sub),
            "These are differences, a − b. Which sign is asked?",
        ),
        Mistake(
            "differences, the other way",
            partial(_pairs, combine=lambda x, y: y - x),
            "These are differences, b − a. Which sign is asked?",
        ),
        Mistake(
            "the larger of the two",
            partial(_pairs, combine=torch.maximum),
            "Each pair gives the larger of its two numbers. What should be done with the two?",
        ),
        Mistake(
            "in one line",
            partial(_pairs, flat=True),
            "All sums are there, one after the other in a line. Where does a new row begin?",
        ),
        Mistake(
            "one axis too many",
            lambda a, b: a[:, None, None] + b[None, None, :],
            "There is one axis too many, of size 1. Two vectors and a table: how many new axes "
            "does each of them need?",
            group="one axis too many",
        ),
        Mistake(
            "two columns",
            lambda a, b: a[:, None] + b[:, None],
            "Both vectors stand upright, and two columns are added number by number, where their "
            "sizes fit at all. Which of the two should lie along a row?",
        ),
        Mistake(
            "a with itself",
            lambda a, b: a[:, None] + a[None, :],
            "Each number of `a` meets each number of `a`. Where does `b` come in?",
        ),
        Mistake(
            "repeat and view",
            lambda a, b: a.repeat(len(b)).view(len(a), len(b)) + b,
            "`repeat` writes the whole of `a` again and again, and `view` cuts that line into "
            "rows: then a row does not belong to one number of `a`. In which order do the copies "
            "have to stand? (Broadcasting needs no copies.)",
        ),
        Mistake(
            "b broken up in the wrong order",
            lambda a, b: a[:, None] + b.repeat_interleave(len(a)).view(len(a), len(b)),
            "`repeat_interleave` writes each number of `b` several times in a row, and `view` cuts "
            "that line into rows: then a column does not belong to one number of `b`. In which "
            "order do the copies have to stand? (Broadcasting needs no copies.)",
        ),
        Mistake(
            "b summed up",
            lambda a, b: a + b.sum(),
            "`b` is added up before it meets `a`, and there is one number for each of `a`. What "
            "should every single number of `b` meet?",
        ),
        Mistake(
            "summed over b",
            lambda a, b: _pairs(a, b).sum(1),
            "The right table was there, and then its rows were added up. Which axis is gone?",
        ),
        Mistake(
            "joined",
            lambda a, b: torch.cat([a, b]),
            "The two vectors are put one behind the other. What should happen to each pair?",
        ),
        Mistake(
            "pairs, not sums",
            lambda a, b: torch.cartesian_prod(a, b),
            "These are all pairs, one in each row: well on the way. What is to be done with the "
            "two numbers of a pair, and which shape has the table?",
        ),
        Mistake(
            "meshgrid",
            lambda a, b: torch.meshgrid(a, b, indexing="ij"),
            "`meshgrid` gives two tables: one with the number of `a` in each cell, one with that "
            "of `b`. What is still to be done with the two?",
        ),
        Mistake(
            "list of all",
            lambda a, b: [x + y for x in a for y in b],
            f"All sums are there, in one Python list. {STACK} And where does a new row begin? (Or "
            "can you do without the loops?)",
        ),
        Mistake(
            "list of lists",
            lambda a, b: [[x + y for y in b] for x in a],
            f"The numbers are right, and stand in lists inside a list. {STACK} (Or can you do "
            "without the loops?)",
        ),
        Mistake(
            "list of rows",
            lambda a, b: [x + b for x in a],
            f"The numbers are right, and stand in a Python list of rows. {STACK} (Or can you do "
            "without the loop?)",
        ),
        Mistake(
            "lists of plain numbers",
            lambda a, b: [[x + y for y in b.tolist()] for x in a.tolist()],
            f"{PLAIN} Can you do it with the tensors themselves, without loops?",
            group="plain numbers",
        ),
        Mistake(
            "one list of plain numbers",
            lambda a, b: [x + y for x in a.tolist() for y in b.tolist()],
            f"{PLAIN} Can you do it with the tensors themselves, without loops?",
            group="plain numbers",
        ),
    ),
    hints=(
        "Draw the table of 1, 2 and 10, 20, 30: the numbers of `a` stand at its left edge, from "
        "top to bottom, those of `b` along its top. Which shape has the left edge?",
        "A column has the shape (Ta, 1). `a.unsqueeze(1)` and `a[:, None]` both put an axis of "
        "size 1 behind the numbers of `a`.",
        "Broadcasting adds a tensor of shape (Ta, 1) and one of shape (Tb,) to one of (Ta, Tb).",
    ),
)


def center_rows(table: Tensor) -> Tensor:
    """Take from each row its own mean."""
    return table - table.mean(dim=-1, keepdim=True)


def _centered(
    table: Tensor,
    means: Callable[[Tensor], Tensor] = lambda t: t.mean(-1, keepdim=True),
    combine: Callable[[Tensor, Tensor], Tensor] = torch.sub,
) -> Tensor:
    """Rows without their means, with the switches of what goes wrong with them."""
    return combine(table, means(table))


ONE_MEAN = (
    "One mean is taken from all rows of a table alike. Every row has a mean of its own. Along how "
    "many axes should the mean run?"
)
ACROSS_TABLES = (
    "The mean runs along axis 0: down the columns of one table, and across the tables of a batch. "
    "Which axis runs across a row, counted from the end?"
)
SCALED = (
    "The rows have mean 0, and are divided by their spread besides. That is the step to layer "
    "norm, in chapter 5. What is asked here?"
)

CENTER = Exercise(
    id="0.6",
    title="Find the bug",
    signature="center_rows(table)",
    shapes="table (..., R, C) -> (..., R, C)",
    reference=center_rows,
    bug="keepdim lost",
    probes=(
        Probe(
            "a square table",
            given([[1.0, 2.0, 6.0], [0.0, 1.0, 2.0], [4.0, 4.0, 4.0]]),
            "The means of the rows are 3, 1 and 4. Which of them was taken from the number 6, and "
            "which should it be?",
        ),
        Probe(
            "a table of three rows and five columns",
            drawn((3, 5)),
            "Print the shapes of the table and of the means. With which axis of the table does "
            "broadcasting line the means up?",
        ),
        Probe(BATCH, drawn((2, 3, 4)), Q_BATCH),
        Probe("a batch of two, with three heads each", drawn((2, 3, 4, 5)), Q_BATCH),
        Probe(DOUBLE, drawn((3, 4), dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant(
            "each row has mean 0",
            lambda value, *_: bool((value.mean(-1).abs() < 1e-4).all()),
        ),
        Invariant(
            "within a row, the differences stay as they were",
            lambda value, table: torch.allclose(value.diff(dim=-1), table.diff(dim=-1), atol=1e-4),
        ),
    ),
    mistakes=(
        Mistake(
            "keepdim lost",
            partial(_centered, means=lambda t: t.mean(-1)),
            "The means are right, and broadcasting lines them up with the columns: column 0 loses "
            "the mean of row 0. A square table lets that pass unseen, any other "
            "raises an error. Which shape must the means have to meet their own rows?",
        ),
        Mistake(
            "column means",
            partial(_centered, means=lambda t: t.mean(-2, keepdim=True)),
            "Now each column has mean 0, and no longer each row: that is another function. Along "
            "which axis does a mean run across a row?",
        ),
        Mistake(
            "over the first axis",
            partial(_centered, means=lambda t: t.mean(0, keepdim=True)),
            ACROSS_TABLES,
            group="over the first axis",
        ),
        Mistake(
            "axis counted from the front",
            partial(_centered, means=lambda t: t.mean(1, keepdim=True)),
            "One table comes out right, a batch does not: axis 1 is across a row only as long as "
            "nothing comes in front. How do you count axes so that leading ones make no "
            "difference?",
        ),
        Mistake(
            "new axis counted from the front",
            partial(_centered, means=lambda t: t.mean(-1)[:, None]),
            "One table comes out right, a batch does not: the new axis is put at place 1, and in a "
            "batch the means need it at the end. How do you say `at the end`, however many axes "
            "there are?",
        ),
        Mistake(
            "column means, keepdim lost",
            partial(_centered, means=lambda t: t.mean(-2)),
            "These are the means of the columns, and each is taken from its own column: of one "
            "table the columns have mean 0, and the rows do not. Along which axis does a mean run "
            "across a row, and which shape must the means have to meet their rows?",
        ),
        Mistake(
            "axis 0, keepdim lost",
            partial(_centered, means=lambda t: t.mean(0)),
            ACROSS_TABLES,
            group="over the first axis",
        ),
        Mistake(
            "axis 1, keepdim lost",
            partial(_centered, means=lambda t: t.mean(1)),
            "Two things at once. Axis 1 is across a row only as long as nothing comes in front. "
            "And the mean over an axis removes it, so broadcasting lines the means up with the "
            "columns. Which axis is it, counted from the end, and which shape must the means have?",
        ),
        Mistake(
            "one mean for all",
            partial(_centered, means=lambda t: t.mean()),
            ONE_MEAN,
            group="one mean for all",
        ),
        Mistake(
            "one mean for each table",
            partial(_centered, means=lambda t: t.mean((-2, -1), keepdim=True)),
            ONE_MEAN,
            group="one mean for all",
        ),
        Mistake(
            "loop over the first axis",
            lambda t: torch.stack([row - row.mean() for row in t]),
            "One table comes out right, a batch does not: a loop over a tensor runs along its "
            "first axis, which is the rows of one table and the tables of a batch. Can you do "
            "without a loop?",
        ),
        Mistake(
            "sum",
            partial(_centered, means=lambda t: t.sum(-1, keepdim=True)),
            "You take the sum of each row away, and not its mean. By what are the two apart?",
        ),
        Mistake(
            "median",
            partial(_centered, means=lambda t: t.median(-1, keepdim=True).values),
            "You take the median of each row away. Do the rows have mean 0 then?",
        ),
        Mistake(
            "added",
            partial(_centered, combine=torch.add),
            "The means are added. Does a row's mean become 0 that way?",
        ),
        Mistake(
            "divided",
            partial(_centered, combine=torch.div),
            "You divide by the means. What brings a mean to 0, division or subtraction?",
        ),
        Mistake(
            "the other way round",
            partial(_centered, combine=lambda t, m: m - t),
            "The sign is turned: what lay above the mean lies below it. What is taken from what?",
        ),
        Mistake(
            "rows and columns",
            lambda t: (
                t - t.mean(-1, keepdim=True) - t.mean(-2, keepdim=True) + t.mean((-2, -1), True)
            ),
            "Both rows and columns have mean 0 now: columns were not asked for, and the "
            "differences within a row have changed. Which of your means is one too many?",
        ),
        Mistake(
            "scaled, too",
            lambda t: (t - t.mean(-1, keepdim=True)) / t.std(-1, keepdim=True),
            SCALED,
            group="scaled, too",
        ),
        Mistake(
            "layer norm",
            lambda t: F.layer_norm(t, t.shape[-1:]),
            SCALED,
            group="scaled, too",
        ),
        Mistake(
            "the means alone",
            partial(_centered, combine=lambda t, m: m),
            "You return the means. What are they to be taken from?",
        ),
        Mistake(
            "unchanged",
            partial(_centered, combine=lambda t, m: t.clone()),
            "The table comes back as it was. A difference that no name holds is lost. Where does "
            "yours go?",
        ),
        Mistake(
            "turned round and back",
            lambda t: (t.mT - t.mean(-1)).mT,
            "One table comes out right, since it is turned round and back. In a batch, with which "
            "axis does broadcasting line the means up?",
        ),
    ),
    hints=(
        "Try a table that is not square, `torch.randn(3, 5)`, and read the error: which two sizes "
        "met there?",
        "The means have the shape (..., R). Broadcasting lines shapes up from the right, so R "
        "stands over C. To stand over the rows, the means need the shape (..., R, 1).",
        "`mean` has the same argument as `sum` in exercise 0.1: the one that keeps the axis, with "
        "size 1.",
    ),
)
