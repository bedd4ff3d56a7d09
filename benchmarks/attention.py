"""From which length on does the fused attention kernel pay on this machine's CPU?

    python benchmarks/attention.py

Forward and backward through both ways of `DotProductAttention`, at a constant 1,500 tokens a batch,
alternating, median of many. `course_lib.attention.FEW_SCORES` is set from this table.
"""

import statistics
import time
from collections.abc import Callable
from typing import Annotated

import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from course_lib.attention import attention
from course_lib.masks import causal_mask

TOKENS, HEADS, D_HEAD = 1_500, 4, 32
Form = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def once(form: Form, length: int) -> float:
    """Milliseconds of one forward and backward pass."""
    shape = (TOKENS // length, length, HEADS, D_HEAD)
    q, k, v = (torch.randn(shape).transpose(1, 2).requires_grad_() for _ in range(3))
    mask = causal_mask(length).expand(shape[0], 1, length, length)
    started = time.perf_counter()
    form(q, k, v, mask).sum().backward()
    return 1_000 * (time.perf_counter() - started)


def main(repeats: Annotated[int, typer.Option(help="Passes of each form.")] = 40) -> None:
    title = f"{TOKENS:,} tokens, {HEADS} heads of {D_HEAD}, {torch.get_num_threads()} threads"
    table = Table(title=f"{title}, torch {torch.__version__}; milliseconds forward and backward")
    for column in ("length", "explicit", "fused kernel", "explicit / fused"):
        table.add_column(column, justify="right")
    for length in (8, 16, 24, 32, 48, 64, 128, 256):
        times = [(once(attention, length), once(fused, length)) for _ in range(repeats)]
        explicit, kernel = (statistics.median(column) for column in zip(*times, strict=True))
        table.add_row(str(length), f"{explicit:.2f}", f"{kernel:.2f}", f"{explicit / kernel:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
