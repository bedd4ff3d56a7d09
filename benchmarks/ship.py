"""Put a finished run among the models that come with the course, with a card of measured scores.

    COURSE_DATA=FOLDER python benchmarks/ship.py RUN NAME --command "…" --length-penalty 1.4
    python benchmarks/ship.py RUN NAME --command "…"
    python benchmarks/ship.py RUN docstrings --command "…" --corpus docstrings

The scores are those of the shipped weights: written in half precision, read back. The test
split is for final models: `--split validation --split test`. The last line is for a run that
learned from the corpus of `wider_docstrings.py`, which a user has not: it ships as one on the
corpus that a user has. That must have the same validation and test.
"""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from summarization import CONSENSUS, of_run, scored
from translation import Scorer

from course_lib.checkpoints import Run
from course_lib.corpora import corpus_fingerprint, load_corpus
from course_lib.decoding import beam_search, greedy_decode, translate
from course_lib.docstring_packages import PACKAGES, STDLIB
from course_lib.models import count_parameters
from course_lib.pretrained import FOLDER, ship
from course_lib.rouge import SIGNATURE
from course_lib.tools.evaluation import baselines
from course_lib.tools.runs import corpus_of

LANGUAGES = {"en": "English", "de": "German"}
HERE = Path(__file__).parent
WIDER = """,
and of {packages} more, which `benchmarks/wider_docstrings.py` adds to make CORPUS (BSD, MIT,
Apache 2.0, ISC and Biopython's; `benchmarks/wider_docstrings.txt` lists them)"""


def facts(made: Run, shipped: Run) -> dict[str, Any]:
    """What every card tells of a run."""
    records, config = made.records(), made.config
    return {
        "parameters": count_parameters(shipped.load_model()),
        "layers": f"{config.model.num_encoder_layers} + {config.model.num_decoder_layers}",
        "d_model": config.model.d_model,
        "d_ff": config.model.d_ff,
        "vocabulary": config.model.vocab_size,
        "limit": config.model.max_len - 1,
        "seed": config.training.seed,
        "steps": config.training.steps,
        "tokens": sum(record.tokens for record in records) / 1e6,
        "minutes": sum(record.seconds for record in records) / 60,
        "decay": config.training.average_decay,
        "torch": config.versions["torch"],
        "pairs": config.corpus["pairs"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows with the same columns, as Markdown."""
    head = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    cells = [[f"{c:.2f}" if isinstance(c, float) else str(c) for c in r.values()] for r in rows]
    return "\n".join(head + [f"| {' | '.join(row)} |" for row in cells])


def translations(shipped: Run, splits: list[str], length_penalty: float) -> dict[str, Any]:
    """What the card of a translator tells beside."""
    beam = partial(beam_search, beam_size=5, length_penalty=length_penalty)
    model, rows = shipped.load_model(), []
    for split in splits:
        scorer = Scorer(shipped, split)
        for way, decode in {"greedy": greedy_decode, "beam of 5": beam}.items():
            scores = scorer.scores(translate(model, shipped.tokenizer, scorer.sources, decode))
            rows.append({"split": split, "decoding": way, **scores})
            print(rows[-1], flush=True)
    return {
        "source": LANGUAGES[shipped.config.corpus["source"]],
        "target": LANGUAGES[shipped.config.corpus["target"]],
        "example": corpus_of(shipped)["validation"]["source"][0],
        "alpha": length_penalty,
        "table": table(rows),
    }


def summaries(made: Run, shipped: Run, splits: list[str]) -> dict[str, Any]:
    """What the card of a summarizer tells beside. The nearest text is one that it learned from."""
    corpus, rows = corpus_of(made), []
    for split in splits:
        sources, references = list(corpus[split]["source"]), list(corpus[split]["target"])
        found_by = of_run(shipped, sources, references, CONSENSUS)
        systems = {f"this model, {found['decoding']}": found for found in found_by}
        for name, texts in baselines(corpus, split, made.config.corpus["name"]).items():
            systems[name] = scored(texts, references)
        for name, found in systems.items():
            scores = {kind: found[kind] for kind in ("rouge_1", "rouge_2", "rouge_l", "words")}
            rows.append({"split": split, "": name, **scores})
            print(rows[-1], flush=True)
    more = ""
    if made.config.corpus["name"] != shipped.config.corpus["name"]:
        pins = (HERE / "wider_docstrings.txt").read_text(encoding="utf-8")
        more = WIDER.format(packages=pins.count("=="))
    return {
        "packages": len(PACKAGES["train"].keys() - {STDLIB}),
        "more": more,
        "consensus": CONSENSUS,
        "signature": SIGNATURE,
        "table": table(rows),
    }


def as_on(made: Run, name: str) -> Run:
    """The run as one on a corpus that it is judged by as well, but did not learn from alone."""
    corpus, own = load_corpus(name), corpus_of(made)
    judged_by = [(split, side) for split in ("validation", "test") for side in ("source", "target")]
    if any(list(corpus[split][side]) != list(own[split][side]) for split, side in judged_by):
        raise typer.BadParameter("validation or test is not the run's", param_hint="--corpus")
    learned = {"learned_from": made.config.corpus["fingerprint"]}
    spec = {"name": name, "source": None, "target": None, "fingerprint": corpus_fingerprint(corpus)}
    config = dataclasses.replace(made.config, corpus=made.config.corpus | learned | spec)
    return Run(made.folder, config, made.tokenizer)


def main(
    run: Path,
    name: str,
    command: Annotated[str, typer.Option(help="What made the run.")],
    length_penalty: Annotated[
        float | None, typer.Option(help="Of a translator's beam, as chosen on validation.")
    ] = None,
    split: Annotated[list[str] | None, typer.Option(help="Splits to score.")] = None,
    corpus: Annotated[
        str | None, typer.Option(help="What users have of the run's corpus, if not all.")
    ] = None,
) -> None:
    made, splits = Run.open(run), split or ["validation"]
    if made.config.task == "translation" and length_penalty is None:
        raise typer.BadParameter("a translator's card tells it", param_hint="--length-penalty")

    def card(shipped: Run) -> str:
        if made.config.task == "summarization":
            template, more = "model_card_summaries.md", summaries(made, shipped, splits)
        else:
            assert length_penalty is not None
            template, more = "model_card.md", translations(shipped, splits, length_penalty)
        text = (HERE / template).read_text(encoding="utf-8")
        return text.format(name=name, command=command, **facts(made, shipped), **more)

    ship(as_on(made, corpus) if corpus else made, FOLDER / name, card)


if __name__ == "__main__":
    typer.run(main)
