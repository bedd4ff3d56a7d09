"""4.1 sinusoidal_table and 4.2 shift_matrix."""

import math
from functools import partial

import torch
from torch import Tensor

from course_lib import positions
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch04.common import (
    BASE,
    BASE_LOST,
    FAST,
    OWN_PRECISION,
    OWN_WAVES,
    SLOW,
    UPSIDE_DOWN,
    Exponents,
    double_exponents,
    half_exponents,
    pair_exponents,
    turned_exponents,
)
from course_lib.exercises.probes import given
from course_lib.exercises.spec import Exercise, Invariant, Mistake, Probe

BATCH_AXIS = (
    "The table has an axis of size 1 for a batch, as some published code has it. Here a table is "
    "asked, and broadcasting puts that axis there by itself. Which shape has a table?"
)


def _table(
    num_positions: int,
    d_model: int,
    exponents: Exponents = pair_exponents,
    base: float = BASE,
    first: int = 0,
    step: float = 1.0,
    order: str = "sin cos",
    halves: bool = False,
    double: bool = False,
) -> Tensor:
    """The table, with the switches of what goes wrong with it."""
    places = torch.arange(first, first + num_positions, dtype=torch.float64) * step
    theta = torch.outer(places, base ** -exponents(d_model))
    waves = [theta.sin() if name == "sin" else theta.cos() for name in order.split()]
    table = torch.cat(waves, -1) if halves else torch.stack(waves, -1).flatten(-2)
    return table if double else table.float()


def _own_waves(num_positions: int, d_model: int, factor: float = 1.0) -> Tensor:
    """A wave of its own for each feature j: base^(-factor · j / d)."""
    speeds = BASE ** (-factor * torch.arange(d_model, dtype=torch.float64) / d_model)
    theta = torch.outer(torch.arange(num_positions, dtype=torch.float64), speeds)
    even = torch.arange(d_model) % 2 == 0
    return torch.where(even, theta.sin(), theta.cos()).float()


def _turned_and_coarse(num_positions: int, d_model: int) -> Tensor:
    """Angles this large have few digits left after the point in single precision."""
    speeds = BASE ** (torch.arange(0, d_model, 2).float() / d_model)
    theta = torch.arange(num_positions).float()[:, None] * speeds
    return torch.stack([theta.sin(), theta.cos()], -1).flatten(-2)


def _to_the_very_end(num_positions: int, d_model: int) -> Tensor:
    return _table(num_positions, d_model, lambda d: pair_exponents(d) * d / max(d - 2, 1))


def _no_positions(num_positions: int, d_model: int) -> Tensor:
    return _table(1, d_model, first=1).expand(num_positions, d_model).clone()


