"""Learn from examples: loss, schedule, one step, and the loop as a generator of records."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from course_lib.batching import Batch, Pair, bucket, make_batch
from course_lib.errors import DivergedError
from course_lib.models import Transformer
from course_lib.parallel import backward, halves_apart
from course_lib.tokenization import PAD_ID

# Averages of gradients that stay away (an untied embedding of a rare token) shrink until they are
# denormal numbers, with which a CPU computes a hundred times slower. The flag counts for each
# thread and is inherited by those made later, so it is set before the first large operation.
torch.set_flush_denormal(True)


PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class TrainingConfig:
    """How to train. The defaults fit some 30,000 sentence pairs and ten minutes on two cores.

    The rate rises to `peak_rate` over `warmup` steps, or over a tenth of all if that is less.
    A step shows the model `accumulate` batches of `batch_tokens` tokens a side, one after another.
    The loss on held-out pairs is measured every `validate_every` steps and after the last one (0:
    never), and when it has not fallen for `patience` times in a row, training ends (0: goes on).
    `bpe_dropout` is the share of merges left out when the training sources are cut (`BpeDropout`).
    With `precision` "bfloat16" the matrix products are made of numbers with 8 bits of precision
    (weights, sums and all else keep 24): faster where the processor has them, slower elsewhere.

    Raises ValueError, with the numbers, for settings that make no sense.
    """

    steps: int
    batch_tokens: int = 1_600
    accumulate: int = 1
    peak_rate: float = 3e-3
    warmup: int = 400
    label_smoothing: float = 0.1
    clip_norm: float = 1.0
    average_decay: float = 0.998
    validate_every: int = 0
    patience: int = 0
    bpe_dropout: float = 0.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_tokens", "accumulate", "peak_rate", "clip_norm"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("label_smoothing", "average_decay", "bpe_dropout"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
        for name in ("warmup", "validate_every", "patience"):
            if (value := getattr(self, name)) < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {PRECISIONS}, got {self.precision!r}")
        if self.patience and not self.validate_every:
            raise ValueError(f"patience={self.patience} counts validations: set validate_every")


@dataclass(frozen=True)
class Record:
    """What one training step has to say: losses in nats a token, time in seconds.

    `loss` is with smoothed labels, if the training smooths them. `validation_loss` is without, of
    the averaged weights, after the steps at which it is measured.
    """

    step: int
    epoch: int
    loss: float
    rate: float
    gradient_norm: float
    tokens: int
    seconds: float
    validation_loss: float | None = None


def sequence_loss(logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy in nats over the target tokens that are not padding.

    Label smoothing gives that share of the probability to all tokens alike, Szegedy et al. (2016),
    section 7.

    Shapes: logits (..., V), targets (...). Returns a scalar.
    """
    return F.cross_entropy(
        logits.flatten(0, -2),
        targets.flatten(),
        ignore_index=PAD_ID,
        label_smoothing=label_smoothing,
    )


def learning_rate(step: int, config: TrainingConfig) -> float:
    """Rate of step 1, 2, … `config.steps`: up in a straight line, then down along a cosine to 0.

    Loshchilov and Hutter (2017), equation 5, after a warm-up, which is at most a tenth of the run.
    """
    warmup = min(config.warmup, config.steps // 10)
    if step <= warmup:
        return config.peak_rate * step / warmup
    progress = (step - warmup - 1) / (config.steps - warmup)
    return config.peak_rate * (1 + math.cos(math.pi * progress)) / 2


def batch_loss(model: Transformer, batch: Batch, config: TrainingConfig) -> Tensor:
    """`sequence_loss` of what the model says to a batch. Returns a scalar.

    Products of bfloat16 beside weights of float32: Micikevicius et al. (2018), section 3, whose
    scaled loss is for the smaller range of float16.
    """
    half = config.precision == "bfloat16"
    with torch.autocast(batch.source.device.type, torch.bfloat16, enabled=half):
        return model.loss(batch.source, batch.target_in, batch.target_out, config.label_smoothing)


def train_step(
    model: Transformer,
    batches: Sequence[Batch],
    optimizer: torch.optim.Optimizer,
    config: TrainingConfig,
) -> tuple[float, float]:
    """Predict, compare, go down the gradient. Returns the loss and the gradient's norm.

    The gradients of several batches are added up, each weighted by its share of the target tokens:
    the same step as with one large batch, in the memory of a small one.

    Raises DivergedError, with the weights as they were, if the loss or its gradient is not finite.
    """
    num_tokens = sum(batch.num_target_tokens for batch in batches)

    def share_of_loss(batch: Batch) -> Tensor:
        share = batch.num_target_tokens / num_tokens
        return batch_loss(model, batch, config) * share

    optimizer.zero_grad()
    total = backward(share_of_loss, batches, model.parameters())
    norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm).item()
    if not math.isfinite(total + norm):
        raise DivergedError(f"the loss is {total}, its gradient's norm {norm}")
    optimizer.step()
    return total, norm


