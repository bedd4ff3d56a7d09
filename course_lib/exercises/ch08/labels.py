"""8.2 smooth_labels: a little probability for every token."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Invariant, Mistake, Probe


def smooth_labels(targets: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    """One-hot rows, of which a share of `smoothing` is given to all tokens alike."""
    return F.one_hot(targets, vocab_size) * (1 - smoothing) + smoothing / vocab_size


def _labels(
    targets: Tensor,
    vocab_size: int,
    smoothing: float,
    keep: bool = False,
    others: int = 0,
    swapped: bool = False,
) -> Tensor:
    """The labels, with the switches of what goes wrong with them."""
    share = 1 - smoothing if swapped else smoothing
    right = 1.0 if keep else 1 - share
    return F.one_hot(targets, vocab_size) * right + share / (vocab_size - others)


def _only_the_others(targets: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    hot = F.one_hot(targets, vocab_size)
    return hot * (1 - smoothing) + (1 - hot) * smoothing / (vocab_size - 1)


def _each_of_the_others(targets: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    hot = F.one_hot(targets, vocab_size)
    return hot * (1 - smoothing) + (1 - hot) * smoothing


def _not_the_right_one(targets: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    hot = F.one_hot(targets, vocab_size)
    return hot * (1 - smoothing) + (1 - hot) * smoothing / vocab_size


def _drawn(shape: tuple[int, ...], vocab_size: int, smoothing: float) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return torch.randint(0, vocab_size, shape, generator=dice), vocab_size, smoothing

    return draw


NOT_SMOOTHED = "These are plain one-hot rows. Where does `smoothing` come in?"

SMOOTH = Exercise(
    id="8.2",
    title="Smooth labels",
    signature="smooth_labels(targets, vocab_size, smoothing)",
    shapes="targets (..., T) -> (..., T, V)",
    reference=smooth_labels,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            lambda dice: (torch.tensor([2, 0]), 4, 0.2),
            "A fifth is to be shared by four tokens, the right one included. What has the right "
            "one in the end, and what has each of the others?",
        ),
        Probe(
            "a batch of two",
            _drawn((2, 3), 5, 0.1),
            "The last axis is the vocabulary. What becomes of the axes before it?",
        ),
        Probe("nothing is smoothed", _drawn((4,), 3, 0.0), "With 0, what should be left?"),
        Probe(
            "half of it is smoothed",
            _drawn((3, 2), 7, 0.5),
            "How much of 1 is to be shared out, and how much stays with the right token?",
        ),
    ),
    invariants=(
        Invariant(
            "each row sums to 1",
            lambda value, *_: bool(((value.sum(-1) - 1).abs() < 1e-5).all()),
        ),
    ),
    mistakes=(
        Mistake(
            "nothing is taken away",
            partial(_labels, keep=True),
            "Every token gets its share, and the right one keeps all that it had: the row sums to "
            "more than 1. Where is the share to come from?",
        ),
        Mistake(
            "shared by one too few",
            partial(_labels, others=1),
            "The share is divided by one token too few, and the right one gets it as well, so the "
            "row sums to more than 1. How many share it?",
        ),
        Mistake(
            "the other way round",
            partial(_labels, swapped=True),
            "The right token gets the small share, and all together get the large one. Which of "
            "the two is `smoothing`?",
        ),
        Mistake(
            "the others alone",
            _only_the_others,
            "The share goes to the *other* tokens only. That is a fair way, too, and not the one "
            "of PyTorch and of the paper: who is among those that share?",
        ),
        Mistake(
            "the whole share for each",
            _each_of_the_others,
            "Every other token gets the whole of `smoothing`. What does the row sum to?",
        ),
        Mistake(
            "the right one gets none of it",
            _not_the_right_one,
            "The others have what they should, and the right one lacks its part of the share. What "
            "does the row sum to?",
        ),
        Mistake(
            "not smoothed",
            lambda targets, vocab_size, smoothing: F.one_hot(targets, vocab_size).float(),
            NOT_SMOOTHED,
            group="not smoothed",
        ),
        Mistake(
            "not smoothed, whole numbers",
            lambda targets, vocab_size, smoothing: F.one_hot(targets, vocab_size),
            NOT_SMOOTHED,
            group="not smoothed",
        ),
        Mistake(
            "all alike",
            lambda targets, vocab_size, smoothing: torch.full(
                (*targets.shape, vocab_size), 1 / vocab_size
            ),
            "All tokens are equally likely, whatever the target. Which one should stand out?",
        ),
        Mistake(
            "not shared out",
            lambda targets, vocab_size, smoothing: F.one_hot(targets, vocab_size) * (1 - smoothing),
            "The right token has given up its share, and nobody has got it. Who should?",
        ),
    ),
    hints=(
        "`F.one_hot(targets, vocab_size)` has a 1 for the right token. How much of it is left, if "
        "a share of `smoothing` is given away?",
        "What is given away is divided by `vocab_size`, and every token gets a part, the right one "
        "as well.",
    ),
)
