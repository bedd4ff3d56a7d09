"""8.7, predict which loop has which curve, and 8.9, predict a loss and its perplexity."""

import math

from course_lib.clinic import BEDS
from course_lib.exercises.spec import Prediction, WrongValue


def _swapped(one: int, other: int) -> tuple[float, ...]:
    turned = {one: other, other: one}
    return tuple(float(turned.get(patient, patient)) for patient in BEDS.values())


def _beds_of_patients() -> tuple[float, ...]:
    """The other way round: for each patient the number of its curve."""
    curves = list(BEDS.values())
    return tuple(float(curves.index(patient) + 1) for patient in sorted(curves))


def _twice(*values: float) -> bool:
    return len(set(values)) < len(values) and all(1 <= value <= len(BEDS) for value in values)


CLINIC = Prediction(
    id="8.7",
    title="which loop has which curve",
    signature="prediction = (..., ..., ..., ..., ...)",
    names=tuple(f"curve {letter}" for letter in BEDS),
    expected=lambda: tuple(float(patient) for patient in BEDS.values()),
    question="Begin with the curve that is too good, and the one that does not move at all. What "
    "would make a loss that can't get below a floor, or that falls as slowly as if the rate were "
    "tiny?",
    wrong=(
        WrongValue(
            "slow and flat",
            _swapped(1, 4),
            "Two of them are in each other's beds. One of the two falls, slowly; the other does "
            "not fall at all. Which of their loops moves weights that are used?",
        ),
        WrongValue(
            "slow and floored",
            _swapped(1, 3),
            "Two of them are in each other's beds. One of the two stops at a floor, the other is "
            "still on its way, slowly. Which loop has too low a rate all the time?",
        ),
        WrongValue(
            "flat and restless",
            _swapped(4, 5),
            "Two of them are in each other's beds. One of the two stays where it begins, the other "
            "moves, and in the end away from the goal. Which loop goes by gradients of long ago?",
        ),
        WrongValue(
            "too good and floored",
            _swapped(2, 3),
            "Two of them are in each other's beds. One of the two is better than the healthy one, "
            "from the beginning. Which loop has given the answer away?",
        ),
        WrongValue(
            "slow and restless",
            _swapped(1, 5),
            "Two of them are in each other's beds. One of the two falls all the time, and slowly. "
            "Which loop never gets to its full rate?",
        ),
        WrongValue(
            "flat and floored",
            _swapped(3, 4),
            "Two of them are in each other's beds. One of the two learns until it can't get any "
            "lower, the other never learns. Which loop moves weights that are used?",
        ),
        WrongValue(
            "floored and restless",
            _swapped(3, 5),
            "Two of them are in each other's beds. One of the two comes to rest at a floor, the "
            "other never comes to rest. Which loop goes by gradients of long ago?",
        ),
        WrongValue(
            "the curve of each patient",
            _beds_of_patients(),
            "Is that the curve of each patient, patient 1 first? The question is the other way "
            "round: the patient of each curve, curve A first.",
        ),
        WrongValue(
            "one patient twice",
            (1, 1, 2, 3, 4),
            "One patient lies in two beds. Each of the five has one curve. Which of the two fits "
            "better?",
            matches=_twice,
        ),
    ),
    hints=(
        "Read the loops side by side with the healthy one: each does one thing otherwise.",
        "Nothing is ever learned: are the weights that the optimizer moves those of the model that "
        "answers? A floor of about 1.46: that is the least that cross-entropy can be if what it is "
        "given lies between 0 and 1.",
    ),
)

PERPLEXITY = Prediction(
    id="8.9",
    title="loss and perplexity",
    signature="prediction = (..., ...)",
    names=("loss in nats", "perplexity"),
    expected=lambda: (math.log(4), 4.0),
    question="The loss is minus the natural logarithm of the probability of what was right. What "
    "undoes the logarithm?",
    wrong=(
        WrongValue(
            "in bits",
            (2.0, 4.0),
            "The second is right. Two is the loss in *bits*. Which logarithm makes nats?",
        ),
        WrongValue(
            "sign",
            (-math.log(4), 4.0),
            "The second is right. The logarithm of a quarter is below zero. And the loss?",
        ),
        WrongValue(
            "the probability",
            (math.log(4), 0.25),
            "The first is right. A quarter is the probability. The perplexity says among how many "
            "equally likely tokens the model is choosing: which number is that?",
        ),
        WrongValue(
            "the same twice",
            (math.log(4), math.log(4)),
            "The first is right. Perplexity is the loss with its logarithm undone. Which function "
            "does that?",
        ),
        WrongValue(
            "the rest of the probability",
            (0.75, 4.0),
            "The second is right. Is 0.75 what is missing to 1? The loss takes a logarithm: of "
            "what?",
        ),
        WrongValue(
            "the other order",
            (4.0, math.log(4)),
            "Both numbers are right, and stand in each other's place. Which of the two is the "
            "loss?",
        ),
    ),
    hints=(
        "The loss of one token is minus ln of the probability that it was given.",
        "Perplexity is e to the power of the loss.",
    ),
)
