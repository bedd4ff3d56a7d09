"""8.10, find the bugs: a loop with all five illnesses of the clinic at once."""

import copy
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import combinations
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.clinic import set_rate
from course_lib.exercises.ch08.common import Descent
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.tokenization import PAD_ID
from course_lib.training import sequence_loss

Epochs = list[list[tuple[Tensor, Tensor, Tensor]]]


class Bigrams(nn.Module):
    """Logits of the next token from the one before it, and from the tokens of the source.

    Shapes: weight (2, V, V), source (B, S), target_in (B, T). Returns (B, T, V).
    """

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())

    def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
        return self.weight[0][target_in] + self.weight[1][source].mean(dim=1, keepdim=True)


class Noted(Descent):
    """Plain descent with the `param_groups` of torch's optimizers; notes the rate of each step."""

    def __init__(self, parameters: Iterable[nn.Parameter]):
        super().__init__(parameters, rate=1.0)
        self.param_groups: list[dict[str, Any]] = [{"params": self.parameters, "lr": self.rate}]
        self.rates: list[float] = []

    def step(self) -> None:
        self.rate = self.param_groups[0]["lr"]
        self.rates.append(self.rate)
        super().step()


def train_epochs(
    model: nn.Module, adam: Any, epochs: Epochs, peak: float, warmup: int
) -> list[float]:
    """Train on all batches of all epochs. Returns the loss of each step."""
    losses: list[float] = []
    for batches in epochs:
        for source, target_in, target_out in batches:
            set_rate(adam, peak * min(1, (len(losses) + 1) / warmup))
            adam.zero_grad()
            loss = sequence_loss(model(source, target_in), target_out)
            loss.backward()
            adam.step()
            losses.append(loss.item())
    return losses


def _loop(
    model: nn.Module,
    adam: Any,
    epochs: Epochs,
    peak: float,
    warmup: int,
    copied: bool = False,
    leak: bool = False,
    softmax: bool = False,
    counted: str = "steps",
    zero: str = "each step",
    plain: bool = True,
    stepping: bool = True,
    loss_of: Callable[[Tensor, Tensor], Tensor] = sequence_loss,
) -> list[Any]:
    """The loop, with the switches of what goes wrong with it."""
    model = copy.deepcopy(model) if copied else model
    losses: list[Any] = []
    for epoch, batches in enumerate(epochs, start=1):
        if zero == "each epoch":
            adam.zero_grad()
        for number, (source, target_in, target_out) in enumerate(batches, start=1):
            step = len(losses) + 1
            counts = {"steps": step, "epochs": epoch, "anew": number, "from 0": step - 1}
            set_rate(adam, peak * min(1, counts[counted] / warmup))
            if zero == "each step":
                adam.zero_grad()
            logits = model(source, target_out if leak else target_in)
            loss = loss_of(logits.softmax(dim=-1) if softmax else logits, target_out)
            loss.backward()
            if zero == "after the gradient":
                adam.zero_grad()
            if stepping:
                adam.step()
            losses.append(loss.item() if plain else loss.detach())
    return losses


def _with_padding(logits: Tensor, targets: Tensor) -> Tensor:
    """Padding counts like any other token."""
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


def _sum(logits: Tensor, targets: Tensor) -> Tensor:
    """Over all tokens, where the mean was asked for."""
    return sequence_loss(logits, targets) * (targets != PAD_ID).sum()


def _own_input(
    model: nn.Module, adam: Any, epochs: Epochs, peak: float, warmup: int
) -> list[float]:
    """Asks for the token that was read, and not for the next one."""
    own = [[(source, read, read) for source, read, _ in batches] for batches in epochs]
    return train_epochs(model, adam, own, peak, warmup)


def _mean_of_epochs(
    model: nn.Module, adam: Any, epochs: Epochs, peak: float, warmup: int
) -> list[float]:
    losses = train_epochs(model, adam, epochs, peak, warmup)
    size = len(epochs[0])
    return [sum(losses[i : i + size]) / size for i in range(0, len(losses), size)]


def _returns_nothing(model: nn.Module, adam: Any, epochs: Epochs, peak: float, warmup: int) -> None:
    train_epochs(model, adam, epochs, peak, warmup)


