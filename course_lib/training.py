"""Learn from examples: loss, schedule, one step, and the loop as a generator of records."""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.batching import Batch, Pair, bucket, make_batch
from course_lib.fused_loss import fused_sequence_loss
from course_lib.models import Transformer
from course_lib.tokenization import PAD_ID

# Averages of gradients that stay away (an untied embedding of a rare token) shrink until they are
# denormal numbers, with which a CPU computes a hundred times slower. The flag counts for each
# thread and is inherited by those made later, so it is set before the first large operation.
torch.set_flush_denormal(True)


@dataclass(frozen=True)
class TrainingConfig:
    """How to train. The defaults fit some 30,000 sentence pairs and ten minutes on two cores.

    Raises ValueError, with the numbers, for settings that make no sense.
    """

    steps: int
    batch_tokens: int = 1_600
    peak_rate: float = 3e-3
    warmup: int = 400
    label_smoothing: float = 0.1
    clip_norm: float = 1.0
    average_decay: float = 0.998
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_tokens", "peak_rate", "clip_norm"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("label_smoothing", "average_decay"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
        if self.warmup < 0:
            raise ValueError(f"warmup must be at least 0, got {self.warmup}")


@dataclass(frozen=True)
class Record:
    """What one training step has to say: loss in nats a token, time in seconds."""

    step: int
    epoch: int
    loss: float
    rate: float
    gradient_norm: float
    tokens: int
    seconds: float


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


def train_step(
    model: Transformer, batch: Batch, optimizer: torch.optim.Optimizer, config: TrainingConfig
) -> tuple[Tensor, Tensor]:
    """Predict, compare, go down the gradient. Returns the loss and the gradient's norm."""
    x = model.decode(batch.target_in, model.encode(batch.source), batch.source)
    weight, smoothing = model.embedding.weight, config.label_smoothing
    loss = fused_sequence_loss(x, weight, batch.target_out, smoothing)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    optimizer.step()
    return loss.detach(), norm


@torch.no_grad()
def update_average(averaged: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Move the exponential average of the weights towards the weights after step 1, 2, …

    Polyak and Juditsky (1992) average all steps; an exponential average forgets the early ones.
    At first the average is short (some tenth of the steps), so that the start is soon forgotten.
    """
    share = max(1 - decay, 10 / (9 + step))
    for average, weight in zip(averaged.parameters(), model.parameters(), strict=True):
        average.lerp_(weight, share)


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


class Trainer:
    """A model on its way: where it is in its data, its optimizer, and the average of its weights.

    `steps()` trains and yields a `Record` a step; between two of them the trainer can be saved
    (`state`), and a trainer that was given that state goes on to the very same weights.
    """

    def __init__(self, model: Transformer, pairs: Sequence[Pair], config: TrainingConfig):
        self.model, self.pairs, self.config = model, pairs, config
        self.step = self.epoch = self.position = 0
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=config.peak_rate, betas=(0.9, 0.98), eps=1e-9, fused=True
        )
        self.averaged = copy.deepcopy(model)
        torch.manual_seed(config.seed)

    def steps(self) -> Iterator[Record]:
        """Train to the last step, from wherever this trainer is."""
        device = self.model.embedding.weight.device
        while self.step < self.config.steps:
            epoch_seed = f"{self.config.seed}/{self.epoch}"
            batches = bucket(self.pairs, self.config.batch_tokens, epoch_seed)
            for indices in batches[self.position :]:
                started = time.perf_counter()
                batch = make_batch([self.pairs[i] for i in indices]).to(device)
                yield self._advance(batch, started)
                if self.step == self.config.steps:
                    return
            self.epoch, self.position = self.epoch + 1, 0

    def _advance(self, batch: Batch, started: float) -> Record:
        self.model.train()
        rate = learning_rate(self.step + 1, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, norm = train_step(self.model, batch, self.optimizer, self.config)
        self.step, self.position = self.step + 1, self.position + 1
        update_average(self.averaged, self.model, self.step, self.config.average_decay)
        return Record(
            step=self.step,
            epoch=self.epoch,
            loss=loss.item(),
            rate=rate,
            gradient_norm=norm.item(),
            tokens=batch.num_target_tokens,
            seconds=time.perf_counter() - started,
        )

    def state(self) -> dict[str, Tensor]:
        """Everything that decides how the training goes on, as named tensors."""
        moments = self.optimizer.state_dict()["state"]
        names = [name for name, _ in self.model.named_parameters()]
        return {
            "counters": torch.tensor([self.step, self.epoch, self.position]),
            "random": torch.get_rng_state(),
            **{f"model.{name}": p for name, p in self.model.named_parameters()},
            **{f"averaged.{name}": p for name, p in self.averaged.named_parameters()},
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
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = {
            i: _below(f"optimizer.{name}.", state)
            for i, (name, _) in enumerate(self.model.named_parameters())
        }
        self.optimizer.load_state_dict(optimizer)
        self.step, self.epoch, self.position = state["counters"].tolist()
        torch.set_rng_state(state["random"])


def _below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
