"""0.3, transpose against view, and 0.4, softmax over which axis."""

import torch

from course_lib.exercises.spec import Prediction, WrongValue

ROW, COLUMN = 1, 2


def what_stands_there() -> tuple[float, ...]:
    """Row 1, column 2 of the numbers 0 to 11 in three rows: transposed, and viewed as (4, 3)."""
    x = torch.arange(12.0).view(3, 4)
    return float(x.T[ROW, COLUMN]), float(x.view(4, 3)[ROW, COLUMN])


VIEW = Prediction(
    id="0.3",
    title="Transpose or view",
    signature="prediction = (transposed, viewed)",
    names=("x.T[1, 2]", "x.view(4, 3)[1, 2]"),
    expected=what_stands_there,
    tolerance=0.01,
    question="A transpose swaps row and column: where in `x` did the number stand? And in "
    "`x.view(4, 3)`, with which number does row 1 begin, if they are read on in the old order?",
    wrong=(
        WrongValue(
            "swapped",
            (5.0, 9.0),
            "Both numbers are right, and have changed places. Which of the two operations swaps "
            "rows and columns, and which reads on in the old order?",
        ),
        WrongValue(
            "both viewed",
            (5.0, 5.0),
            "The second is right. With the same number for both, transpose and view would be the "
            "same. Which of them swaps rows and columns?",
        ),
        WrongValue(
            "both transposed",
            (9.0, 9.0),
            "The first is right. With the same number for both, transpose and view would be the "
            "same. Which of them reads the numbers on in the old order, three to a row?",
        ),
        WrongValue(
            "neither",
            (6.0, 6.0),
            "6 stands at [1, 2] of `x` itself. What do the new shapes make of rows and columns?",
        ),
        WrongValue(
            "transpose forgotten",
            (6.0, 5.0),
            "The second is right. 6 is x[1, 2], before the transpose. Which row and which column "
            "of `x` does [1, 2] of `x.T` come from?",
        ),
        WrongValue(
            "view forgotten",
            (9.0, 6.0),
            "The first is right. 6 is x[1, 2], with rows of four. Where does row 1 begin, if each "
            "row has three numbers?",
        ),
        WrongValue(
            "counted from one",
            (4.0, 1.0),
            "This is right for the first row and the second column. Python counts from 0. Which "
            "row and column does [1, 2] name?",
        ),
        WrongValue(
            "column first",
            (6.0, 7.0),
            "You have read [2, 1]: row 2, column 1. Which of the two numbers in the brackets is "
            "the row?",
        ),
        WrongValue(
            "numbers from one",
            (10.0, 6.0),
            "Both are one too large: the places are right. Does `x` begin with 0 or with 1?",
        ),
        WrongValue(
            "transpose right",
            (9.0, 2.0),
            "The first is right. For the second write down all four rows of `x.view(4, 3)`: three "
            "numbers to a row, in the old order. What stands in row 1, column 2?",
            lambda transposed, viewed: (
                abs(transposed - 9) < 0.01 and all(abs(viewed - n) > 0.01 for n in (5, 6, 9))
            ),
        ),
        WrongValue(
            "view right",
            (1.0, 5.0),
            "The second is right. For the first write down `x.T`: the columns of `x` become its "
            "rows. What stands in row 1, column 2?",
            lambda transposed, viewed: (
                abs(viewed - 5) < 0.01 and all(abs(transposed - n) > 0.01 for n in (5, 6, 9))
            ),
        ),
    ),
    hints=(
        "Write the table down: 0 1 2 3, below it 4 5 6 7, below it 8 9 10 11. For `x.T` read it "
        "column by column, for the view row by row, and fill rows of three.",
        "`x.T[1, 2]` is `x[2, 1]`. The rows of `x.view(4, 3)` begin with 0, 3, 6 and 9.",
    ),
)


def equal_shares() -> tuple[float, ...]:
    """Zeros (2, 4, 5): a number of the softmax over dim −1, over dim −2, and a row's sum then."""
    scores = torch.zeros(2, 4, 5)
    last, before = scores.softmax(dim=-1), scores.softmax(dim=-2)
    return float(last[0, 0, 0]), float(before[0, 0, 0]), float(before.sum(dim=-1)[0, 0])


