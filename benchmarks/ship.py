"""Put a finished run among the models that come with the course, with a card of measured scores.

    COURSE_DATA=FOLDER python benchmarks/ship.py RUN NAME --length-penalty 1.4 --command "…"

The scores are those of the shipped weights: written in half precision, read back. The test
split is for final models: `--split validation --split test`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from translation import Scorer

from course_lib.checkpoints import Run
from course_lib.decoding import beam_search, greedy_decode, translate
from course_lib.models import count_parameters
from course_lib.pretrained import FOLDER, ship
from course_lib.tools.runs import corpus_of

LANGUAGES = {"en": "English", "de": "German"}
CARD = Path(__file__).with_name("model_card.md")


def scored(shipped: Run, split: str, ways: dict[str, Callable[..., list[list[int]]]]) -> list[str]:
    """The rows of a table, its head first."""
    scorer, model, lines = Scorer(shipped, split), shipped.load_model(), []
    for way, decode in ways.items():
        scores = scorer.scores(translate(model, shipped.tokenizer, scorer.sources, decode))
        if not lines:
            lines = [f"| | | {' | '.join(scores)} |", "|---" * (len(scores) + 2) + "|"]
        lines.append(f"| {split} | {way} | {' | '.join(f'{x:.2f}' for x in scores.values())} |")
        print(lines[-1], flush=True)
    return lines


def main(
    run: Path,
    name: str,
    length_penalty: Annotated[float, typer.Option(help="As chosen on validation.")],
    command: Annotated[str, typer.Option(help="What made the run.")],
    split: Annotated[list[str] | None, typer.Option(help="Splits to score.")] = None,
) -> None:
    made = Run.open(run)
    records, config = made.records(), made.config
    beam = partial(beam_search, beam_size=5, length_penalty=length_penalty)
    ways = {"greedy": greedy_decode, "beam of 5": beam}

    def card(shipped: Run) -> str:
        tables = [scored(shipped, each, ways) for each in split or ["validation"]]
        return CARD.read_text(encoding="utf-8").format(
            name=name,
            source=LANGUAGES[config.corpus["source"]],
            target=LANGUAGES[config.corpus["target"]],
            parameters=count_parameters(shipped.load_model()),
            layers=f"{config.model.num_encoder_layers} + {config.model.num_decoder_layers}",
            d_model=config.model.d_model,
            d_ff=config.model.d_ff,
            vocabulary=config.model.vocab_size,
            example=corpus_of(shipped)["validation"]["source"][0],
            command=command,
            seed=config.training.seed,
            steps=config.training.steps,
            tokens=sum(record.tokens for record in records) / 1e6,
            minutes=sum(record.seconds for record in records) / 60,
            decay=config.training.average_decay,
            torch=config.versions["torch"],
            alpha=length_penalty,
            table="\n".join(tables[0] + [row for table in tables[1:] for row in table[2:]]),
        )

    ship(made, FOLDER / name, card)


if __name__ == "__main__":
    typer.run(main)