@torch.no_grad()
def update_average(averaged: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Move the exponential average of the weights towards the weights after step 1, 2, …

    Polyak and Juditsky (1992) average all steps; an exponential average forgets the early ones.
    At first the average is short (some tenth of the steps), so that the start is soon forgotten.
    """
    move = get_ema_multi_avg_fn(min(decay, 1 - 10 / (9 + step)))  # all weights at once
    move(list(averaged.parameters()), list(model.parameters()), step)


@torch.inference_mode()
def validation_loss(model: Transformer, pairs: Sequence[Pair], batch_tokens: int = 4_000) -> float:
    """Mean cross-entropy in nats a token (end tokens included), without dropout or smoothing."""
    model.eval()
    device = model.embedding.weight.device
    total = tokens = 0.0
    for indices in bucket(pairs, batch_tokens):
        batch = make_batch([pairs[i] for i in indices]).to(device)
        loss = sequence_loss(model(batch.source, batch.target_in), batch.target_out)
        total += loss.item() * batch.num_target_tokens
        tokens += batch.num_target_tokens
    return total / tokens


# The pairs to learn, the same in each epoch, or those of epoch 0, 1, …
Pairs = Sequence[Pair] | Callable[[int], Sequence[Pair]]


def pairs_of(pairs: Pairs, epoch: int) -> Sequence[Pair]:
    """What an epoch has to learn."""
    return pairs(epoch) if callable(pairs) else pairs


class Trainer:
    """A model on its way: where it is in its data, its optimizer, and the average of its weights.

    `steps()` trains and yields a `Record` a step; between two of them the trainer can be saved
    (`state`), and a trainer that was given that state goes on to the very same weights.
    `held_out` holds the pairs for `config.validate_every`, which may not be empty then.
    """

    def __init__(
        self,
        model: Transformer,
        pairs: Pairs,
        config: TrainingConfig,
        held_out: Sequence[Pair] = (),
    ):
        if config.validate_every and not held_out:
            raise ValueError(f"validate_every={config.validate_every} needs held-out pairs")
        self.model, self.pairs, self.config, self.held_out = model, pairs, config, held_out
        self.step = self.epoch = self.position = 0
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=config.peak_rate, betas=(0.9, 0.98), eps=1e-9, fused=True
        )
        self.averaged = copy.deepcopy(model)
        self.best: dict[str, Tensor] = {}  # the averaged weights at the lowest validation loss
        self.best_loss, self.best_step = math.inf, 0
        torch.manual_seed(config.seed)

    def steps(self) -> Iterator[Record]:
        """Train to the last step, from wherever this trainer is.

        Raises DivergedError, with the step, if the loss or its gradient is not finite; the weights
        are then those of the step before.
        """
        while not self.is_finished():
            epoch_seed = f"{self.config.seed}/{self.epoch}"
            pairs = pairs_of(self.pairs, self.epoch)
            batches = bucket(pairs, self.config.batch_tokens, epoch_seed)
            while self.position < len(batches):
                started = time.perf_counter()
                indices = batches[self.position : self.position + self.config.accumulate]
                yield self._advance([[pairs[i] for i in batch] for batch in indices], started)
                if self.is_finished():
                    return
            self.epoch, self.position = self.epoch + 1, 0

    def is_finished(self) -> bool:
        """Whether the last step is done, or validation has not improved for too long."""
        waited = self.step - self.best_step
        patience = self.config.patience * self.config.validate_every
        return self.step >= self.config.steps or (0 < patience <= waited)

    def kept(self) -> dict[str, Tensor]:
        """The weights to use: the average at the lowest validation loss; the last, if none was."""
        return self.best or dict(self.averaged.named_parameters())

    def _advance(self, groups: Sequence[Sequence[Pair]], started: float) -> Record:
        device = self.model.embedding.weight.device
        batches = [make_batch(group).to(device) for group in groups]
        self.model.train()
        rate = learning_rate(self.step + 1, self.config)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = rate
        with halves_apart(batches, self.model):
            try:
                loss, norm = train_step(self.model, batches, self.optimizer, self.config)
            except DivergedError as error:
                raise DivergedError(f"step {self.step + 1}: {error}") from None
            self.step, self.position = self.step + 1, self.position + len(batches)
            update_average(self.averaged, self.model, self.step, self.config.average_decay)
        seconds = time.perf_counter() - started
        return Record(
            step=self.step,
            epoch=self.epoch,
            loss=loss,
            rate=rate,
            gradient_norm=norm,
            tokens=sum(batch.num_target_tokens for batch in batches),
            seconds=seconds,
            validation_loss=self._validate(),
        )

    def _validate(self) -> float | None:
        """Measure the averaged weights, if it is time to, and keep them if they are the best."""
        every, last = self.config.validate_every, self.step == self.config.steps
        if not every or (self.step % every and not last):
            return None
        loss = validation_loss(self.averaged, self.held_out)
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.step
            self.best = {name: p.detach().clone() for name, p in self.averaged.named_parameters()}
        return loss

    def state(self) -> dict[str, Tensor]:
        """Everything that decides how the training goes on, as named tensors."""
        moments = self.optimizer.state_dict()["state"]
        names = [name for name, _ in self.model.named_parameters()]
        return {
            "counters": torch.tensor([self.step, self.epoch, self.position, self.best_step]),
            "best_loss": torch.tensor(self.best_loss, dtype=torch.float64),
            "random": torch.get_rng_state(),
            **{f"model.{name}": p for name, p in self.model.named_parameters()},
            **{f"averaged.{name}": p for name, p in self.averaged.named_parameters()},
            **{f"best.{name}": p for name, p in self.best.items()},
            **{
                f"optimizer.{names[i]}.{key}": value
                for i, values in moments.items()
                for key, value in values.items()
            },
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` gave.

        Raises KeyError or RuntimeError if the state is not that of such a model.
        """
        self.model.load_state_dict(_below("model.", state))
        self.averaged.load_state_dict(_below("averaged.", state))
        self.best = _below("best.", state)
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = {
            i: _below(f"optimizer.{name}.", state)
            for i, (name, _) in enumerate(self.model.named_parameters())
        }
        self.optimizer.load_state_dict(optimizer)
        self.step, self.epoch, self.position, self.best_step = state["counters"].tolist()
        self.best_loss = state["best_loss"].item()
        torch.set_rng_state(state["random"])


def _below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
