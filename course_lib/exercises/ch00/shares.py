"""0.1 row_shares."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.exercises.ch00.common import BY_HAND, DOUBLE, Q_DOUBLE
from course_lib.exercises.probes import Draw, given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe


def row_shares(table: Tensor) -> Tensor:
    """Each row of a table of positive numbers, divided by its sum."""
    return table / table.sum(dim=-1, keepdim=True)


def _positive(*shape: int, most: float = 9.0, dtype: torch.dtype = torch.float32) -> Draw:
    """Random numbers from 0.1 to `most`, to one decimal."""
    return lambda dice: (
        (torch.rand(shape, generator=dice) * (most - 0.1) + 0.1).round(decimals=1).to(dtype),
    )


def _shares(
    table: Tensor,
    columns: bool = False,
    by: str = "sum",
    upside_down: bool = False,
    percent: bool = False,
) -> Tensor:
    """Row shares, with the switches of what goes wrong with them."""
    axis = 0 if columns else 1
    divisors: dict[str, Callable[[], Tensor]] = {
        "sum": lambda: table.sum(axis, keepdim=True),
        "mean": lambda: table.mean(axis, keepdim=True),
        "largest": lambda: table.amax(axis, keepdim=True),
        "length": lambda: torch.linalg.vector_norm(table, dim=axis, keepdim=True),
    }
    divisor = divisors[by]()
    shares = divisor / table if upside_down else table / divisor
    return 100 * shares if percent else shares


def _loop_without_effect(table: Tensor) -> Tensor:
    for row in table:
        row = row / row.sum()
    return table


WITHOUT_KEEPDIM = (
    "A sum over an axis removes that axis: of a table with R rows, R numbers in a line are left, "
    "and a line is laid along the columns. Which argument of `sum` keeps the axis, with size 1, so "
    "that each sum meets its own row?"
)

SHARES = Exercise(
    id="0.1",
    title="Rows that sum to one",
    signature="row_shares(table)",
    shapes="table (R, C) -> (R, C)",
    reference=row_shares,
    probes=(
        Probe(
            BY_HAND,
            given([[1.0, 1.0, 2.0], [2.0, 3.0, 5.0]]),
            "The rows sum to 4 and to 10. What is each number's share of its own row?",
        ),
        Probe(
            "three rows of four numbers",
            _positive(3, 4),
            "Which numbers belong together in one sum: those of a row, or those of a column?",
        ),
        Probe(
            "rows that sum to less than one",
            _positive(2, 3, most=0.3),
            "The numbers are small here. By what is each row divided?",
        ),
        Probe(
            "many rows, and one of its columns is large",
            lambda dice: (_positive(5, 2)(dice)[0] * torch.tensor([1.0, 100.0]),),
            "Does your code add anything to the sums, or round anything?",
        ),
        Probe(DOUBLE, _positive(4, 3, dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant(
            "each row sums to 1",
            lambda value, *_: bool(((value.sum(-1) - 1).abs() < 1e-4).all()),
        ),
        Invariant(
            "within a row, equal numbers get equal shares and larger ones larger shares",
            lambda value, table: torch.equal(
                value.argsort(dim=-1, stable=True), table.argsort(dim=-1, stable=True)
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "over the whole table",
            lambda table: table / table.sum(),
            "You divide by the sum of the whole table, so all numbers together sum to 1. Here each "
            "row is to sum to 1 by itself. Along which axis should `sum` run?",
        ),
        Mistake(
            "columns",
            partial(_shares, columns=True),
            "Your columns sum to 1, not your rows. `sum` over an axis adds up along that axis: "
            "over axis 0 it goes down the rows. Which axis goes across a row?",
        ),
        Mistake("no keepdim", lambda table: table / table.sum(1), WITHOUT_KEEPDIM, group="keepdim"),
        Mistake(
            "a new axis in the wrong place",
            lambda table: table / table.sum(1).unsqueeze(0),
            WITHOUT_KEEPDIM,
            group="keepdim",
        ),
        Mistake(
            "softmax",
            lambda table: table.softmax(-1),
            "This is a softmax: it takes e to the power of each number first. Its rows sum to 1, "
            "too, but twice as large a number no longer gets twice the share. What is left if you "
            "leave the powers out?",
        ),
        Mistake(
            "divided by the largest",
            partial(_shares, by="largest"),
            "The largest number of each row becomes 1: you divide by the row's maximum. By what "
            "must you divide, for the whole row to sum to 1?",
        ),
        Mistake(
            "divided by the mean",
            partial(_shares, by="mean"),
            "Each row now sums to the number of its columns: you divide by the row's mean. Which "
            "number is the mean times the number of columns?",
        ),
        Mistake(
            "divided by the number of columns",
            lambda table: table / table.shape[1],
            "You divide by how many numbers a row has, and not by what they add up to. Do your "
            "rows sum to 1 if the numbers are large?",
        ),
        Mistake(
            "divided by the length",
            partial(_shares, by="length"),
            "The squares of each row sum to 1: you divide by the length of the row as a vector "
            "(`norm`, or `F.normalize`). What do shares add up, the numbers or their squares?",
        ),
        Mistake(
            "upside down",
            partial(_shares, upside_down=True),
            "Numerator and denominator have changed places: the smallest number gets the most. "
            "What is divided by what?",
        ),
        Mistake(
            "multiplied",
            lambda table: table * table.sum(1, keepdim=True),
            "You multiply by the sum, and the numbers grow. A share is at most 1. Which operation "
            "asks how much of the whole a number is?",
        ),
        Mistake(
            "percent",
            partial(_shares, percent=True),
            "Your rows sum to 100: these are percents. What would they be as shares of 1?",
        ),
        Mistake(
            "whole numbers",
            lambda table: table // table.sum(1, keepdim=True),
            "`//` divides and rounds down to whole numbers. Which sign divides and keeps the rest?",
        ),
        Mistake(
            "rounded",
            lambda table: (table / table.sum(1, keepdim=True)).round(decimals=2),
            "The shares are rounded, and rounded shares need not sum to 1. Who should decide how "
            "many digits are shown, the function or whoever prints?",
        ),
        Mistake(
            "the sums",
            lambda table: table.sum(1),
            "You return the sum of each row. That is half of the way: what is to be done with the "
            "numbers of the row and this sum?",
        ),
        Mistake(
            "reciprocal sums",
            lambda table: 1 / table.sum(1, keepdim=True),
            "You return 1 divided by each row's sum: the factor, and not yet the shares. What do "
            "you multiply with it?",
        ),
        Mistake(
            "turned round",
            lambda table: table.T / table.sum(1),
            "The numbers are right, and the table is turned round: its columns are the rows you "
            "were given. What turns it back?",
        ),
        Mistake(
            "by the first row's sum",
            lambda table: table / table[0].sum(),
            "Every row is divided by the sum of the first row, which alone comes out right. Whose "
            "sum does each row need?",
        ),
        Mistake(
            "first row alone",
            lambda table: table[0] / table[0].sum(),
            "Only the first row comes back. Does a `return` stand inside a loop, and so end it in "
            "the first round?",
        ),
        Mistake(
            "loop without effect",
            _loop_without_effect,
            "The table comes back as it was. In a loop, `row = …` gives a new number of things to "
            "the name `row` and leaves the table alone. Where do your results go?",
        ),
        Mistake(
            "list of rows",
            lambda table: [row / row.sum() for row in table],
            "The numbers are right, and stand in a Python list of rows. Which function of PyTorch "
            "stacks tensors of one size into one tensor? (Or can you do without the loop?)",
        ),
        Mistake(
            "minus the mean",
            lambda table: table - table.mean(1, keepdim=True),
            "You take each row's mean away, so that its numbers sum to 0. Shares are parts of a "
            "whole: do they come from subtracting or from dividing?",
        ),
        Mistake(
            "small sums left alone",
            lambda table: table / table.sum(1, keepdim=True).clamp(min=1),
            "Rows that sum to less than 1 stay as they are. They have shares, too. What is the "
            "limit for?",
        ),
        Mistake(
            "twice, rows then columns",
            lambda table: F.normalize(F.normalize(table, 1, dim=1), 1, dim=0),
            "First the rows are made to sum to 1, then the columns, which spoils the rows again. "
            "Which of the two is asked?",
        ),
    ),
    hints=(
        "Each row has a sum of its own, so you need as many sums as there are rows. `sum` takes a "
        "`dim`, the axis that it adds up along.",
        "`table.sum(dim=-1)` has one number for each row, in a line of shape (R,). To divide row "
        "by row they have to stand in a column, of shape (R, 1). `sum` has an argument that keeps "
        "the axis.",
        "Divide `table` by its sum with `dim=-1` and `keepdim=True`.",
    ),
)