AXIS = Prediction(
    id="0.4",
    title="Softmax over which axis",
    signature="prediction = (keys_compete, queries_compete, row_sum)",
    names=(
        "each number of softmax(dim=-1)",
        "each number of softmax(dim=-2)",
        "a row's sum after softmax(dim=-2)",
    ),
    expected=equal_shares,
    tolerance=0.004,
    question="Equal scores get equal shares. Along `dim=-1` how many numbers share the 1, and how "
    "many along `dim=-2`? And how many numbers does a row have, that you add up at the end?",
    wrong=(
        WrongValue(
            "axes swapped",
            (0.25, 0.2, 0.8),
            "The two axes have changed places. The shape is (2, 4, 5), and −1 is the last. How "
            "many numbers compete along it?",
            lambda last, before, total: _near((last, before), (0.25, 0.2)),
        ),
        WrongValue(
            "rows sum to one",
            (0.2, 0.25, 1.0),
            "The shares are right. But which numbers sum to 1 after `dim=-2`: those of a row, or "
            "those of a column? And how many numbers of which size does a row have?",
        ),
        WrongValue(
            "a column's sum",
            (0.2, 0.25, 0.5),
            "The shares are right. For the sum: a row runs along the last axis, which has another "
            "size than the batch. How many numbers are in it?",
        ),
        WrongValue(
            "another sum",
            (0.2, 0.25, 0.25),
            "The shares are right. Now take one row of the second: how many numbers stand along "
            "the last axis, and how large is each of them?",
            lambda last, before, total: (
                _near((last, before), (0.2, 0.25))
                and not any(_near((total,), (other,)) for other in (0.5, 1.0, 1.25))
            ),
        ),
        WrongValue(
            "sum over four",
            (0.2, 0.2, 0.8),
            "The first is right. The second softmax runs along another axis than the first. How "
            "many numbers compete along `dim=-2`?",
            lambda last, before, total: _near((last, before), (0.2, 0.2)),
        ),
        WrongValue(
            "all queries and keys share",
            (0.05, 0.05, 0.25),
            "You let all 4 × 5 numbers of a table share one 1. `dim` names one axis. How many "
            "numbers lie along it?",
            lambda last, before, total: _near((last, before), (0.05, 0.05)),
        ),
        WrongValue(
            "all cells share",
            (0.025, 0.025, 0.125),
            "You let all 2 × 4 × 5 numbers share one 1. `dim` names one axis. How many numbers "
            "lie along it?",
            lambda last, before, total: _near((last, before), (0.025, 0.025)),
        ),
        WrongValue(
            "the batch shares",
            (0.2, 0.5, 2.5),
            "The first is right. For the second you took the axis of size 2. Counted from the end, "
            "−1 is the 5: what is −2?",
            lambda last, before, total: _near((last, before), (0.2, 0.5)),
        ),
        WrongValue(
            "zeros",
            (0.0, 0.0, 0.0),
            "A softmax is never 0: e⁰ is 1, and equal scores get equal shares of a 1. Among how "
            "many numbers is it shared out?",
            lambda last, before, total: _near((last, before), (0.0, 0.0)),
        ),
        WrongValue(
            "powers",
            (1.0, 1.0, 5.0),
            "e⁰ is 1: these are the powers, before they are divided by their sum. What is the sum "
            "along each of the axes?",
            lambda last, before, total: _near((last, before), (1.0, 1.0)),
        ),
        WrongValue(
            "counts, not shares",
            (5.0, 4.0, 20.0),
            "You name how many numbers compete: well seen. What does each get, if they share a 1?",
            lambda last, before, total: _near((last, before), (5.0, 4.0)),
        ),
    ),
    hints=(
        "n equal scores that compete for a 1 get 1/n each. The shape is (2, 4, 5): −1 names the 5, "
        "−2 the 4.",
        "After `dim=-2` the numbers of a column sum to 1: four quarters. A row has five of these "
        "quarters.",
    ),
)


def _near(values: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= 0.004 for a, b in zip(values, wanted, strict=True))
