"""How fast does training run, against a plain `nn.Transformer` loop, and what does each trick give?

    COURSE_DATA=FOLDER python benchmarks/training.py --corpus multi30k

Each variant runs in a process of its own, one after another, with the same sentences, vocabulary,
sizes, label smoothing and number of threads, and reports real (non-padding) target tokens a
second. The order is repeated, so that a slow minute of the machine hits all of them.
"""

import contextlib
import functools
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import course_lib.layers
import course_lib.models
import course_lib.training
from course_lib.batching import Pair, make_batch
from course_lib.corpora import load_corpus
from course_lib.masks import causal_mask
from course_lib.models import Transformer, TransformerConfig, count_parameters
from course_lib.positions import sinusoidal_table
from course_lib.tokenization import PAD_ID, Tokenizer
from course_lib.training import Trainer, TrainingConfig

VOCAB_SIZE, BATCH_SIZE, WARM_UP = 5_000, 128, 5


class PlainTransformer(nn.Module):
    """What a reader of PyTorch's documentation would write, with our sizes and tied weights."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        self.d_model = c.d_model
        self.embedding = nn.Embedding(c.vocab_size, c.d_model)
        nn.init.normal_(self.embedding.weight, std=c.d_model**-0.5)
        self.register_buffer("table", sinusoidal_table(c.max_len, c.d_model))
        self.dropout = nn.Dropout(c.dropout)
        self.inner = nn.Transformer(
            c.d_model,
            c.num_heads,
            c.num_encoder_layers,
            c.num_decoder_layers,
            c.d_ff,
            c.dropout,
            batch_first=True,
            norm_first=True,
        )

    def embed(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids) * math.sqrt(self.d_model)
        return self.dropout(x + self.table[: ids.shape[1]])

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        x = self.inner(
            self.embed(src),
            self.embed(tgt),
            tgt_mask=~causal_mask(tgt.shape[1]),  # torch's polarity: True hides
            src_key_padding_mask=src == PAD_ID,
            tgt_key_padding_mask=tgt == PAD_ID,
            memory_key_padding_mask=src == PAD_ID,
        )
        return x @ self.embedding.weight.T


def plain_steps(config: TransformerConfig, pairs: list[Pair]) -> Iterator[int]:
    """The plain loop: randomly drawn padded batches. Yields the real target tokens of each step."""
    model = PlainTransformer(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    while True:
        order = torch.randperm(len(pairs)).tolist()
        for start in range(0, len(order) - BATCH_SIZE, BATCH_SIZE):
            batch = make_batch([pairs[i] for i in order[start : start + BATCH_SIZE]])
            logits = model(batch.source, batch.target_in)
            loss = F.cross_entropy(
                logits.flatten(0, 1),
                batch.target_out.flatten(),
                ignore_index=PAD_ID,
                label_smoothing=0.1,
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            yield batch.num_target_tokens


def our_steps(config: TransformerConfig, pairs: list[Pair]) -> Iterator[int]:
    """The course's own trainer."""
    trainer = Trainer(Transformer(config), pairs, TrainingConfig(steps=1_000_000))
    return (record.tokens for record in trainer.steps())


def random_batches(pairs: list[Pair], batch_tokens: int, seed: int | str) -> list[list[int]]:
    """As many sentences a batch as buckets of this size hold on average, in random order."""
    order = torch.randperm(len(pairs)).tolist()
    size = round(batch_tokens * len(pairs) / sum(len(t) + 1 for _, t in pairs))
    return [order[i : i + size] for i in range(0, len(order), size)]


def without_buckets() -> None:
    course_lib.training.bucket = random_batches


def without_halves() -> None:
    course_lib.training.halves_apart = lambda batches, model: contextlib.nullcontext()


def without_fast_dropout() -> None:
    course_lib.layers.Dropout.forward = lambda self, x: F.dropout(x, self.p, self.training)


def without_fused_loss() -> None:
    course_lib.models.fused_sequence_loss = lambda x, weight, targets, smoothing: (
        course_lib.training.sequence_loss(x @ weight.T, targets, smoothing)
    )


def without_fused_adam() -> None:
    adam = torch.optim.Adam
    torch.optim.Adam = lambda *args, fused, **kwargs: adam(*args, **kwargs)


def with_short_products() -> None:
    global TrainingConfig
    TrainingConfig = functools.partial(TrainingConfig, precision="bfloat16")


VARIANTS: dict[str, tuple[str, Callable[[], None]]] = {
    "plain": ("nn.Transformer, random batches of 128", lambda: None),
    "ours": ("course_lib", lambda: None),
    "no-buckets": ("… without length buckets", without_buckets),
    "no-halves": ("… without halves of a batch on a core each", without_halves),
    "no-dropout-words": ("… with torch's own dropout", without_fast_dropout),
    "no-fused-loss": ("… with torch's own loss", without_fused_loss),
    "no-fused-adam": ("… without the fused Adam", without_fused_adam),
    "bfloat16": ("… with bfloat16 products", with_short_products),
}


def measure(variant: str, corpus_name: str, steps: int) -> dict[str, Any]:
    """Run one variant in this process."""
    VARIANTS[variant][1]()
    torch.manual_seed(0)
    corpus = load_corpus(corpus_name)["train"]
    sides = [list(corpus[side]) for side in ("source", "target")]
    tokenizer = Tokenizer.train(sides[0] + sides[1], VOCAB_SIZE)
    pairs = list(zip(*map(tokenizer.encode_batch, sides), strict=True))
    config = TransformerConfig(tokenizer.vocab_size)
    stepper = (plain_steps if variant == "plain" else our_steps)(config, pairs)
    for _ in range(WARM_UP):
        next(stepper)
    started = time.perf_counter()
    tokens = sum(next(stepper) for _ in range(steps))
    return {
        "tokens_per_second": tokens / (time.perf_counter() - started),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parameters": count_parameters(Transformer(config)),
        "threads": torch.get_num_threads(),
        "vocabulary": tokenizer.vocab_size,
    }


def main(
    corpus: Annotated[str, typer.Option(help="A corpus that load_corpus knows.")] = "scenes",
    steps: Annotated[int, typer.Option(help="Timed steps of each variant.")] = 40,
    repeats: Annotated[int, typer.Option(help="Runs of each variant.")] = 3,
    only: Annotated[str, typer.Option(help="Variants, with commas between.")] = ",".join(VARIANTS),
    child: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    if child:
        print(json.dumps(measure(child, corpus, steps)))
        return
    names = only.split(",")
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            command = [sys.executable, __file__, "--child", name, "--corpus", corpus]
            output = subprocess.check_output([*command, "--steps", str(steps)], text=True)
            results[name].append(json.loads(output.splitlines()[-1]))

    def speed(name: str) -> float:
        return statistics.median(r["tokens_per_second"] for r in results[name])

    facts = results[names[0]][0]
    table = Table(
        title=f"{corpus}: {facts['parameters']:,} parameters, vocabulary {facts['vocabulary']:,}, "
        f"{facts['threads']} threads, torch {torch.__version__}; median of {repeats}"
    )
    columns = ("variant", "target tokens/s", f"ratio to {names[0]}", "share of ours", "peak MB")
    for column in columns:
        table.add_column(column, justify="left" if column == "variant" else "right")
    for name in names:
        peak = max(r["peak_mb"] for r in results[name])
        share = f"{speed(name) / speed('ours'):.2f}" if "ours" in names else ""
        ratio = f"{speed(name) / speed(names[0]):.2f}"
        table.add_row(VARIANTS[name][0], f"{speed(name):,.0f}", ratio, share, f"{peak:,.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
