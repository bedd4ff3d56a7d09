"""How good are summarizers, beside what is free?

    python benchmarks/summarization.py RUN… --split validation
    python benchmarks/summarization.py RUN… --split test

A row for each run (or model that comes with the course) and each way of decoding, greedily and by
consensus, without a trigram twice: ROUGE of its summaries, and how long they are. The last column
has the share of the free greedy ones that repeat a trigram. The test split is for final models.
With `--record FILE` each row is also added there, as a line of JSON.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from course_lib.checkpoints import Run
from course_lib.decoding import Decoding, WithoutRepeats, consensus_decode, greedy_decode
from course_lib.models import count_parameters
from course_lib.pretrained import pretrained_names, pretrained_run
from course_lib.rouge import SIGNATURE, rouge_words, summary_scores
from course_lib.summarization import summarize
from course_lib.tokenization import Tokenizer
from course_lib.tools.evaluation import baselines
from course_lib.tools.runs import corpus_of

CONSENSUS = 64  # draws


def repeats_a_trigram(tokenizer: Tokenizer, text: str) -> bool:
    ids = tokenizer.encode(text)
    trigrams = list(zip(ids, ids[1:], ids[2:], strict=False))
    return len(set(trigrams)) < len(trigrams)


def scored(summaries: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    scores = asdict(summary_scores(summaries, references))
    del scores["num_summaries"]
    return scores | {"words": fmean(len(rouge_words(text)) for text in summaries)}


def decodings(consensus: int) -> dict[str, Decoding]:
    """Greedily, and by a consensus of so many draws (0: not that)."""
    ways: dict[str, Decoding] = {"greedy": (partial(greedy_decode, prefixes=WithoutRepeats), None)}
    if consensus:
        agree = partial(consensus_decode, num_drawn=consensus, prefixes=WithoutRepeats)
        ways[f"consensus of {consensus}"] = (agree, torch.Generator().manual_seed(0))
    return ways


def of_run(
    run: Run, sources: list[str], references: list[str], consensus: int
) -> Iterator[dict[str, Any]]:
    """A row for each decoding."""
    model, records = run.load_model(), run.records()
    free = summarize(model, run.tokenizer, sources)
    repeating = fmean(repeats_a_trigram(run.tokenizer, text) for text in free)
    for name, decoding in decodings(consensus).items():
        yield {
            "model": "copy" if run.config.copying else "plain",
            "decoding": name,
            "parameters": count_parameters(model),
            "seed": run.config.training.seed,
            "minutes": sum(record.seconds for record in records) / 60,
            "steps": run.config.training.steps,
            **scored(summarize(model, run.tokenizer, sources, *decoding), references),
            "repeating": repeating,
        }


def main(
    runs: Annotated[list[str], typer.Argument(help="Folders, or names of pretrained models.")],
    split: Annotated[str, typer.Option(help="validation or test.")] = "validation",
    consensus: Annotated[int, typer.Option(help="Draws; 0: greedy alone.")] = CONSENSUS,
    record: Annotated[Path | None, typer.Option(help="Add the rows to this file.")] = None,
) -> None:
    opened = [
        pretrained_run(run) if run in pretrained_names() else Run.open(Path(run)) for run in runs
    ]
    corpus = corpus_of(opened[0])
    sources, references = list(corpus[split]["source"]), list(corpus[split]["target"])
    rows = [row for run in opened for row in of_run(run, sources, references, consensus)]
    for name, summaries in baselines(corpus, split, opened[0].config.corpus["name"]).items():
        rows.append({"model": name, **scored(summaries, references)})
    rows.append({"model": "the references", "words": scored(references, references)["words"]})
    table = Table(*rows[0], title=f"{split}, {len(sources):,} texts; {SIGNATURE}")
    for row in rows:
        cells = [row.get(name, "") for name in rows[0]]
        table.add_row(*(f"{c:,.3g}" if isinstance(c, float) else f"{c}" for c in cells))
    Console(width=140).print(table)
    if record:
        with record.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"split": split, **row}) + "\n" for row in rows)


if __name__ == "__main__":
    typer.run(main)
