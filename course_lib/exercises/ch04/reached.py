"""4.9 predict which numbers of a learned table training ever reaches."""

import torch

from course_lib import positions
from course_lib.exercises.spec import Prediction, WrongValue

BATCH_SIZE, SEQ_LEN, MAX_LEN, D_MODEL = 16, 32, 128, 64


def expected() -> tuple[float, ...]:
    """How many numbers of the table get a gradient, and how many never do."""
    learned = positions.LearnedPositions(MAX_LEN, D_MODEL)
    learned(torch.zeros(BATCH_SIZE, SEQ_LEN, D_MODEL)).sum().backward()
    gradient = learned.table.weight.grad
    assert gradient is not None
    reached = int((gradient != 0).sum())
    return float(reached), float(gradient.numel() - reached)


REACHED = Prediction(
    id="4.9",
    title="numbers that training reaches",
    signature="prediction = (..., ...)",
    names=("numbers that get a gradient", "numbers that never do"),
    expected=expected,
    question="Draw the table: 128 rows, each with 64 numbers. Which rows does a sentence of 32 "
    "words use, and how many numbers are in them?",
    wrong=(
        WrongValue(
            "rows counted",
            (32, 96),
            "These are the rows, and they are right. A row is a vector. How many numbers has it?",
        ),
        WrongValue(
            "once for each sentence",
            (32_768, 98_304),
            "You count every sentence of the batch. All 16 use the same rows of the one table. "
            "How many different numbers are that?",
            matches=lambda reached, never: reached == 32_768,
        ),
        WrongValue(
            "all numbers",
            (8192, 0),
            "You let training reach the whole table. Row 100 is added to the word at position 100. "
            "How many words have the sentences?",
        ),
        WrongValue(
            "the whole table as the rest",
            (2048, 8192),
            "The first is right. The second is the whole table. How much of it is left?",
        ),
        WrongValue(
            "the other order",
            (6144, 2048),
            "Both numbers are right, and stand in each other's place. Which comes first?",
        ),
        WrongValue(
            "as many rows as sentences",
            (1024, 7168),
            "You use 16 rows, one for each sentence. Rows belong to the places in a sentence: how "
            "many of these are there?",
        ),
        WrongValue(
            "one position less",
            (1984, 6208),
            "You count positions 0 to 31 as 31. How many are there?",
        ),
        WrongValue(
            "one position more",
            (2112, 6080),
            "You count 33 positions. The first is 0, the last 31. How many are there?",
        ),
    ),
    hints=(
        "`LearnedPositions` adds row t to the word at place t, in every sentence. Which t occur "
        "in sentences of 32 words?",
        "Places 0 to 31: 32 rows of 64 numbers each. The others of the 128 rows are never added "
        "to anything.",
    ),
)
