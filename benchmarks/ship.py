"""Put a finished run among the models that come with the course, with a card of measured scores.

    COURSE_DATA=FOLDER python benchmarks/ship.py RUN NAME --length-penalty 1.4 --command "…"

The scores are those of the shipped weights: written in half precision, read back. The test
split is for final models: `--split validation --split test`.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from translation import Scorer

from course_lib.checkpoints import Run
from course_lib.decoding import beam_search, greedy_decode, translate
from course_lib.models import count_parameters
from course_lib.pretrained import FOLDER, pretrained_run, ship

LANGUAGES = {"en": "English", "de": "German"}
CARD = Path(__file__).with_name("model_card.md")


def main(
    run: Path,
    name: str,
    length_penalty: Annotated[float, typer.Option(help="As chosen on validation.")],
    command: Annotated[str, typer.Option(help="What made the run.")],
    split: Annotated[list[str] | None, typer.Option(help="Splits to score.")] = None,
) -> None:
    made = Run.open(run)
    ship(made, FOLDER / name, "")
    shipped = pretrained_run(name)
    model = shipped.load_model()
    beam = partial(beam_search, beam_size=5, length_penalty=length_penalty)
    lines, example = [], ""
    for name_of_split in split or ["validation"]:
        scorer = Scorer(shipped, name_of_split)
        example = scorer.sources[0]
        for way, decode in (("greedy", greedy_decode), ("beam of 5", beam)):
            hypotheses = translate(model, shipped.tokenizer, scorer.sources, decode)
            scores = scorer.scores(hypotheses)
            if not lines:
                lines = [f"| | | {' | '.join(scores)} |", "|---" * (len(scores) + 2) + "|"]
            values = " | ".join(f"{value:.2f}" for value in scores.values())
            lines.append(f"| {name_of_split} | {way} | {values} |")
            print(lines[-1], flush=True)
    records, config = made.records(), made.config
    card = CARD.read_text(encoding="utf-8").format(
        name=name,
        source=LANGUAGES[config.corpus["source"]],
        target=LANGUAGES[config.corpus["target"]],
        parameters=count_parameters(model),
        layers=f"{config.model.num_encoder_layers} + {config.model.num_decoder_layers}",
        d_model=config.model.d_model,
        d_ff=config.model.d_ff,
        vocabulary=config.model.vocab_size,
        example=example,
        command=command,
        seed=config.training.seed,
        steps=config.training.steps,
        tokens=sum(record.tokens for record in records) / 1e6,
        minutes=sum(record.seconds for record in records) / 60,
        decay=config.training.average_decay,
        torch=config.versions["torch"],
        alpha=length_penalty,
        table="\n".join(lines),
    )
    ship(made, FOLDER / name, card)


if __name__ == "__main__":
    typer.run(main)
