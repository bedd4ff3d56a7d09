"""2.2 causal_mask and 2.3 padding_mask."""

import math

import torch
from torch import Tensor

from course_lib import masks
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch02.common import NUMBERS, Q_POLARITY
from course_lib.exercises.probes import given
from course_lib.exercises.spec import Exercise, Mistake, Probe


def _square(seq_len: int) -> Tensor:
    return torch.ones(seq_len, seq_len, dtype=torch.bool)


CAUSAL = Exercise(
    id="2.2",
    title="The causal mask",
    signature="causal_mask(seq_len)",
    shapes="seq_len -> (T, T)",
    reference=masks.causal_mask,
    probes=(
        Probe(BY_HAND, given(more=(3,)), "The second word may look at which of the three?"),
        Probe(
            "seven words",
            given(more=(7,)),
            "Look at the first row and at the last. What may the first word see, what the last?",
        ),
        Probe("one word alone", given(more=(1,)), "May a word look at itself?"),
    ),
    mistakes=(
        Mistake(
            "turned round",
            lambda seq_len: _square(seq_len).triu(),
            "Every word sees itself and all that comes *after* it. A model that writes from left "
            "to right has not written that yet. Which triangle is it?",
        ),
        Mistake(
            "True means hidden",
            lambda seq_len: _square(seq_len).triu(1),
            "This is True where a query may *not* look, which is how `nn.MultiheadAttention` has "
            "it. In this course True means *may look*. What turns yes into no and no into yes?",
        ),
        Mistake(
            "without itself",
            lambda seq_len: _square(seq_len).tril(-1),
            "No word may look at itself here, and the first may look at nothing at all. Which "
            "diagonal is missing?",
        ),
        Mistake(
            "one step too far",
            lambda seq_len: _square(seq_len).tril(1),
            "Every word also sees the one after it, and that is the word it is to predict. Where "
            "does the triangle have to end?",
        ),
        Mistake(
            "everything",
            _square,
            "Every word may look everywhere. What did you want to hide?",
        ),
        Mistake(
            "nothing but itself",
            lambda seq_len: torch.eye(seq_len, dtype=torch.bool),
            "Every word sees itself alone. May it look back?",
        ),
        Mistake(
            "nothing",
            lambda seq_len: ~_square(seq_len),
            "Nobody may look anywhere. Where should it be True?",
        ),
        Mistake(
            "floats",
            lambda seq_len: torch.ones(seq_len, seq_len).tril(),
            NUMBERS,
            group="numbers for yes and no",
        ),
        Mistake(
            "integers",
            lambda seq_len: _square(seq_len).tril().long(),
            NUMBERS,
            group="numbers for yes and no",
        ),
        Mistake(
            "to be added",
            lambda seq_len: torch.full((seq_len, seq_len), -math.inf).triu(1),
            "These are numbers to *add* to the scores, 0 or minus infinity. That is the other way "
            "to write a mask. Here it says yes or no. What is yes here?",
        ),
        Mistake(
            "a batch axis in front",
            lambda seq_len: _square(seq_len).tril()[None],
            "There is an axis of size 1 in front. Broadcasting would put it there when it is "
            "needed. What shape does the docstring ask for?",
        ),
        Mistake(
            "one row",
            lambda seq_len: torch.ones(seq_len, dtype=torch.bool),
            "That is one row, for one query. Every query has a row of its own, and they differ. "
            "How many rows are there?",
        ),
    ),
    hints=(
        "Write the mask of three words on paper: row 1 has one True, row 2 has two, row 3 has "
        "three.",
        "It is a triangle. `tril` keeps the lower one of a matrix, the diagonal included, and sets "
        "the rest to zero, or to False.",
        "Start from `torch.ones(seq_len, seq_len, dtype=torch.bool)`.",
    ),
)


def padding_mask(ids: Tensor, pad_id: int) -> Tensor:
    """Every query may attend to the real tokens: (B, 1, Tk), for attention without heads."""
    return (ids != pad_id).unsqueeze(-2)


def _counted_from_the_left(ids: Tensor, pad_id: int) -> Tensor:
    lengths = (ids != pad_id).sum(-1)
    positions = torch.arange(ids.shape[-1], device=ids.device)
    return (positions < lengths[:, None]).unsqueeze(-2)


def _queries_too(ids: Tensor, pad_id: int) -> Tensor:
    real = ids != pad_id
    return real[:, :, None] & real[:, None, :]


