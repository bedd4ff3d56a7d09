"""4.3 LearnedPositions and 4.7, find the bug in add_positions."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import positions
from course_lib.exercises.ch01.common import BATCH, DOUBLE
from course_lib.exercises.modules import build_and_use
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import Exercise, Inputs, Invariant, Mistake, Probe

Forward = Callable[[Any, Tensor], Any]
Build = Callable[[int, int], Any]


def _sized(max_len: int, *shape: int, dtype: torch.dtype = torch.float32) -> Draw:
    """The sizes of a module, and an input of shape (B, T, D)."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice).round(decimals=1).to(dtype)
        return (max_len, shape[-1]), x

    return draw


def _right(self: Any, x: Tensor) -> Tensor:
    return x + self.table.weight[: x.shape[1]]


def _module(forward: Forward = _right, table: Build = nn.Embedding, name: str = "table") -> Any:
    """A LearnedPositions with something else in it."""

    class Wrong(nn.Module):
        def __init__(self, max_len: int, d_model: int) -> None:
            super().__init__()
            setattr(self, name, table(max_len, d_model))

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    Wrong.__name__ = Wrong.__qualname__ = "LearnedPositions"
    return Wrong


def _from(name: str) -> Forward:
    return lambda self, x: x + getattr(self, name).weight[: x.shape[1]]


