"""Train a translator that also learns from sources which a translator the other way has written.

    COURSE_DATA=FOLDER python benchmarks/diversified.py RUN --recipe multi30k-en-de
    COURSE_DATA=FOLDER python benchmarks/translation.py RUN --length-penalty 1.4

Data diversification (Nguyen et al. 2020, section 3), with one model the other way: it learns the
same pairs in its share of the recipe's minutes, draws other sources for their targets, and the
translator learns from the pairs and from those drawn ones in the minutes that are left. So the
whole takes no longer than the recipe says, and no text is used that the recipe has not. In the one
run that was made so, not to its end, the model was behind one of the recipe alone (`RESULTS.md`).
"""

import json
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from course_lib.checkpoints import Run, must_be_free
from course_lib.corpora import load_corpus
from course_lib.decoding import sample, translate
from course_lib.files import write_text
from course_lib.tools.recipes import read_recipe
from course_lib.tools.runs import pick_device
from course_lib.tools.training_runs import train

TOP_K = 10  # of Edunov et al. (2018): as different as samples, and seldom far off

console = Console(width=100)


def drawn_sources(backward: Run, targets: list[str], seed: int) -> list[str]:
    """Another source for each target, by a model that reads targets."""
    decode = partial(sample, top_k=TOP_K)
    generator = torch.Generator().manual_seed(seed)
    return translate(backward.load_model(), backward.tokenizer, targets, decode, generator)


def main(
    run: Annotated[Path, typer.Argument(help="A new folder for the run.")],
    recipe: Annotated[str, typer.Option(help="How to train, in how many minutes.")],
    backward_minutes: Annotated[float, typer.Option(help="For the other way.")] = 12,
    copies: Annotated[int, typer.Option(help="Sources to draw for each target.")] = 2,
) -> None:
    started, device, forward = time.monotonic(), pick_device("auto"), read_recipe(recipe)
    if not (forward.minutes and forward.source and forward.target):
        raise typer.BadParameter("it must name minutes, source and target", param_hint="--recipe")
    if backward_minutes >= forward.minutes:
        raise typer.BadParameter(
            f"must be below the recipe's {forward.minutes}", param_hint="--backward-minutes"
        )
    must_be_free(run)
    other_way = {"source": forward.target, "target": forward.source, "minutes": backward_minutes}
    backward_folder = run.with_name(f"{run.name}-backward")
    backward = train("translation", forward.with_options(other_way), backward_folder, device)

    corpus = load_corpus(forward.corpus, source=forward.source, target=forward.target)
    targets = list(corpus["train"]["target"])
    folder = run.with_name(f"{run.name}-corpus")
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in corpus.items():
        pairs = list(zip(rows["source"], rows["target"], strict=True))
        if split == "train":
            for seed in range(copies):
                drawn = drawn_sources(backward, targets, seed)
                console.print(f"{targets[0]}\n  was {pairs[0][0]}\n  now {drawn[0]}")
                pairs += [pair for pair in zip(drawn, targets, strict=True) if pair[0]]
        lines = [
            json.dumps({forward.source: source, forward.target: target}, ensure_ascii=False) + "\n"
            for source, target in pairs
        ]
        write_text(folder / f"{split}.jsonl", "".join(lines))

    left = forward.minutes - (time.monotonic() - started) / 60
    console.print(f"{left:.1f} of {forward.minutes} minutes are left")
    learned = {"corpus": str(folder), "minutes": left}
    train("translation", forward.with_options(learned), run, device)


if __name__ == "__main__":
    typer.run(main)