def _copy_trained(
    model: nn.Module, adam: Any, epochs: Epochs, peak: float, warmup: int
) -> list[float]:
    """A copy with an optimizer of its own learns; the model that was handed in does not."""
    model = copy.deepcopy(model)
    return train_epochs(model, Noted(model.parameters()), epochs, peak, warmup)


def use(
    answer: Function,
    weight: Tensor,
    source: Tensor,
    target: Tensor,
    batch_size: int,
    num_epochs: int,
    peak: float,
    warmup: int,
) -> dict[str, Any]:
    model = Bigrams(weight)
    adam = Noted(model.parameters())
    parts = zip(source.split(batch_size), target.split(batch_size), strict=True)
    epoch = [(reads, says[:, :-1], says[:, 1:]) for reads, says in parts]
    losses = answer(model, adam, [epoch] * num_epochs, peak, warmup)
    is_list = isinstance(losses, list)
    return {
        "losses": [float(loss) for loss in losses] if is_list else losses,
        "losses are plain numbers": is_list and all(isinstance(loss, float) for loss in losses),
        "rates": adam.rates,
        "weights at the end": model.weight.detach(),
    }


def _rows(num_rows: int, vocab_size: int, source_length: int, target_length: int) -> Draw:
    """Random weights and sentences; the last row is a short one, with padding."""

    def draw(dice: Generator) -> Inputs:
        weight = torch.randn((2, vocab_size, vocab_size), generator=dice).round(decimals=1)
        source = torch.randint(1, vocab_size, (num_rows, source_length), generator=dice)
        target = torch.randint(1, vocab_size, (num_rows, target_length), generator=dice)
        target[-1, -1] = PAD_ID
        return weight, source, target

    return draw


def _probe(rows: Draw, *run: float) -> Draw:
    return lambda dice: (*rows(dice), *run)


STAY, ASKED, KEEPS = "the weights stay", "another model is asked", "gradients are kept"
COPIED = (
    "After all these steps the model that was handed in is as random as before. Which model is "
    "asked, whose weights does the optimizer move, and is there a gradient when it does?"
)
LEAK = (
    "The model reads the very tokens that it is to say, as patient 2 of the clinic did. A batch "
    "has three parts: which of them does a decoder read?"
)
SOFTMAX = (
    "The loss is given numbers between 0 and 1, and takes a softmax of its own, as with patient 3. "
    "What does `sequence_loss` want to be given?"
)
EPOCHS = (
    "The rate stays the same for a whole epoch and rises with the *epochs*, as with patient 1. "
    "What should be counted, over the whole run?"
)
KEPT = (
    "Each step goes by the sum of all gradients so far, as with patient 5. What should be "
    "forgotten before each `backward`?"
)
ILLNESSES: dict[str, tuple[dict[str, Any], str]] = {
    ASKED: ({"copied": True}, COPIED),
    "the answer is read": ({"leak": True}, LEAK),
    "softmax before the loss": ({"softmax": True}, SOFTMAX),
    "epochs are counted": ({"counted": "epochs"}, EPOCHS),
    KEEPS: ({"zero": "never"}, KEPT),
}


def _switched(switches: dict[str, Any]) -> Function:
    """A loop with so many switches turned that no pairs are made of it."""
    return lambda *args: _loop(*args, **switches)


def _several(first: str) -> str:
    return f"several, {first}"


def _with_several() -> Iterator[Mistake]:
    """Three illnesses and more; which they are is told one at a time.

    Where another model is asked, nobody can see that gradients are kept: that one moves nothing.
    """
    for count in range(3, len(ILLNESSES) + 1):
        for names in combinations(ILLNESSES, count):
            first = names[0]
            switches = {k: v for name in names for k, v in ILLNESSES[name][0].items()}
            hidden = {ASKED, KEEPS} <= set(names)
            if hidden and count < len(ILLNESSES):
                continue
            yield Mistake(
                ", ".join(names),
                _switched(switches),
                f"Several of the five are left. The next one to mend: {ILLNESSES[first][1]}",
                group=_several(first),
            )