TABLE = Exercise(
    id="4.1",
    title="The sinusoidal table",
    signature="sinusoidal_table(num_positions, d_model)",
    shapes="num_positions, d_model -> (T, D)",
    reference=positions.sinusoidal_table,
    library=(positions.SinusoidalPositions,),
    probes=(
        Probe(
            BY_HAND,
            given(more=(3, 2)),
            "One pair, one angle: 0, 1 and 2 radians. What are its sine and its cosine at 0?",
        ),
        Probe(
            "five positions, six features",
            given(more=(5, 6)),
            "Write the angle of every pair at position 1. There are three of them. Which features "
            "does each of them fill, and with what?",
        ),
        Probe(
            "more features than positions",
            given(more=(4, 10)),
            "Which of the two numbers counts the rows, and which sets the speeds?",
        ),
        Probe("sixty positions", given(more=(60, 8)), "How fast does the slowest pair turn?"),
        Probe("a single position", given(more=(1, 4)), "Which position is that?"),
    ),
    invariants=(
        Invariant(
            "two neighbours are a point on the unit circle: their squares sum to 1",
            lambda table, *sizes: bool(
                ((table[:, 0::2] ** 2 + table[:, 1::2] ** 2 - 1).abs() < 1e-3).all()
            ),
        ),
        Invariant(
            "position 0 has all angles at 0: its row is 0, 1, 0, 1, …",
            lambda table, *sizes: bool(
                (table[0, 0::2].abs() < 1e-3).all() and (table[0, 1::2] > 0.999).all()
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "halves side by side",
            partial(_table, halves=True),
            "All sines come first and all cosines after them. A model could work with that, but it "
            "is another table, and a saved model would not fit. Which two features belong to pair "
            "1?",
        ),
        Mistake(
            "cosine first",
            partial(_table, order="cos sin"),
            "Sine and cosine have changed places. What should stand in feature 0 at position 0, "
            "where all angles are 0?",
        ),
        Mistake(
            "sines alone",
            partial(_table, order="sin sin"),
            "Both features of a pair are sines, the same number twice. One number cannot tell "
            "where on a circle a hand points. What is its other coordinate?",
        ),
        Mistake(
            "a wave for each feature",
            _own_waves,
            OWN_WAVES,
        ),
        Mistake(
            "a wave for each feature, twice as steep",
            partial(_own_waves, factor=2.0),
            "Every feature has a speed of its own, and the 2 of the formula is applied to the "
            "number of the *feature*. It belongs to the number of the *pair*. Which pair do "
            "features 2 and 3 make?",
        ),
        Mistake(
            "pair number without the 2",
            partial(_table, exponents=half_exponents),
            SLOW,
        ),
        Mistake(
            "exponent twice as large",
            partial(_table, exponents=double_exponents),
            FAST,
        ),
        Mistake(
            "power turned over",
            partial(_table, exponents=turned_exponents),
            UPSIDE_DOWN,
            group="power turned over",
        ),
        Mistake(
            "power turned over, in single precision",
            _turned_and_coarse,
            UPSIDE_DOWN,
            group="power turned over",
        ),
        Mistake(
            "pairs from 1",
            partial(_table, exponents=lambda d: pair_exponents(d) + 2 / d),
            "Even the first pair is slow: pairs are counted from 1 here. With i = 0 the power is "
            "1, one radian a place. Which `i` has your first pair?",
        ),
        Mistake(
            "degrees",
            partial(_table, step=math.pi / 180),
            "All angles are 57 times too small: degrees were made radians, and they are radians "
            "already. In which unit does `sin` take its angle?",
        ),
        Mistake(
            "to the very end",
            _to_the_very_end,
            "The slowest pair turns by exactly 1/10,000 a step: some libraries divide by one pair "
            "less. What does the formula here divide by, for d = 6?",
        ),
        Mistake(
            "base 1,000",
            partial(_table, base=1000.0),
            "The waves slow down to a thousandth only. How many zeros has the base?",
        ),
        Mistake("base e", partial(_table, base=math.e), BASE_LOST),
        Mistake(
            "divided by the number of positions",
            lambda num_positions, d_model: _table(
                num_positions, d_model, lambda d: pair_exponents(d) * d / num_positions
            ),
            "The speeds depend on how many positions are asked for, so that row 3 would be another "
            "one in a longer table. Which of the two sizes stands below 2i?",
        ),
        Mistake(
            "positions from 1",
            partial(_table, first=1),
            "The first row belongs to position 1 here. All angles of the first word should be 0. "
            "Where does `arange` begin?",
        ),
        Mistake(
            "no positions",
            _no_positions,
            "All rows are alike: the speeds are there, and nothing multiplies them. What makes row "
            "5 another row than row 4?",
        ),
        Mistake(
            "full turns",
            partial(_table, step=2 * math.pi),
            "A factor of 2π has come in, and the fastest pair makes a full turn at each step: it "
            "always points the same way. In which unit does `sin` take its angle?",
        ),
        Mistake(
            "transposed",
            lambda num_positions, d_model: _table(num_positions, d_model).T,
            "There is a column for each position. A table that is to be added to words needs a row "
            "for each. Which of the two comes first in your product?",
        ),
        Mistake(
            "a batch axis in front",
            lambda num_positions, d_model: _table(num_positions, d_model)[None],
            BATCH_AXIS,
            group="a batch axis",
        ),
        Mistake(
            "a batch axis in the middle",
            lambda num_positions, d_model: _table(num_positions, d_model)[:, None],
            BATCH_AXIS,
            group="a batch axis",
        ),
        Mistake("double precision", partial(_table, double=True), OWN_PRECISION),
    ),
    hints=(
        "First the angles, as a table with a row for each position and a column for each *pair*: "
        "position times speed. The speeds are 10,000 to the power of −2i/d, for i = 0, 1, 2, …",
        "`torch.arange(0, d_model, 2)` are the numbers 2i. An empty table `torch.zeros(T, D)` can "
        "be filled every other column at a time: `table[:, 0::2] = …`.",
        "With `angles = positions[:, None] * speeds`, the even columns are `angles.sin()` and the "
        "odd ones `angles.cos()`.",
    ),
)


def shift_matrix(k: int, d_model: int) -> Tensor:
    """The matrix that takes row t of the sinusoidal table to row t + k."""
    return _matrix(k, d_model)


def _matrix(
    k: int,
    d_model: int,
    block: str = "c s / -s c",
    exponents: Exponents = pair_exponents,
    base: float = BASE,
    double: bool = False,
) -> Tensor:
    """A block for each pair of features, with the switches of what goes wrong with them."""
    blocks = []
    for speed in (base ** -exponents(d_model)).tolist():
        c, s = math.cos(k * speed), math.sin(k * speed)
        cells = {"c": c, "s": s, "-s": -s, "-c": -c, "0": 0.0}
        rows = [[cells[cell] for cell in row.split()] for row in block.split("/")]
        blocks.append(torch.tensor(rows, dtype=torch.float64))
    matrix = torch.block_diag(*blocks)
    return matrix if double else matrix.float()


def _one_block_only(k: int, d_model: int) -> Tensor:
    matrix = torch.eye(d_model)
    matrix[:2, :2] = _matrix(k, 2)
    return matrix


def _halves(k: int, d_model: int) -> Tensor:
    order = torch.arange(d_model).view(-1, 2).T.flatten()
    return _matrix(k, d_model)[order][:, order]


def _blocks(k: int, d_model: int) -> Tensor:
    return torch.stack([_matrix(k, d_model)[i : i + 2, i : i + 2] for i in range(0, d_model, 2)])


def _overlapping(k: int, d_model: int) -> Tensor:
    matrix = torch.zeros(d_model, d_model)
    for i, speed in enumerate((BASE ** -pair_exponents(d_model)).tolist()):
        sin, cos = math.sin(k * speed), math.cos(k * speed)
        matrix[i, i] = matrix[i + 1, i + 1] = cos
        matrix[i, i + 1], matrix[i + 1, i] = sin, -sin
    return matrix


def _moves_rows(matrix: Tensor, k: int, d_model: int) -> bool:
    matrix, start = matrix.float(), max(0, -k)
    table = positions.sinusoidal_table(start + abs(k) + 4, d_model)
    here, there = table[start : start + 3], table[start + k : start + k + 3]
    return bool(((here @ matrix.T - there).abs() < 1e-3).all())


SHIFT = Exercise(
    id="4.2",
    title="A shift is a rotation",
    signature="shift_matrix(k, d_model)",
    shapes="k, d_model -> (D, D)",
    reference=shift_matrix,
    probes=(
        Probe(
            BY_HAND,
            given(more=(1, 2)),
            "Take (0, 1), the row of position 0. What has the matrix to make of it?",
        ),
        Probe(
            "three steps, six features",
            given(more=(3, 6)),
            "Three pairs, three blocks, three angles. By how much has each pair turned after k "
            "steps?",
        ),
        Probe("no step", given(more=(0, 4)), "Which matrix leaves everything as it is?"),
        Probe(
            "two steps back",
            given(more=(-2, 8)),
            "With k below 0 the matrix goes back. What is the sine of a negative angle?",
        ),
        Probe("twenty steps", given(more=(20, 10)), "Which of the pairs has turned least?"),
    ),
    invariants=(
        Invariant(
            "it takes row t of the table to row t + k",
            _moves_rows,
        ),
        Invariant(
            "it turns and does not stretch: matrix times its transpose is the identity",
            lambda matrix, k, d_model: bool(
                ((matrix @ matrix.T).float() - torch.eye(d_model)).abs().max() < 1e-3
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "turned back",
            partial(_matrix, block="c -s / s c"),
            "It takes row t to row t − k. A pair stands in the table as (sine, cosine), not as "
            "(cosine, sine), and the matrix stands on the left: `M @ row`. Which of the two sines "
            "is then to be negative?",
        ),
        Mistake(
            "without a minus",
            partial(_matrix, block="c s / s c"),
            "Both sines are positive. In which of the two lines, sin(a + b) and cos(a + b), is "
            "something subtracted?",
        ),
        Mistake(
            "minus at the cosine",
            partial(_matrix, block="c s / s -c"),
            "This is a mirror, not a turn: used twice, it leaves everything as it was. Which of "
            "the four numbers of a block should be negative?",
        ),
        Mistake(
            "sine and cosine exchanged",
            partial(_matrix, block="s c / -c s"),
            "For k = 0 your matrix turns by a right angle, and it should do nothing. What are the "
            "sine and the cosine of 0, and where should the ones stand?",
        ),
        Mistake(
            "diagonal alone",
            partial(_matrix, block="c 0 / 0 c"),
            "Only the diagonal is filled: every feature for itself, and all become smaller. How "
            "much of the *cosine* goes into the new sine?",
        ),
        Mistake(
            "one speed for all",
            partial(_matrix, exponents=lambda d: torch.zeros(d // 2, dtype=torch.float64)),
            "All pairs turn by k radians. In the table, each pair has a speed of its own. Which?",
        ),
        Mistake(
            "one block only",
            _one_block_only,
            "The first pair is turned and all others stay where they are. How many blocks are "
            "there?",
        ),
        Mistake(
            "halves",
            _halves,
            "The blocks join feature i with feature i + d/2. In this table a sine and its cosine "
            "are neighbours. Which rows and columns does pair i have?",
        ),
        Mistake(
            "blocks not put together",
            _blocks,
            "The blocks are right, and lie in a stack. One matrix is asked, with the blocks along "
            "its diagonal and zeros elsewhere. Which function of PyTorch does that?",
        ),
        Mistake(
            "blocks that overlap",
            _overlapping,
            "Block i begins in row i, so that blocks lie upon each other and the last rows stay "
            "empty. Each block takes two rows. Where does block 1 begin?",
        ),
        Mistake(
            "rolled",
            lambda k, d_model: torch.eye(d_model).roll(k, 0),
            "This moves features to other places. They are to stay where they are, and turn. What "
            "changes in a row of the table when its position grows by k?",
        ),
        Mistake(
            "always one step",
            lambda k, d_model: _matrix(1, d_model),
            "The matrix goes one step, whatever k is. What does k multiply?",
        ),
        Mistake(
            "one step too many",
            lambda k, d_model: _matrix(k + 1, d_model),
            "The matrix goes one step further than it should: for k = 0 it moves on by one. What "
            "is added to k in your code?",
        ),
        Mistake(
            "speeds turned round",
            partial(_matrix, exponents=lambda d: pair_exponents(d).flip(0)),
            "The first pair turns slowly and the last fast. In the table it is the other way "
            "round. In which order do the speeds come?",
        ),
        Mistake(
            "powers of the speeds",
            lambda k, d_model: _matrix(1, d_model, exponents=lambda d: k * pair_exponents(d)),
            "The speeds are raised to the power of k. Three steps at a speed are three times one "
            "step. Which operation is that?",
        ),
        Mistake(
            "always forwards",
            lambda k, d_model: _matrix(abs(k), d_model),
            "A negative k should go back, and yours goes forwards. Where does the sign get lost?",
        ),
        Mistake("pair number without the 2", partial(_matrix, exponents=half_exponents), SLOW),
        Mistake("exponent twice as large", partial(_matrix, exponents=double_exponents), FAST),
        Mistake("power turned over", partial(_matrix, exponents=turned_exponents), UPSIDE_DOWN),
        Mistake("base e", partial(_matrix, base=math.e), BASE_LOST),
        Mistake("double precision", partial(_matrix, double=True), OWN_PRECISION),
    ),
    hints=(
        "Take one pair and one angle b = k · speed. Then (sin(a + b), cos(a + b)) has to come out "
        "of (sin a, cos a): which four numbers, made of sin b and cos b, do it?",
        "sin(a + b) = sin a · cos b + cos a · sin b and cos(a + b) = −sin a · sin b + cos a · "
        "cos b. Each line is a row of the block.",
        "A block [[cos, sin], [−sin, cos]] of k · speed for each speed in "
        "`inverse_frequencies(d_model)`; `torch.block_diag(*blocks)` puts them together.",
    ),
)
