"""6.1 shift_right."""

import torch
from torch import Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import given
from course_lib.exercises.spec import Exercise, Mistake, Probe


def shift_right(tgt: Tensor, bos_id: int) -> Tensor:
    """The start token, then all of tgt but its last column."""
    return torch.cat([torch.full_like(tgt[:, :1], bos_id), tgt[:, :-1]], dim=1)


def _start(tgt: Tensor, bos_id: int) -> Tensor:
    return torch.full_like(tgt[:, :1], bos_id)


SHIFT = Exercise(
    id="6.1",
    title="Shift right",
    signature="shift_right(tgt, bos_id)",
    shapes="tgt (B, T), bos_id -> (B, T)",
    reference=shift_right,
    probes=(
        Probe(
            BY_HAND,
            given([[4, 1, 3, 2]], more=(9,)),
            "At the first place stands the start token. What stands at the second?",
        ),
        Probe(
            "two sentences, one with padding",
            given([[7, 5, 6, 2], [8, 2, 0, 0]], more=(1,)),
            "What has each place of the answer to its left?",
        ),
        Probe(
            "three sentences of one token",
            given([[2], [5], [4]], more=(3,)),
            "There is one place, and nothing was said before. What does the decoder read?",
        ),
    ),
    mistakes=(
        Mistake(
            "rolled",
            lambda tgt, bos_id: tgt.roll(1, dims=1),
            "`roll` brings the last token round to the front, where the start token belongs. What "
            "should the decoder know when it has not said anything?",
        ),
        Mistake(
            "shifted left",
            lambda tgt, bos_id: torch.cat([tgt[:, 1:], _start(tgt, bos_id)], 1),
            "Each place now holds the word *after* it, which is worse than the word itself. In "
            "which direction should the words move?",
        ),
        Mistake(
            "the last one kept",
            lambda tgt, bos_id: torch.cat([_start(tgt, bos_id), tgt], 1),
            "There is one token more than before. For each place of the answer, one place is "
            "read. Which token has nothing left to predict?",
        ),
        Mistake(
            "the first one written over",
            lambda tgt, bos_id: torch.cat([_start(tgt, bos_id), tgt[:, 1:]], 1),
            "The start token has taken the first word's place, and all others stay where they "
            "were: each still sees itself. What has to move?",
        ),
        Mistake(
            "not shifted",
            lambda tgt, bos_id: tgt.clone(),
            "Each place holds the very word that it is to predict. What stands at the first place "
            "before anything is said?",
        ),
        Mistake(
            "filled with zeros",
            lambda tgt, bos_id: torch.cat([torch.zeros_like(tgt[:, :1]), tgt[:, :-1]], 1),
            "The first place holds a 0, which is the padding. Which token says that a sentence "
            "begins?",
        ),
        Mistake(
            "along the batch",
            lambda tgt, bos_id: torch.cat([torch.full_like(tgt[:1], bos_id), tgt[:-1]], 0),
            "The sentences have moved down by one, each in the next one's place. Along which axis "
            "do the words of a sentence stand?",
        ),
        Mistake(
            "floats",
            lambda tgt, bos_id: torch.cat(
                [torch.full((len(tgt), 1), float(bos_id)), tgt[:, :-1]], 1
            ),
            "The token ids have become floats, and an embedding looks up whole numbers only. "
            "Which `dtype` does the new column have?",
        ),
        Mistake(
            "the start token is always 1",
            lambda tgt, bos_id: torch.cat([torch.ones_like(tgt[:, :1]), tgt[:, :-1]], 1),
            "You put a 1 in front. Which token begins a sentence is told by the caller. Where?",
        ),
        Mistake(
            "written over while it is read",
            lambda tgt, bos_id: torch.cat(
                [_start(tgt, bos_id), tgt[:, :1].expand(-1, tgt.shape[1] - 1)], 1
            ),
            "The first word has been copied on and on: each step reads what the step before has "
            "written. From which end do you have to go, or from which copy to read?",
        ),
        Mistake(
            "the start token at the end",
            lambda tgt, bos_id: torch.cat([tgt[:, :-1], _start(tgt, bos_id)], 1),
            "The start token stands at the end, in the last one's place. Where does the decoder "
            "begin to read?",
        ),
    ),
    hints=(
        "Write the answer 4 1 3 on paper, and below each token what the decoder has said before "
        "it. The two lines differ by one step.",
        "A column with the start token, `torch.full_like(tgt[:, :1], bos_id)`, then all columns "
        "of `tgt` but the last.",
        "`torch.cat([…, …], dim=1)` puts them side by side.",
    ),
)