class _Plain(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.table = torch.randn(max_len, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class _Buffer(nn.Module):
    table: Tensor

    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.randn(max_len, d_model))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class _Fresh(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.sizes = max_len, d_model

    def forward(self, x: Tensor) -> Tensor:
        return x + nn.Embedding(*self.sizes).weight[: x.shape[1]]


class _NoInit(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        self.table = nn.Embedding(max_len, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return _right(self, x)


def _parameter(max_len: int, d_model: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(max_len, d_model))


def _frozen(max_len: int, d_model: int) -> nn.Embedding:
    return nn.Embedding(max_len, d_model).requires_grad_(False)


def _row(self: Any, index: int | Tensor) -> Tensor:
    return self.table.weight[index]


def _one_for_all(self: Any, x: Tensor) -> Tensor:
    return x + self.table(torch.tensor(x.shape[1] - 1, device=x.device))


def _in_place(self: Any, x: Tensor) -> Tensor:
    x += self.table.weight[: x.shape[1]]
    return x


def _from_one(self: Any, x: Tensor) -> Tensor:
    return x + self.table(torch.arange(1, x.shape[1] + 1, device=x.device))


NOT_TRAINED = (
    "The table is there, and it is no parameter: no optimizer would get it, so it keeps the random "
    "numbers that it was born with. What makes a table of numbers one that training changes?"
)
NO_GRADIENT = (
    "No gradient reaches the table, so it stays random for ever. Is there a `detach`, a `.data`, a "
    "`no_grad` or a `requires_grad` on its way, and who is to learn it then?"
)
OTHER_NAME = (
    "The module works, and the table is kept under another name. A saved model is a list of names "
    "and numbers, so names count. Which one is asked for, and what is it in?"
)
NUMBERS_AS_IDS = (
    "An embedding looks up rows by whole numbers. What goes in here are the words' own vectors. "
    "Which whole numbers tell where a word stands?"
)
ALONG_THE_BATCH = (
    "All words of a sentence get the same vector, the one of the *sentence's* number in the batch. "
    "Where a word stands is lost. Which axis of x counts places?"
)
Q_ROWS = (
    "What is added to the word at place t, and does it depend on the sentence? Compare the result "
    "minus x for the sentences of the batch."
)


def use_learned(
    answer: Callable[..., nn.Module], sizes: tuple[int, int], x: Tensor
) -> dict[str, Any]:
    """As `use_module`; and which rows of the table would learn from x?"""
    module, seen = build_and_use(answer, sizes, x)
    weight = dict(module.named_parameters()).get("table.weight")
    output, rows = module(x.clone()), list[int]()
    if weight is not None and isinstance(output, Tensor) and output.requires_grad:
        [gradient] = torch.autograd.grad(output.sum(), [weight], allow_unused=True)
        rows = [] if gradient is None else gradient.any(dim=-1).nonzero().flatten().tolist()
    return seen | {"rows of the table that learn": ", ".join(map(str, rows)) or "none"}


LEARNED = Exercise(
    id="4.3",
    title="Learned positions",
    signature="LearnedPositions(max_len, d_model)",
    shapes="x (B, T, D) -> (B, T, D)",
    reference=positions.LearnedPositions,
    use=use_learned,
    input_names=("sizes (max_len, d_model)", "x"),
    probes=(
        Probe(
            "one sentence of three words, room for three",
            _sized(3, 1, 3, 2),
            "Compare yours with what is expected: first the parameters, by name and shape, then "
            "the output. Which is the first that differs?",
        ),
        Probe(
            "two sentences of four words, room for nine",
            _sized(9, 2, 4, 6),
            "The table has nine rows and a sentence four words. Which rows are needed?",
        ),
        Probe("five sentences of two words", _sized(7, 5, 2, 4), Q_ROWS),
        Probe("a sentence of one word", _sized(5, 3, 1, 4), "Which row does the first word get?"),
        Probe(
            DOUBLE,
            _sized(8, 2, 3, 6, dtype=torch.float64),
            "The module was moved to double precision. Which of its tensors did not come along?",
        ),
    ),
    mistakes=(
        Mistake(
            "along the batch",
            _module(lambda self, x: x + self.table.weight[: x.shape[0]][:, None]),
            ALONG_THE_BATCH,
        ),
        Mistake(
            "as many rows as sentences",
            _module(lambda self, x: x + self.table.weight[: x.shape[0]]),
            "You take as many rows of the table as there are *sentences*, and lay them along the "
            "words. That fits only if there are as many of the one as of the other. Which axis of "
            "x counts words?",
        ),
        Mistake(
            "the whole table",
            _module(lambda self, x: x + self.table.weight),
            "You add all rows of the table, and a sentence may be shorter than the longest. How "
            "many rows does this one need?",
        ),
        Mistake(
            "the last row for all",
            _module(_one_for_all),
            "Every word gets the vector of the last place: the table was asked for one row alone. "
            "How do you ask for rows 0, 1, 2, … up to the length?",
        ),
        Mistake(
            "the first row for all",
            _module(lambda self, x: x + _row(self, 0)),
            "Every word gets the vector of place 0, so places cannot be told apart. How do you ask "
            "for rows 0, 1, 2, … up to the length?",
        ),
        Mistake(
            "counted from the end",
            _module(lambda self, x: x + self.table.weight[: x.shape[1]].flip(0)),
            "The last word gets the first vector: places are counted from the end. From which end "
            "does this course count them?",
        ),
        Mistake(
            "the last rows",
            _module(lambda self, x: x + self.table.weight[-x.shape[1] :]),
            "You take the last rows of the table. The first word should always get the same one, "
            "row 0, however long its sentence is. Which slice begins there?",
        ),
        Mistake(
            "places from 1",
            _module(_from_one),
            "The first word gets row 1, and for a sentence of full length there is no row left. "
            "Where does the table begin?",
        ),
        Mistake(
            "vectors as numbers of rows",
            _module(lambda self, x: x + self.table(x)),
            NUMBERS_AS_IDS,
            group="words instead of places",
        ),
        Mistake(
            "rounded vectors as numbers of rows",
            _module(lambda self, x: x + self.table(x.long())),
            NUMBERS_AS_IDS,
            group="words instead of places",
        ),
        Mistake(
            "x lost",
            _module(lambda self, x: self.table.weight[: x.shape[1]].expand_as(x)),
            "Only the positions come back, and the words are gone. What is to be done with both?",
        ),
        Mistake(
            "only the table's rows",
            _module(lambda self, x: self.table.weight[: x.shape[1]]),
            "What comes back are the vectors of the places, without sentences and without words. "
            "What is to be done with them and x?",
        ),
        Mistake(
            "multiplied",
            _module(lambda self, x: x * self.table.weight[: x.shape[1]]),
            "The vectors are multiplied with the words. What does the docstring say to do?",
        ),
        Mistake(
            "words scaled",
            _module(lambda self, x: x * math.sqrt(x.shape[-1]) + self.table.weight[: x.shape[1]]),
            "The words are multiplied by √d first, as Vaswani et al. (2017, section 3.4) do with "
            "their embeddings. That is a step of its own. What does this docstring ask for?",
        ),
        Mistake(
            "side by side",
            _module(
                lambda self, x: torch.cat([x, self.table.weight[: x.shape[1]].expand_as(x)], dim=-1)
            ),
            "Words and places stand side by side, and the vectors are twice as long. The next "
            "layer expects the old length. What keeps it?",
        ),
        Mistake(
            "written into x",
            _module(_in_place),
            "The result is right, and x itself is changed: `+=` writes into the tensor that was "
            "handed over. Which way to write it makes a new one?",
        ),
        Mistake(
            "cut off",
            _module(lambda self, x: x + self.table.weight[: x.shape[1]].detach()),
            NO_GRADIENT,
            group="no gradient",
        ),
        Mistake(
            "row 0 kept for blanks",
            _module(
                lambda self, x: x + self.table(torch.arange(x.shape[1], device=x.device)),
                table=lambda max_len, d_model: nn.Embedding(max_len, d_model, padding_idx=0),
            ),
            "Row 0 never learns: `padding_idx` keeps it for blanks, whose vector stays 0. That is "
            "a thing of tables of words. To which word of a sentence does row 0 belong here?",
        ),
        Mistake("frozen", _module(table=_frozen), NO_GRADIENT, group="no gradient"),
        Mistake("plain tensor", _Plain, NOT_TRAINED, group="not a parameter"),
        Mistake("buffer", _Buffer, NOT_TRAINED, group="not a parameter"),
        Mistake(
            "a new table at every call",
            _Fresh,
            "A new random table is made at every call, and none is kept. Where do things stand "
            "that a module makes once, when it is built?",
        ),
        Mistake(
            "super forgotten",
            _NoInit,
            "A module keeps what is in it in lists, and these do not exist yet. Which call must "
            "come first in `__init__`, before anything is put on `self`?",
        ),
        Mistake(
            "sizes exchanged",
            _module(table=lambda max_len, d_model: nn.Embedding(d_model, max_len)),
            "The table has a row for each feature and a column for each place. `nn.Embedding` "
            "takes two numbers: how many rows, and how long each is. Which is which?",
        ),
        Mistake(
            "a parameter",
            _module(lambda self, x: x + self.table[: x.shape[1]], table=_parameter),
            "An `nn.Parameter` would do, and its name is `table` where the course's is "
            "`table.weight`: a saved model would not fit. What is the table to be kept in?",
        ),
        *(
            Mistake(
                f"named {name}",
                _module(_from(name), name=name),
                OTHER_NAME,
                group="another name",
            )
            for name in ("embedding", "positions", "pos", "pe", "position_embedding")
        ),
    ),
    hints=(
        "`nn.Embedding(max_len, d_model)` is a table with a row for each place. `__init__` makes "
        "it, `forward` takes the rows it needs.",
        "How many rows? As many as x has words: `x.shape[1]`. The table's numbers are "
        "`self.table.weight`, and can be sliced.",
        "The rows have the shape (T, D) and x has (B, T, D): broadcasting gives every sentence the "
        "same rows.",
    ),
)


def add_positions(x: Tensor, table: Tensor) -> Tensor:
    """Add row t of the table to word t of every sentence."""
    return x + table[: x.shape[1]]


ADD = Exercise(
    id="4.7",
    title="Find the bug",
    signature="add_positions(x, table)",
    shapes="x (B, T, D), table (P, D) -> (B, T, D)",
    reference=add_positions,
    library=(positions.SinusoidalPositions, positions.LearnedPositions),
    bug="along the batch",
    probes=(
        Probe(
            "two sentences of three words, by hand",
            given(
                [[[0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0]]],
                [[10.0], [20.0], [30.0], [40.0]],
            ),
            "Both sentences are zeros, so what comes out is what was added. Which number belongs "
            "to the first word of the second sentence?",
        ),
        Probe("three sentences of five words", drawn((3, 5, 4), (7, 4)), Q_ROWS),
        Probe("more sentences than the table has rows", drawn((6, 3, 2), (4, 2)), Q_ROWS),
        Probe("one sentence alone", drawn((1, 4, 6), (5, 6)), Q_ROWS),
        Probe("sentences of one word", drawn((4, 1, 3), (6, 3)), Q_ROWS),
        Probe(
            DOUBLE,
            drawn((2, 3, 4), (5, 4), dtype=torch.float64),
            "In which type are the numbers that you make?",
        ),
    ),
    invariants=(
        Invariant(
            "every sentence of the batch gets the same positions",
            lambda result, x, table: bool(((result - x) - (result - x)[:1]).abs().max() < 1e-4),
        ),
    ),
    mistakes=(
        Mistake(
            "along the batch",
            lambda x, table: x + table[: x.shape[0]][:, None],
            "Row b of the table goes to *all* words of sentence b. Every shape fits, and where a "
            "word stands is lost. Which axis of x counts words?",
        ),
        Mistake(
            "as many rows as sentences",
            lambda x, table: x + table[: x.shape[0]],
            "The extra axis is gone, and the rows lie along the words now. There are still as many "
            "of them as there are *sentences*. How many are needed?",
        ),
        Mistake(
            "extra axis left",
            lambda x, table: x + table[: x.shape[1]][:, None],
            "There are as many rows as words now, and `[:, None]` still lays them along the batch. "
            "What are the shapes of the two things that you add?",
        ),
        Mistake(
            "the whole table",
            lambda x, table: x + table,
            "All rows of the table are added, and a sentence may be shorter than that. How many "
            "rows does this one need?",
        ),
        Mistake(
            "one row too many",
            lambda x, table: x + table[: x.shape[1] + 1],
            "One row too many: a slice up to n leaves n itself out, so nothing has to be added. "
            "How many rows are needed?",
        ),
        Mistake(
            "as many rows as features",
            lambda x, table: x + table[: x.shape[-1]],
            "You take as many rows as a word has *features*. Which of the three axes counts words?",
        ),
        Mistake(
            "words and sentences exchanged",
            lambda x, table: (x + table[: x.shape[0]][:, None]).transpose(0, 1),
            "Turned round at the end, the result has another shape, and the rows were laid along "
            "the batch before that. On which axis should they lie from the beginning?",
        ),
        Mistake(
            "the first row for all",
            lambda x, table: x + table[0],
            "Every word gets row 0. That treats sentences alike, and words too. Which rows are "
            "needed?",
        ),
        Mistake(
            "the last rows",
            lambda x, table: x + table[-x.shape[1] :],
            "You take the last rows of the table. Which row should the first word get?",
        ),
        Mistake(
            "rows from 1",
            lambda x, table: x + table[1 : x.shape[1] + 1],
            "The first word gets row 1. Where does the table begin?",
        ),
        Mistake(
            "cut up another way",
            lambda x, table: (
                x.reshape(x.shape[1], x.shape[0], -1) + table[: x.shape[1]][:, None]
            ).reshape(x.shape),
            "`view` and `reshape` read the numbers in the order in which they lie and cut them up "
            "anew: words of one sentence land in another. They do not exchange axes. Which axis of "
            "x, as it is, counts words?",
        ),
        Mistake(
            "multiplied",
            lambda x, table: x * table[: x.shape[1]],
            "The right rows, and they are multiplied with the words. What does the docstring say "
            "to do?",
        ),
        Mistake(
            "x lost",
            lambda x, table: table[: x.shape[1]].expand_as(x),
            "The rows are right now, and the words are gone. What was done with both before?",
        ),
    ),
    hints=(
        "Give it zeros, for two sentences of three words, and print what comes out. Which words "
        "got the same?",
        "`x.shape[0]` is the number of sentences. Write the shapes of both things that are added "
        "one below the other, aligned at the right: which axis meets which?",
        "A table of shape (T, D) lies along the words by itself: (B, T, D) + (T, D).",
    ),
)
