"""4.4 rotate: rotary positions."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib import positions
from course_lib.exercises.ch01.common import BATCH, BY_HAND, DOUBLE, HEADS, Q_BATCH, Q_DOUBLE
from course_lib.exercises.ch04.common import (
    BASE,
    BASE_LOST,
    FAST,
    SLOW,
    UPSIDE_DOWN,
    Exponents,
    double_exponents,
    half_exponents,
    pair_exponents,
    same_everywhere,
    turned_exponents,
)
from course_lib.exercises.probes import Draw, drawn, given
from course_lib.exercises.spec import Exercise, Function, Inputs, Invariant, Mistake, Probe

Turn = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def rotate(x: Tensor, start: int = 0) -> Tensor:
    """Turn each pair of features by its angle at the word's position."""
    return _rotate(x, start)


def _turned(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * cos - b * sin, a * sin + b * cos


def _turned_back(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * cos + b * sin, b * cos - a * sin


def _all_plus(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * cos + b * sin, a * sin + b * cos


def _mirrored(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * cos - b * sin, a * sin - b * cos


def _exchanged(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * sin - b * cos, a * cos + b * sin


def _each_alone(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a * cos, b * sin


def _one_after_the_other(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    a = a * cos - b * sin
    return a, a * sin + b * cos


def _added(a: Tensor, b: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return a + sin, b + cos


def _rotate(
    x: Tensor,
    start: int = 0,
    turn: Turn = _turned,
    exponents: Exponents = pair_exponents,
    base: float = BASE,
    first: int = 0,
    starts: int = 1,
    places: Callable[[Tensor], int] = lambda x: x.shape[-2],
    halves: str = "",
    single: str = "",
) -> Tensor:
    """Rotary positions, with the switches of what goes wrong with them."""
    begin = first + starts * start
    position = torch.arange(begin, begin + places(x), device=x.device, dtype=torch.float64)
    speeds = (base ** -exponents(x.shape[-1])).to(x.device)
    theta = position[:, None] * speeds
    theta = theta.float() if single == "angles" else theta
    cos, sin = theta.cos(), theta.sin()
    if single == "waves":
        cos, sin = cos.float(), sin.float()
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    a, b = x.chunk(2, -1) if "in" in halves else (x[..., 0::2], x[..., 1::2])
    a, b = turn(a, b, cos, sin)
    return torch.cat([a, b], -1) if "out" in halves else torch.stack([a, b], -1).flatten(-2)


def _alone(**switches: Any) -> Function:
    """No `partial`: few people make this mistake together with another."""
    return lambda x, start=0: _rotate(x, start, **switches)


def _along_the_first_axis(x: Tensor, start: int = 0) -> Tensor:
    return _rotate(x.transpose(0, -2), start).transpose(0, -2)


def _along_axis_1(x: Tensor, start: int = 0) -> Tensor:
    return _rotate(x.transpose(1, -2), start).transpose(1, -2)


def _counted_up_to_the_length(x: Tensor, start: int = 0) -> Tensor:
    position = torch.arange(start, x.shape[-2], device=x.device)
    theta = position[:, None] * (BASE ** -pair_exponents(x.shape[-1])).to(x.device)
    pair = _turned(x[..., 0::2], x[..., 1::2], theta.cos().to(x.dtype), theta.sin().to(x.dtype))
    return torch.stack(pair, -1).flatten(-2)


def _moved(*shape: int, start: int, dtype: torch.dtype = torch.float32) -> Draw:
    """A random tensor whose first row stands at `start`."""

    def draw(dice: Generator) -> Inputs:
        return *drawn(shape, dtype=dtype)(dice), start

    return draw


def _same_length(result: Tensor, x: Tensor, start: int = 0) -> bool:
    return bool(((result.norm(dim=-1) - x.norm(dim=-1)).abs() < 1e-3).all())


def _distance_alone(result: Tensor, x: Tensor, start: int = 0) -> bool:
    """For a vector that stands at all places: scores are the same along every diagonal."""
    if x.dim() != 2 or not bool((x == x[:1]).all()):
        return True
    scores = result @ result.mT
    return bool(((scores[1:, 1:] - scores[:-1, :-1]).abs() < 1e-3).all())


Q_START = "The first row of x stands at position `start`. By which angle is it turned?"
STARTS = "The first word of x is always turned as if it stood at position 0. What is `start` for?"

SINGLE = (
    "The angles, or their sines and cosines, are in single precision, and x is in double: seven "
    "digits are right and the others noise. In which `dtype` should they be computed?"
)

ROTATE = Exercise(
    id="4.4",
    title="Rotary positions",
    signature="rotate(x, start=0)",
    shapes="x (..., T, Dh) -> (..., T, Dh)",
    reference=rotate,
    library=(positions.RotaryPositions,),
    probes=(
        Probe(
            BY_HAND,
            given([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
            "One pair. The first row is not turned, the second by 1 radian, the third by 2. Where "
            "does (1, 0) point after a turn by 1?",
        ),
        Probe(
            "five words, three pairs",
            drawn((5, 6)),
            "Three pairs, three speeds. Which two features does each pair have?",
        ),
        Probe(BATCH, drawn((2, 4, 6)), Q_BATCH),
        Probe(HEADS, drawn((2, 3, 5, 8)), Q_BATCH),
        Probe(
            "the same vector at all places",
            same_everywhere(7, 8),
            "Its score with itself, three places on, should be the same everywhere. Is every pair "
            "turned evenly from place to place?",
        ),
        Probe("three words that stand at 4, 5 and 6", _moved(3, 6, start=4), Q_START),
        Probe("one word at position 9", _moved(2, 1, 4, start=9), Q_START),
        Probe(DOUBLE, _moved(3, 4, start=2, dtype=torch.float64), Q_DOUBLE),
    ),
    invariants=(
        Invariant("a turn leaves the length of every vector as it was", _same_length),
        Invariant("a score depends on the distance alone, wherever the two stand", _distance_alone),
    ),
    mistakes=(
        Mistake(
            "turned the other way",
            partial(_rotate, turn=_turned_back),
            "Every pair is turned the other way round. Scores would come out the same, but a saved "
            "model would not fit. After a quarter turn, (1, 0) should be (0, 1). Which sign does "
            "that ask for?",
        ),
        Mistake(
            "without a minus",
            partial(_rotate, turn=_all_plus),
            "Nothing is subtracted, and that is no turn: lengths change. Turn (0, 1) a quarter to "
            "the left, on paper. Where does it point?",
        ),
        Mistake(
            "mirrored",
            _alone(turn=_mirrored),
            "Both lines subtract. At position 0, where nothing should happen, (0, 1) becomes "
            "(0, −1). Which of the two lines has a minus in a turn?",
        ),
        Mistake(
            "sine and cosine exchanged",
            _alone(turn=_exchanged),
            "Sine and cosine have changed places: the word at position 0 is turned by a right "
            "angle, and should stay. What are the sine and the cosine of 0?",
        ),
        Mistake(
            "each feature alone",
            _alone(turn=_each_alone),
            "One feature of a pair is multiplied by the cosine, the other by the sine. In a turn, "
            "each of the two new numbers needs both of the old. What is missing?",
        ),
        Mistake(
            "one after the other",
            _alone(turn=_one_after_the_other),
            "The second line already works with the *new* first number, because the first line has "
            "overwritten the old. How do you keep the old one until both are done?",
        ),
        Mistake(
            "added",
            _alone(turn=_added),
            "The table of 4.1 is added. Rotary positions add nothing: they turn each pair. Which "
            "four products does that take?",
        ),
        Mistake(
            "halves",
            partial(_rotate, halves="in out"),
            "You pair feature i with feature i + Dh/2, as some models do. It is as good, but it is "
            "not compatible: here neighbours are a pair, 0 with 1, 2 with 3. Which slices give "
            "these?",
        ),
        Mistake(
            "halves on the way out",
            partial(_rotate, halves="out"),
            "Pairs are taken apart as neighbours and put together as halves: the numbers are "
            "right and stand in other places. What undoes `x[..., 0::2]` and `x[..., 1::2]`?",
        ),
        Mistake(
            "halves on the way in",
            partial(_rotate, halves="in"),
            "Pairs are taken apart as halves and put together as neighbours: even the word at "
            "position 0 does not stay as it was. Which slices take neighbours apart?",
        ),
        Mistake("start forgotten", partial(_rotate, starts=0), STARTS),
        Mistake(
            "start subtracted",
            _alone(starts=-1),
            "A larger `start` turns backwards. The words stand at start, start + 1, … Where does "
            "your count begin?",
        ),
        Mistake(
            "positions from 1",
            partial(_rotate, first=1),
            "The first word is turned as if it stood at position 1. (Scores would not notice. The "
            "course's models would.) Where does the count begin?",
        ),
        Mistake(
            "one speed for all",
            _alone(exponents=lambda d: torch.zeros(d // 2, dtype=torch.float64)),
            "All pairs turn equally fast, so that after a full turn every pair is back, and far "
            "looks like near. Where do the speeds come in?",
        ),
        Mistake("pair number without the 2", partial(_rotate, exponents=half_exponents), SLOW),
        Mistake("exponent twice as large", _alone(exponents=double_exponents), FAST),
        Mistake("power turned over", _alone(exponents=turned_exponents), UPSIDE_DOWN),
        Mistake("base e", _alone(base=math.e), BASE_LOST),
        Mistake(
            "all words alike",
            _alone(places=lambda x: 1),
            "All words are turned by the same angle, that of the first. What has to have a row for "
            "each place?",
        ),
        Mistake(
            "as many places as sentences",
            _alone(places=lambda x: x.shape[0]),
            "You make as many angles as the *first* axis is long: words in a single table, but "
            "sentences in a batch. Which axis counts words, from the end?",
        ),
        Mistake(
            "along the first axis",
            _along_the_first_axis,
            "Positions run along the first axis: these are the words of a single table, but the "
            "sentences of a batch. Which axis counts words, from the end?",
        ),
        Mistake(
            "along axis 1",
            _along_axis_1,
            "Positions run along axis 1: these are the words of a batch without heads, and nothing "
            "else. Which axis counts words, from the end?",
        ),
        Mistake(
            "angles in single precision",
            _alone(single="angles"),
            SINGLE,
            group="single precision",
        ),
        Mistake(
            "waves in single precision",
            _alone(single="waves"),
            SINGLE,
            group="single precision",
        ),
        Mistake(
            "counted up to T",
            _counted_up_to_the_length,
            "Your places run from `start` up to T. That is T places only if `start` is 0. With T "
            "words, the first of them at `start`, where does the last one stand?",
        ),
    ),
    hints=(
        "Three steps: the angles (T, Dh/2), position times speed, as in the table; the two halves "
        "of each pair, `x[..., 0::2]` and `x[..., 1::2]`; turn.",
        "A turn by θ takes (a, b) to (a · cos θ − b · sin θ, a · sin θ + b · cos θ).",
        "`torch.stack([new_a, new_b], dim=-1).flatten(-2)` puts neighbours together again. "
        "`.to(x)` gives cosines and sines the type and the place of x.",
    ),
)