ZERO = (
    "You compare with 0, and padding has the number `pad_id`. It is 0 in many vocabularies, not in "
    "all. Where does your code use the second argument?"
)

PADDING = Exercise(
    id="2.3",
    title="The padding mask",
    signature="padding_mask(ids, pad_id)",
    shapes="ids (B, Tk), pad_id -> (B, 1, Tk)",
    reference=padding_mask,
    library=(masks.padding_mask,),
    probes=(
        Probe(
            BY_HAND,
            given([[5, 6, 7], [8, 0, 0]], more=(0,)),
            "The second sentence has one word. At which of its three places may a query look?",
        ),
        Probe(
            "padding has the number 1",
            given([[1, 4, 0, 1], [0, 5, 3, 2]], more=(1,)),
            "Which number is the padding here? " + Q_POLARITY,
        ),
        Probe(
            "padding at the beginning and between words",
            given([[3, 3, 3, 7, 9], [3, 2, 3, 8, 3]], more=(3,)),
            "Some place the padding in front. What tells a place of padding, wherever it is?",
        ),
        Probe(
            "no padding at all",
            given([[4, 5, 6, 7], [6, 5, 4, 7], [7, 7, 7, 7]], more=(9,)),
            "What may be seen in a sentence without padding?",
        ),
    ),
    mistakes=(
        Mistake(
            "True means hidden",
            lambda ids, pad_id: (ids == pad_id).unsqueeze(-2),
            "This is True at the padding. In this course True means *may look*. What is the "
            "opposite of `==`?",
        ),
        Mistake(
            "not zero",
            lambda ids, pad_id: (ids != 0).unsqueeze(-2),
            ZERO,
            group="padding is 0",
        ),
        Mistake(
            "above zero",
            lambda ids, pad_id: (ids > 0).unsqueeze(-2),
            ZERO,
            group="padding is 0",
        ),
        Mistake(
            "truth of the number",
            lambda ids, pad_id: ids.bool().unsqueeze(-2),
            ZERO,
            group="padding is 0",
        ),
        Mistake(
            "above the padding's number",
            lambda ids, pad_id: (ids > pad_id).unsqueeze(-2),
            "You ask for numbers larger than `pad_id`, and real words may have smaller ones. Which "
            "comparison holds for every vocabulary?",
        ),
        Mistake(
            "counted from the left",
            _counted_from_the_left,
            "You count the words and show as many places from the left. Not all put the padding "
            "last. Can you ask each place for itself?",
        ),
        Mistake(
            "no axis for the queries",
            lambda ids, pad_id: ids != pad_id,
            "(B, Tk) meets scores of (B, Tq, Tk) from the right: B would be taken for Tq. Where "
            "does an axis of size 1 have to stand?",
        ),
        Mistake(
            "axis at the end",
            lambda ids, pad_id: (ids != pad_id).unsqueeze(-1),
            "With the new axis last, the words stand along the queries' axis. It hides what "
            "padding *asks*; what is to be hidden is what it answers. Which axis of the scores "
            "holds the keys?",
        ),
        Mistake(
            "axis in front",
            lambda ids, pad_id: (ids != pad_id)[None],
            "With the new axis in front, the sentences stand along the queries' axis. Between "
            "which two axes does it belong?",
        ),
        Mistake(
            "an axis for the heads",
            lambda ids, pad_id: (ids != pad_id)[:, None, None, :],
            "This is the form with heads, (B, 1, 1, Tk), which comes in chapter 3. Here scores are "
            "(B, Tq, Tk). Which axis is one too many?",
        ),
        Mistake(
            "queries too",
            _queries_too,
            "You hide the padding's own questions as well, so that their rows are empty. Nobody "
            "reads those rows, and an empty row is trouble for a softmax. What must be hidden?",
        ),
        Mistake(
            "floats",
            lambda ids, pad_id: (ids != pad_id).float().unsqueeze(-2),
            NUMBERS,
            group="numbers for yes and no",
        ),
        Mistake(
            "integers",
            lambda ids, pad_id: (ids != pad_id).long().unsqueeze(-2),
            NUMBERS,
            group="numbers for yes and no",
        ),
    ),
    hints=(
        "Every place that does not hold `pad_id` may be looked at. A comparison of a tensor with a "
        "number gives a tensor of booleans.",
        "`ids != pad_id` has the shape (B, Tk). Scores are (B, Tq, Tk), and every query of a "
        "sentence shares one row: put an axis of size 1 where the queries are.",
        "`x[:, None, :]` turns (B, Tk) into (B, 1, Tk).",
    ),
)
