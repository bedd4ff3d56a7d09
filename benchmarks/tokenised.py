"""Train a second model, on the text that published figures were made on: lowercased Moses tokens.

    COURSE_DATA=FOLDER python benchmarks/tokenised.py RUN
    python benchmarks/translation.py RUN --tokenised --length-penalty 1.7

FOLDER/multi30k_tokenised holds the archive's files, as `train.lc.norm.tok.en.gz`. They are put into
one file a split, in RUN-corpus, beside the run; from there on it is a run as any other. What such a
model writes is scored as it stands, so its scores are those of the column "Moses" of other models,
but the model is another: it never saw a capital letter.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from translation import FILES, published_lines

from course_lib.files import write_text
from course_lib.tools.recipes import read_recipe
from course_lib.tools.runs import pick_device
from course_lib.tools.training_runs import train

RECIPE = Path(__file__).with_suffix(".toml")
LANGUAGES = ("en", "de")


def write_corpus(folder: Path) -> None:
    for split in FILES:
        sides = [published_lines(split, language) for language in LANGUAGES]
        rows = [dict(zip(LANGUAGES, pair, strict=True)) for pair in zip(*sides, strict=True)]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_text(folder / f"{split}.jsonl", text)


def main(
    run: Annotated[Path, typer.Argument(help="A new folder for the run.")],
    recipe: Annotated[Path, typer.Option(help="How to train.")] = RECIPE,
) -> None:
    corpus = run.with_name(f"{run.name}-corpus")
    corpus.mkdir(parents=True, exist_ok=True)
    write_corpus(corpus)
    train(
        "translation",
        read_recipe(str(recipe)).with_options({"corpus": str(corpus)}),
        run,
        pick_device("auto"),
    )


if __name__ == "__main__":
    typer.run(main)
