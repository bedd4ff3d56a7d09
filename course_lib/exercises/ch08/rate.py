"""8.3 learning_rate: up in a line, down along a cosine."""

import math
from functools import partial

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Mistake, Probe
from course_lib.training import learning_rate as librarys


def learning_rate(step: int, peak: float, warmup: int, steps: int) -> float:
    """The rate of step 1, 2, … `steps`."""
    if step <= warmup:
        return peak * step / warmup
    progress = (step - warmup - 1) / (steps - warmup)
    return peak * (1 + math.cos(math.pi * progress)) / 2


def _rate(
    step: int,
    peak: float,
    warmup: int,
    steps: int,
    late: int = 1,
    from_zero: bool = False,
    of_all: bool = False,
    whole: float = 1.0,
) -> float:
    """The rate, with the switches of what goes wrong with it."""
    if step <= warmup:
        return peak * (step - from_zero) / warmup
    progress = (step - warmup - late) / (steps if of_all else steps - warmup)
    return peak * (1 + math.cos(whole * math.pi * progress)) / 2


def _in_a_line(step: int, peak: float, warmup: int, steps: int) -> float:
    if step <= warmup:
        return peak * step / warmup
    return peak * (1 - (step - warmup - 1) / (steps - warmup))


def _from_the_first_step(step: int, peak: float, warmup: int, steps: int) -> float:
    if step <= warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - 1) / steps)) / 2


def _inverse_root(step: int, peak: float, warmup: int, steps: int) -> float:
    return peak * min(step / max(warmup, 1), math.sqrt(max(warmup, 1) / step))


def _quarter(step: int, peak: float, warmup: int, steps: int) -> float:
    if step <= warmup:
        return peak * step / warmup
    return peak * math.cos(math.pi / 2 * (step - warmup - 1) / (steps - warmup))


def _not_halved(step: int, peak: float, warmup: int, steps: int) -> float:
    if step <= warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup - 1) / (steps - warmup)))


def _curved_warmup(step: int, peak: float, warmup: int, steps: int) -> float:
    if step <= warmup:
        return peak * (1 - math.cos(math.pi * step / warmup)) / 2
    return learning_rate(step, peak, warmup, steps)


RATE = Exercise(
    id="8.3",
    title="The learning rate",
    signature="learning_rate(step, peak, warmup, steps)",
    shapes="step, peak, warmup, steps -> ()",
    reference=learning_rate,
    library=(librarys,),
    smooth=0,
    tolerance=1e-9,
    probes=(
        Probe(
            BY_HAND,
            fixed(2, 8.0, 4, 12),
            "The second of four steps of warm-up, to a peak of 8. How high is half of the way?",
        ),
        Probe(
            "the first step of warm-up",
            fixed(1, 8.0, 4, 12),
            "In a line: which share of the peak has the first of four steps?",
        ),
        Probe("the last step of warm-up", fixed(4, 8.0, 4, 12), "Is the peak reached here?"),
        Probe(
            "the first step after it",
            fixed(5, 8.0, 4, 12),
            "Warm-up is over, and the way down begins: with which rate?",
        ),
        Probe(
            "half of the way down",
            fixed(9, 8.0, 4, 12),
            "Of the eight steps down, four are done. What is the cosine of half of π?",
        ),
        Probe(
            "the last step",
            fixed(12, 8.0, 4, 12),
            "How far along the cosine is the last step, if the one after it would be at 0?",
        ),
        Probe("a step on the way", fixed(31, 0.003, 10, 100), "Count the steps since warm-up."),
        Probe(
            "without warm-up",
            fixed(1, 0.5, 0, 7),
            "With no warm-up, which of the two branches has step 1? What is divided by what?",
        ),
    ),
    mistakes=(
        Mistake(
            "counts from zero",
            partial(_rate, from_zero=True),
            "The first step has the rate 0: it is made for nothing. Do the steps count from 0 "
            "here, or from 1?",
        ),
        Mistake(
            "one step late",
            partial(_rate, late=0),
            "The way down is one step ahead: the first step after warm-up is below the peak "
            "already, and the last is at 0 and made for nothing. How many steps of the way *are "
            "done* at step `warmup + 1`?",
        ),
        Mistake(
            "of all steps",
            partial(_rate, of_all=True),
            "You divide by all steps, and some of them were warm-up, so that the rate never gets "
            "down. How many steps has the way down?",
        ),
        Mistake(
            "a whole wave",
            partial(_rate, whole=2.0),
            "Down, and up again: that is a whole wave of the cosine. Which part of it goes from 1 "
            "to -1?",
        ),
        Mistake(
            "a line",
            _in_a_line,
            "Down in a straight line. Where does the cosine come in?",
        ),
        Mistake(
            "warm-up counted as the way down",
            _from_the_first_step,
            "The cosine begins at step 1, under the warm-up: right after it the rate jumps below "
            "the peak. From which step on should it be counted?",
        ),
        Mistake(
            "inverse root",
            _inverse_root,
            "That is the schedule of Vaswani et al. (2017): down with the root of the step. It is "
            "a good one, and not the one that was asked. Which curve ends at 0?",
        ),
        Mistake(
            "a quarter of a wave",
            _quarter,
            "This goes along the cosine from 1 to 0, a quarter of a wave. Half a wave goes to -1. "
            "What has to be done with it, so that it ends at 0?",
        ),
        Mistake(
            "twice the peak",
            _not_halved,
            "The way down begins at twice the peak: 1 + cos lies between 0 and 2. What brings it "
            "to between 0 and 1?",
        ),
        Mistake(
            "no warm-up",
            lambda step, peak, warmup, steps: (
                peak * (1 + math.cos(math.pi * (step - 1) / steps)) / 2
            ),
            "There is no warm-up in it. What is the rate at step 1?",
        ),
        Mistake(
            "up along a cosine",
            _curved_warmup,
            "The way down is right, and the way up is a cosine, too: it meets the line only in the "
            "middle and at its ends. How does a line go from 0 to the peak?",
        ),
        Mistake(
            "stays at the peak",
            lambda step, peak, warmup, steps: peak * min(1.0, step / warmup) if warmup else peak,
            "After warm-up it stays at the peak. Which way should it go then?",
        ),
    ),
    hints=(
        "Two cases: up to `warmup`, and after it. In the second one, how many steps of the way "
        "down are done, of how many?",
        "`progress` goes from 0 at step `warmup + 1` to just below 1 at the last step; "
        "`(1 + math.cos(math.pi * progress)) / 2` falls from 1 to just above 0.",
    ),
)
