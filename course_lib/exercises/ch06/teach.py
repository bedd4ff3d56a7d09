"""6.7, find the bug: the target leaks."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib.exercises.ch06.common import Reader, rows
from course_lib.exercises.ch06.shift import shift_right
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

Model = Callable[[Tensor, Tensor], Tensor]


def _loss(logits: Tensor, answers: Tensor, ignored: int = PAD_ID, smoothing: float = 0.0) -> Tensor:
    return F.cross_entropy(
        logits.flatten(0, 1),
        answers.flatten(),
        ignore_index=ignored,
        label_smoothing=smoothing,
    )


def teach(model: Model, src: Tensor, tgt: Tensor) -> Tensor:
    """Mean cross-entropy of each token of tgt, given src and the tokens before it."""
    return _loss(model(src, shift_right(tgt, BOS_ID)), tgt)


def _reading(read: Callable[[Tensor, Tensor], Tensor]) -> Function:
    """The loss, when the decoder reads something else."""
    return lambda model, src, tgt: _loss(model(src, read(src, tgt)), tgt)


NOTHING_READ = (
    "The answer is hidden now, and with it all words before it: at every place the decoder reads "
    "the same. What may it know when it is to say the third word?"
)


def _pairs(sources: list[list[int]], targets: list[list[int]]) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return Reader(), rows(*sources), rows(*targets)

    return draw


def learn(answer: Function, model: Model, src: Tensor, tgt: Tensor) -> Any:
    """The loss, and whether the model could learn from it."""
    loss = answer(model, src, tgt)
    if not isinstance(loss, Tensor):
        return loss
    return {"loss": loss, "a gradient reaches the model": loss.requires_grad}


def _by_sentence(model: Model, src: Tensor, tgt: Tensor) -> Tensor:
    losses = F.cross_entropy(
        model(src, shift_right(tgt, BOS_ID)).mT, tgt, ignore_index=PAD_ID, reduction="none"
    )
    return (losses.sum(1) / (tgt != PAD_ID).sum(1)).mean()


def _twice_softmax(model: Model, src: Tensor, tgt: Tensor) -> Tensor:
    return _loss(model(src, shift_right(tgt, BOS_ID)).log_softmax(-1).softmax(-1), tgt)


TEACH = Exercise(
    id="6.7",
    title="Find the bug",
    signature="teach(model, src, tgt)",
    shapes="src (B, Tk), tgt (B, T) -> ()",
    reference=teach,
    use=learn,
    bug="not shifted",
    smooth=0,
    probes=(
        Probe(
            "one sentence",
            _pairs([[3, 4, 5]], [[5, 4, 3]]),
            "Write both lines below each other: what the decoder reads, and what it should say. "
            "What does each place know of the words before its own, and does any know its own?",
        ),
        Probe(
            "two sentences, one with padding",
            _pairs([[3, 4, 5, 6], [7]], [[6, 5, 4], [7]]),
            "The first word is to be learned as well, from the start token. And the padding?",
        ),
        Probe(
            "an empty sentence beside two others",
            _pairs([[3, 4, 5, 6, 7], [6], [4, 5]], [[], [6, 6, 7], [5, 4]]),
            "What is the answer to an empty sentence? It should count, too.",
        ),
    ),
    mistakes=(
        Mistake(
            "not shifted",
            lambda model, src, tgt: _loss(model(src, tgt), tgt),
            "At every place the decoder reads the very token that it should say: it needs only to "
            "copy. What should it have read by then?",
        ),
        Mistake(
            "the answers shifted instead",
            lambda model, src, tgt: _loss(model(src, tgt)[:, :-1], tgt[:, 1:]),
            "No place sees its answer any more. But the first word is never asked for, and the "
            "start token never read: how should writing begin?",
        ),
        Mistake(
            "both shifted",
            lambda model, src, tgt: _loss(model(src, shift_right(tgt, BOS_ID))[:, :-1], tgt[:, 1:]),
            "What is read and what is asked are both shifted, so that it should say the word after "
            "next. By how much do they have to differ?",
        ),
        Mistake(
            "rolled",
            lambda model, src, tgt: _loss(model(src, tgt.roll(1, dims=1)), tgt),
            "`roll` brings the last token to the front, where the start token belongs. Will it "
            "stand there when the model writes?",
        ),
        Mistake(
            "starts with the end token",
            lambda model, src, tgt: _loss(model(src, shift_right(tgt, EOS_ID)), tgt),
            "It begins with the end token. Which one will it be given when it writes?",
        ),
        Mistake(
            "starts with padding",
            lambda model, src, tgt: _loss(model(src, shift_right(tgt, PAD_ID)), tgt),
            "It begins with padding. Which token will it be given when it writes?",
        ),
        Mistake(
            "nothing but start tokens",
            _reading(lambda src, tgt: torch.full_like(tgt, BOS_ID)),
            NOTHING_READ,
            group="nothing read",
        ),
        Mistake(
            "nothing but padding",
            _reading(lambda src, tgt: torch.full_like(tgt, PAD_ID)),
            NOTHING_READ,
            group="nothing read",
        ),
        Mistake(
            "shifted twice",
            _reading(lambda src, tgt: shift_right(shift_right(tgt, BOS_ID), BOS_ID)),
            "It is shifted by two, so that the decoder never knows the word right before. By how "
            "much is enough?",
        ),
        Mistake(
            "shifted left",
            _reading(lambda src, tgt: tgt.roll(-1, dims=1)),
            "Each place reads the word *after* the one that it is to say. In which direction does "
            "`shift_right` go?",
        ),
        Mistake(
            "the source shifted",
            lambda model, src, tgt: _loss(model(shift_right(src, BOS_ID), tgt), tgt),
            "The source is shifted, and the target is read as before. Which of the two has the "
            "answer in it?",
        ),
        Mistake(
            "only what is asked is shifted",
            lambda model, src, tgt: _loss(model(src, tgt), shift_right(tgt, BOS_ID)),
            "What is asked is shifted to the right, and what is read stays: it is to say the word "
            "before the one that it reads. Which of the two is to be late?",
        ),
        Mistake(
            "both shifted by one",
            lambda model, src, tgt: _loss(
                model(src, shift_right(tgt, BOS_ID)), shift_right(tgt, BOS_ID)
            ),
            "What is read and what is asked are both shifted, and agree again: it needs only to "
            "copy. Which of the two stays as it was?",
        ),
        Mistake(
            "the last place left out",
            lambda model, src, tgt: _loss(
                model(src, shift_right(tgt, BOS_ID))[:, :-1], tgt[:, :-1]
            ),
            "The shift is right, and the last place is not asked: in the longest sentences that is "
            "the end token. What tells the model that a sentence is over?",
        ),
        Mistake(
            "end tokens ignored for padding",
            lambda model, src, tgt: _loss(model(src, shift_right(tgt, BOS_ID)), tgt, EOS_ID),
            "The end token is ignored in place of the padding. Was `ignore_index` the bug?",
        ),
        Mistake(
            "summed up",
            lambda model, src, tgt: teach(model, src, tgt) * (tgt != PAD_ID).sum(),
            "The shift is right, and the losses are summed up. Which word in the docstring says "
            "what to do with them?",
        ),
        Mistake(
            "padding counts",
            lambda model, src, tgt: _loss(model(src, shift_right(tgt, BOS_ID)), tgt, -100),
            "The shift is right now, and the padding has to be predicted, too. Was "
            "`ignore_index` the bug?",
        ),
        Mistake(
            "the end token does not count",
            lambda model, src, tgt: _loss(
                model(src, shift_right(tgt, BOS_ID)), tgt.masked_fill(tgt == EOS_ID, PAD_ID)
            ),
            "The end token is left out of the loss, so that the model never learns to stop. What "
            "tells it that a sentence is over?",
        ),
        Mistake(
            "smoothed",
            lambda model, src, tgt: _loss(
                model(src, shift_right(tgt, BOS_ID)), tgt, PAD_ID, smoothing=0.1
            ),
            "The shift is right, and the labels are smoothed, which is chapter 8's. Was it asked?",
        ),
        Mistake(
            "mean of means",
            _by_sentence,
            "The shift is right, and each sentence counts the same now, however long. The mean is "
            "over tokens. Why was the loss changed?",
        ),
        Mistake(
            "cut off",
            lambda model, src, tgt: teach(model, src, tgt).detach(),
            "The number is right, and no gradient comes back from it: the model cannot learn. "
            "What cuts it off (`.detach()`, `.item()`, `torch.no_grad()`)?",
        ),
        Mistake(
            "softmax first",
            _twice_softmax,
            "The shift is right. `cross_entropy` takes the softmax itself, and yours comes on "
            "top. What does it want to be given?",
        ),
    ),
    hints=(
        "Print `tgt[0]` and what the model is given for it. Where does the model see the answer?",
        "You wrote the cure in 6.1.",
        "Only what the decoder reads is shifted. What it should say stays as it is.",
    ),
)
