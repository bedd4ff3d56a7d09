"""5.10 predict the size of the stream."""

from course_lib.exercises.spec import Prediction, WrongValue

WRITES = 8  # four layers, two sublayers each


def expected() -> tuple[float, ...]:
    """Pre-norm: the size of the stream; post-norm: by which factor its beginning has shrunk."""
    return (1 + WRITES) ** 0.5, 2 ** (WRITES / 2)


STREAM = Prediction(
    id="5.10",
    title="the size of the stream",
    signature="prediction = (..., ...)",
    names=("pre-norm: size of the stream", "post-norm: how many times smaller the words are"),
    expected=expected,
    question="How many sublayers do four layers have, and what does each do to the *variance*?",
    wrong=(
        WrongValue(
            "variance for size",
            (9, 16),
            "The second is right. 9 is the variance of the stream, and its size is asked. How do "
            "the two hang together?",
        ),
        WrongValue(
            "variances for both",
            (9, 256),
            "These are variances: 1 + 8, and 2 · 2 · … · 2. Sizes are asked. How do the two hang "
            "together?",
        ),
        WrongValue(
            "variance for the factor",
            (3, 256),
            "The first is right. 256 is the factor by which the *variance* shrinks. And the "
            "numbers themselves?",
        ),
        WrongValue(
            "one sublayer a layer",
            (5**0.5, 4),
            "You counted one sublayer for each layer. What else writes into the stream?",
        ),
        WrongValue(
            "one sublayer a layer, the first",
            (5**0.5, 16),
            "The second is right. For the first you counted one sublayer for each layer. What else "
            "writes into the stream?",
        ),
        WrongValue(
            "one sublayer a layer, the second",
            (3, 4),
            "The first is right. For the second you counted one norm for each layer. How many are "
            "there in a post-norm layer?",
        ),
        WrongValue(
            "the words forgotten",
            (8**0.5, 16),
            "The second is right. √8 is the size of what the sublayers wrote. What was in the "
            "stream before?",
        ),
        WrongValue(
            "never grows",
            (1, 16),
            "The second is right. In pre-norm, though, nothing norms the stream itself. What "
            "happens to the variance of a sum?",
        ),
        WrongValue(
            "never shrinks",
            (3, 1),
            "The first is right. In post-norm the stream keeps its size of 1, but the words are "
            "only a part of it, and every norm divides all parts. By how much?",
        ),
        WrongValue(
            "shares of pre-norm",
            (3, 3),
            "The first is right. 3 is how much smaller the words are than the *pre-norm* stream. "
            "In post-norm each norm divides, one after the other. By how much each?",
        ),
        WrongValue(
            "halved each time",
            (3, 8),
            "The first is right. For the second: each norm divides by the size of a sum of two "
            "things of size 1. Which size is that, and how often is it divided by?",
        ),
        WrongValue(
            "a share for the factor",
            (3, 1 / 16),
            "The first is right, and so is your second, turned round: 1/16 is how large the words "
            "are. How many times *smaller* have they become?",
        ),
        WrongValue(
            "the other order",
            (16, 3),
            "Both numbers are right, and stand in each other's place. Which comes first?",
        ),
    ),
    hints=(
        "Independent things of variance 1: their sum has a variance of 2, or 3, or … The size is "
        "the root of the variance.",
        "Four layers have eight sublayers. Pre-norm: 1 + 8 under a root. Post-norm: each norm "
        "divides by √2, eight times.",
    ),
)