MEND = Exercise(
    id="8.10",
    title="Mend",
    signature="train_epochs(model, adam, epochs, peak, warmup)",
    shapes="weight (two, V, V), source (N, S), target (N, T) -> ()",
    input_names=("weight", "source", "target", "batch_size", "num_epochs", "peak", "warmup"),
    reference=train_epochs,
    use=use,
    bug=_several(ASKED),
    smooth=0,
    probes=(
        Probe(
            "one step",
            _probe(_rows(3, 5, 3, 4), 3, 1, 0.5, 1),
            "Look at one step alone: what does the model read, what is the loss given, and whose "
            "weights move?",
        ),
        Probe(
            "an epoch of three steps",
            _probe(_rows(6, 7, 3, 5), 2, 1, 0.5, 2),
            "Within one epoch: which rate has each step, and which gradients does it go by?",
        ),
        Probe(
            "two epochs, and a warm-up longer than one",
            _probe(_rows(8, 9, 4, 6), 3, 2, 0.8, 5),
            "What goes on from one epoch to the next, and what begins anew?",
        ),
    ),
    mistakes=(
        *(
            Mistake(name, partial(_loop, **switches), diagnosis, STAY if name == ASKED else "")
            for name, (switches, diagnosis) in ILLNESSES.items()
        ),
        *_with_several(),
        Mistake(
            "warm-up in each epoch",
            _switched({"counted": "anew"}),
            "Steps are counted now, and begin at 1 again in each epoch, so that the rate falls "
            "back there. Over what does warm-up go?",
        ),
        Mistake(
            "counted from 0",
            _switched({"counted": "from 0"}),
            "Steps are counted, from 0: the first one has the rate 0 and is made for nothing. "
            "Which share of the peak should step 1 have?",
        ),
        Mistake(
            "forgotten once an epoch",
            _switched({"zero": "each epoch"}),
            "Gradients are forgotten at the beginning of each epoch, and add up within it. How "
            "often does a step need to begin afresh?",
        ),
        Mistake(
            "forgotten before they are used",
            _switched({"zero": "after the gradient"}),
            COPIED,
            group=STAY,
        ),
        Mistake(
            "tensors",
            _switched({"plain": False}),
            "The training is right. The losses that come back are tensors; a list of plain numbers "
            "was asked for. What makes a number of a tensor?",
        ),
        Mistake(
            "its own input is asked for",
            _own_input,
            "The model reads the right tokens now, and is asked for those same ones. Which part of "
            "a batch is what it should say *next*?",
        ),
        Mistake(
            "padding counted",
            _switched({"loss_of": _with_padding}),
            "Padding is asked for like any other token: a short sentence is to be continued with "
            "nothing. Which function of this chapter leaves those places out?",
        ),
        Mistake(
            "summed",
            _switched({"loss_of": _sum}),
            "The losses of all tokens are added up, so that a long batch makes a long step. What "
            "does `sequence_loss` give?",
        ),
        Mistake(
            "no step",
            _switched({"stepping": False}),
            "The optimizer never steps. What comes after `backward`?",
        ),
        Mistake(
            "the last loss alone",
            lambda *args: train_epochs(*args)[-1],
            "The training is right. The loss of the last step comes back; the list of all was "
            "asked for. Where do they gather?",
        ),
        Mistake(
            "nothing returned",
            _returns_nothing,
            "The training is right, and nothing comes back. Did you forget `return`?",
        ),
        Mistake(
            "a loss an epoch",
            _mean_of_epochs,
            "The training is right. One loss comes back for each epoch; one for each step was "
            "asked for. Where is it appended?",
        ),
        Mistake(
            "a copy is trained",
            _copy_trained,
            "A copy learns now, with an optimizer of its own, and is thrown away at the end. Which "
            "model and which optimizer did the caller hand in?",
        ),
    ),
    hints=(
        "Lay it beside the healthy loop of the clinic, and go down line by line: the model, the "
        "rate, what is read, what the loss is given, what stands before `backward`.",
        "`len(losses) + 1` is the number of the step, over all epochs. The model reads "
        "`target_in`; the loss compares logits with `target_out`.",
    ),
)
