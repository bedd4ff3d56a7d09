"""8.1 sequence_loss: cross-entropy over the tokens that are not padding."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe
from course_lib.training import sequence_loss as librarys

PAD = 0


def sequence_loss(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """Mean of minus the log-probability of each target that is not padding."""
    log_probs = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    return -log_probs[targets != pad_id].mean()


def _loss(
    logits: Tensor,
    targets: Tensor,
    pad_id: int,
    padding: bool = False,
    summed: bool = False,
    positive: bool = False,
    base: float = 1.0,
) -> Tensor:
    """The loss, with the switches of what goes wrong with it."""
    picked = logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0] / base
    picked = picked if padding else picked[targets != pad_id]
    total = picked.sum() if summed else picked.mean()
    return total if positive else -total


def _over_all_places(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    real = targets != pad_id
    return sequence_loss(logits, targets, pad_id) * real.sum() / real.numel()


def _by_sentence(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    return torch.stack(
        [sequence_loss(x, t, pad_id) for x, t in zip(logits, targets, strict=True)]
    ).mean()


def _by_batch_size(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    return _loss(logits, targets, pad_id, summed=True) / len(targets)


def _of_probabilities(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    return sequence_loss(logits.softmax(dim=-1), targets, pad_id)


def _not_logged(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    picked = logits.softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    return -picked[targets != pad_id].mean()


def _raw(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    picked = logits.gather(-1, targets[..., None])[..., 0]
    return -picked[targets != pad_id].mean()


def _over_places(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    picked = logits.log_softmax(dim=-2).gather(-1, targets[..., None])[..., 0]
    return -picked[targets != pad_id].mean()


def _log_of_softmax(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    picked = logits.softmax(dim=-1).log().gather(-1, targets[..., None])[..., 0]
    return -picked[targets != pad_id].mean()


def _log_of_mean(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    picked = logits.softmax(dim=-1).gather(-1, targets[..., None])[..., 0]
    return -picked[targets != pad_id].mean().log()


def _batches(rows: list[list[int]], vocab_size: int, scale: float = 1.0, pad: int = PAD) -> Draw:
    def draw(dice: Generator) -> Inputs:
        longest = max(map(len, rows))
        targets = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
        logits = torch.randn((*targets.shape, vocab_size), generator=dice).round(decimals=1)
        return logits * scale, targets, pad

    return draw


LOSS = Exercise(
    id="8.1",
    title="The loss of a sequence",
    signature="sequence_loss(logits, targets, pad_id)",
    shapes="logits (B, T, V), targets (B, T) -> ()",
    reference=sequence_loss,
    library=(librarys,),
    forbidden={"F.cross_entropy": F.cross_entropy, "F.nll_loss": F.nll_loss},
    probes=(
        Probe(
            BY_HAND,
            lambda dice: (
                torch.tensor([[[0.25, 0.5, 0.25], [0.2, 0.2, 0.6]]]).log(),
                torch.tensor([[1, 2]]),
                PAD,
            ),
            "The two right tokens have the probabilities 0.5 and 0.6. What are minus their "
            "logarithms, and the mean of the two?",
        ),
        Probe(
            "three sentences, two of them with padding",
            _batches([[3, 1, 4, 2], [5], [6, 2]], 7),
            "How many tokens are to be predicted here, and how many cells has the rectangle?",
        ),
        Probe(
            "padding under another number",
            _batches([[3, 1, 0, 5, 1], [4, 2]], 6, pad=5),
            "Which id is padding here? Does your code ask?",
        ),
        Probe(
            "a model that is very sure, and wrong",
            _batches([[3, 1, 4, 2, 6], [5, 1, 2]], 8, scale=100.0),
            "What is the logarithm of a probability that has been rounded to zero?",
        ),
    ),
    mistakes=(
        Mistake(
            "padding counted",
            partial(_loss, padding=True),
            "The padding has to be predicted, too, and counts in the mean. A model learns to say "
            "nothing but padding then. Which places should be left out?",
        ),
        Mistake(
            "summed up",
            partial(_loss, summed=True),
            "The losses are summed up: a batch with twice as many tokens has twice the loss. What "
            "makes batches comparable?",
        ),
        Mistake(
            "sign",
            partial(_loss, positive=True),
            "Log-probabilities are below zero, and yours is, too. Which sign makes it a loss that "
            "should become small?",
        ),
        Mistake(
            "in bits",
            partial(_loss, base=0.6931471805599453),
            "These are bits (the logarithm to the base 2). In which unit is a nat?",
        ),
        Mistake(
            "divided by all places",
            _over_all_places,
            "The padding adds nothing to the sum, but is counted in the number that you divide by. "
            "So short sentences look better than they are. Divide by how many?",
        ),
        Mistake(
            "mean of means",
            _by_sentence,
            "First a mean for each sentence, and then the mean of these: a word in a short "
            "sentence weighs more than one in a long sentence. Over what should the mean be?",
        ),
        Mistake(
            "divided by the sentences",
            _by_batch_size,
            "The sum is divided by the number of sentences. By the number of what, if it is to be "
            "a loss a token?",
        ),
        Mistake(
            "softmax twice",
            _of_probabilities,
            "There is a softmax before the log-softmax: of numbers between 0 and 1 it makes nearly "
            "equal probabilities, and the model learns slowly. Which of the two belongs there?",
        ),
        Mistake(
            "no logarithm",
            _not_logged,
            "This is minus the mean *probability*. What becomes of a probability of 0.001, beside "
            "one of 0.01, when the logarithm is taken?",
        ),
        Mistake(
            "no softmax",
            _raw,
            "This is minus the mean *logit*. It can always be made smaller by making all logits "
            "larger. What turns logits into probabilities first?",
        ),
        Mistake(
            "softmax over the places",
            _over_places,
            "The softmax goes over the places of the sentence and not over the vocabulary. Along "
            "which axis do the probabilities of one token's candidates lie?",
        ),
        Mistake(
            "logarithm of a rounded softmax",
            _log_of_softmax,
            "The softmax is right, and where it rounds to zero, its logarithm is minus infinity. "
            "Which function takes both in one, safely?",
        ),
        Mistake(
            "logarithm of the mean",
            _log_of_mean,
            "First the mean of the probabilities, then its logarithm. Which of the two comes first "
            "in the mean of losses?",
        ),
        Mistake(
            "by id 0",
            lambda logits, targets, pad_id: sequence_loss(logits, targets, PAD),
            "The id 0 is taken for padding, whatever `pad_id` says. Where does the argument go?",
        ),
    ),
    hints=(
        "`logits.log_softmax(dim=-1)` has the log-probability of every token at every place. You "
        "need one of them at each place.",
        "`x.gather(-1, targets[..., None])` picks along the last axis; `targets != pad_id` tells "
        "which of the picked ones count.",
    ),
)
