"""7.5 pad."""

import torch
from torch import Tensor

from course_lib.batching import pad as library_pad
from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch07.common import fixed
from course_lib.exercises.spec import Exercise, Mistake, Probe

Sequences = list[list[int]]


def pad(sequences: Sequences, pad_id: int) -> Tensor:
    """Rows of one length, filled up on the right."""
    longest = max(map(len, sequences))
    return torch.tensor([[*s, *[pad_id] * (longest - len(s))] for s in sequences])


def _padded(
    sequences: Sequences,
    pad_id: int,
    length: int | None = None,
    left: bool = False,
    repeat: bool = False,
) -> Tensor:
    """Rows of one length, with the switches of what goes wrong with it."""
    size = max(map(len, sequences)) if length is None else length
    rows = []
    for s in sequences:
        fill = [s[-1] if repeat and s else pad_id] * max(0, size - len(s))
        rows.append([*fill, *s][:size] if left else [*s, *fill][:size])
    return torch.tensor(rows)


PAD = Exercise(
    id="7.5",
    title="Pad",
    signature="pad(sequences, pad_id)",
    shapes="sequences, pad_id -> (B, T)",
    reference=pad,
    library=(library_pad,),
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            fixed([[5, 6, 7], [8]], 0),
            "The longest has three tokens. What stands behind the 8?",
        ),
        Probe(
            "padding has the number 9, and the longest comes second",
            fixed([[5, 6], [7, 8, 3, 2], [4]], 9),
            "How long is the longest, and which number fills the others up?",
        ),
        Probe(
            "sequences of one length",
            fixed([[5, 6], [7, 8], [4, 0]], 1),
            "Is there anything to fill up?",
        ),
        Probe("an empty sequence", fixed([[], [3, 4]], 2), "What is a row of nothing but padding?"),
    ),
    mistakes=(
        Mistake(
            "on the left",
            lambda sequences, pad_id: _padded(sequences, pad_id, left=True),
            "The padding stands on the left. In this course it is on the right, where the causal "
            "mask hides it from every real token. At which end do you add it?",
        ),
        Mistake(
            "always 0",
            lambda sequences, pad_id: _padded(sequences, 0),
            "You fill up with 0. Which number is the padding's here?",
        ),
        Mistake(
            "cut to the shortest",
            lambda sequences, pad_id: _padded(sequences, pad_id, length=min(map(len, sequences))),
            "All are cut to the shortest: words are lost. Which of them should decide the length?",
        ),
        Mistake(
            "as long as the first",
            lambda sequences, pad_id: _padded(sequences, pad_id, length=len(sequences[0])),
            "The first sequence decides the length, so that longer ones are cut. Which one should "
            "decide?",
        ),
        Mistake(
            "one too long",
            lambda sequences, pad_id: _padded(
                sequences, pad_id, length=max(map(len, sequences)) + 1
            ),
            "Every row has one cell of padding too many, and each cell costs time. How long is the "
            "longest?",
        ),
        Mistake(
            "the last token repeated",
            lambda sequences, pad_id: _padded(sequences, pad_id, repeat=True),
            "You repeat the last token, and the model cannot tell that from a real one. What is "
            "`pad_id` for?",
        ),
        Mistake(
            "a column for each sequence",
            lambda sequences, pad_id: pad(sequences, pad_id).T,
            "Sequences stand in columns: this is (T, B). Batch first, in this course. Which axis "
            "is which?",
        ),
        Mistake(
            "floats",
            lambda sequences, pad_id: pad(sequences, pad_id).float(),
            "The ids have become floats, and an embedding looks up whole numbers only. Which "
            "`dtype` do they need?",
        ),
        Mistake(
            "floats from an empty list",
            lambda sequences, pad_id: (
                pad(sequences, pad_id) if all(sequences) else pad(sequences, pad_id).float()
            ),
            "`torch.tensor([])` cannot know that whole numbers are meant, and makes a float. It "
            "takes a `dtype`: which one do ids have?",
        ),
        Mistake(
            "sorted by length",
            lambda sequences, pad_id: pad(sorted(sequences, key=len), pad_id),
            "The sequences stand in another order than they came, and no longer beside their "
            "partners in other lists. Who asked for an order?",
        ),
    ),
    hints=(
        "First find the longest. Then every row is its sequence, and as many times `pad_id` as it "
        "lacks.",
        "`[*s, *[pad_id] * missing]` is a row. `torch.tensor` of the list of rows is the batch.",
    ),
)
