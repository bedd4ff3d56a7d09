"""How much memory and time does a training step take, against the length of the source?

    python benchmarks/long_inputs.py

Eight sources of T tokens with summaries of 20, through a `CopyTransformer` of the size that
`course train summarization` makes. Once with the fused kernel, which stores no attention weights,
and once with the explicit form of `course_lib.attention`. Each measurement has a process of its
own; memory is the peak of the step over what the process had before it.
"""

import json
import resource
import subprocess
import sys
import time
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from course_lib.attention import DotProductAttention, attention
from course_lib.copying import CopyTransformer
from course_lib.models import TransformerConfig

LENGTHS = [128, 256, 512, 1024, 2048, 4096]
SOURCES, SUMMARY, VOCABULARY = 8, 20, 8_000


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(length: int, explicit: bool) -> dict[str, float]:
    """One step in this process."""
    if explicit:
        DotProductAttention.forward = lambda self, *args: attention(*args)  # type: ignore[method-assign]
    torch.manual_seed(0)
    config = TransformerConfig(
        VOCABULARY, num_encoder_layers=2, num_decoder_layers=3, max_len=length
    )
    model = CopyTransformer(config).train()
    src = torch.randint(3, VOCABULARY, (SOURCES, length))
    tgt = torch.randint(3, VOCABULARY, (SOURCES, SUMMARY))
    model.loss(src[:, :8], tgt, tgt, 0.1).backward()  # libraries make room for themselves
    before, started = peak_mb(), time.perf_counter()
    model.loss(src, tgt, tgt, 0.1).backward()
    return {"mb": peak_mb() - before, "seconds": time.perf_counter() - started}


def main(child: Annotated[str, typer.Option(hidden=True)] = "") -> None:
    if child:
        length, kind = child.split(",")
        print(json.dumps(measure(int(length), kind == "explicit")))
        return
    table = Table("tokens of a source", "fused, MB", "seconds", "explicit, MB", "seconds")
    for length in LENGTHS:
        cells = [f"{length:,}"]
        for kind in ("fused", "explicit"):
            command = [sys.executable, __file__, "--child", f"{length},{kind}"]
            found = json.loads(subprocess.check_output(command, text=True))
            cells += [f"{found['mb']:,.0f}", f"{found['seconds']:.2f}"]
        table.add_row(*cells)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
