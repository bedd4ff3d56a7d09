"""2.9 predict how many cells of a mask are open."""

import torch

from course_lib import masks
from course_lib.exercises.spec import Prediction, WrongValue

QUESTION = "Draw a square of 5 by 5. Which columns does the padding hide, and which triangle stays?"


def expected() -> tuple[float, ...]:
    """How many cells are True: for the padding mask, and for both masks together."""
    padding = masks.padding_mask(torch.tensor([[1, 1, 1, 0, 0]]), 0).expand(1, 1, 5, 5)
    return float(padding.sum()), float((padding & masks.causal_mask(5)).sum())


CELLS = Prediction(
    id="2.9",
    title="open cells",
    signature="prediction = (..., ...)",
    names=("open under the padding mask", "open under both masks"),
    expected=expected,
    question=QUESTION,
    wrong=(
        WrongValue(
            "padding asks nothing",
            (9, 6),
            "You hide the rows of the padding, too. A padding mask hides keys, that is, columns. "
            "How many rows does the square have?",
        ),
        WrongValue(
            "rows left out of both",
            (15, 6),
            "The first is right. Under both, the rows of the two padding places are there as well: "
            "which of the three words may they see?",
        ),
        WrongValue(
            "hidden cells counted",
            (10, 13),
            "These are the cells that are *closed*. How many of the 25 are left?",
        ),
        WrongValue(
            "one row",
            (3, 12),
            "The second is right. For the first you counted one row, which all queries share. How "
            "many rows has the square?",
        ),
        WrongValue(
            "padding forgotten under both",
            (15, 15),
            "15 is the whole triangle of 5 by 5. Which of its columns does the padding hide?",
        ),
        WrongValue(
            "no padding at all",
            (25, 15),
            "This is what stays open without padding. Two of the five columns are padding. How "
            "many cells are in a column?",
        ),
        WrongValue(
            "the other order",
            (12, 15),
            "Both numbers are right, and stand in each other's place. Which comes first?",
        ),
        WrongValue(
            "strict triangle",
            (15, 9),
            "The first is right. For the second you left out the diagonal: may a word look at "
            "itself?",
        ),
        WrongValue(
            "either mask",
            (15, 18),
            "The first is right. For the second you counted the cells that *one* of the masks "
            "leaves open. What does `&` ask for?",
        ),
    ),
    hints=(
        "A padding mask closes whole columns, a causal mask closes a triangle. A cell is open if "
        "neither closes it.",
        "Count row by row. Under both, row 1 has one open cell, row 2 has two. How many have rows "
        "3, 4 and 5, if only three columns are open?",
    ),
)
