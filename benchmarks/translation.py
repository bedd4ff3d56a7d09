"""How well does a model translate Multi30k, by each way of scoring that figures were published in?

    COURSE_DATA=FOLDER python benchmarks/translation.py RUN --length-penalty 0.6 --length-penalty 1
    COURSE_DATA=FOLDER python benchmarks/translation.py RUN --length-penalty 1 --split test

RUN is the folder of a run, or the name of a model that comes with the course. A figure of one
column can't be compared with one of another:

  13a      cased, as it is written; sacrebleu cuts it into words
  Moses    lowercased, punctuation normalised, cut by Moses' rules (sacremoses): Wu et al. (2021)
  spaCy    lowercased, cut by spaCy's English rules: pytorch-seq2seq; into English only

A model of `tokenised.py` writes Moses' tokens: with --tokenised they are scored as they stand.
"""

import gzip
import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sacrebleu.metrics import BLEU
from sacremoses import MosesPunctNormalizer, MosesTokenizer

from course_lib.checkpoints import Run
from course_lib.decoding import beam_search, greedy_decode, translate
from course_lib.metrics import translation_scores
from course_lib.pretrained import pretrained_names, pretrained_run
from course_lib.tools.runs import corpus_of

# In the archive of tokenised texts: lowercased, normalised, tokenised by Moses.
PUBLISHED = "multi30k_tokenised/{}.lc.norm.tok.{}.gz"
FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}

console = Console(width=100)


def moses(language: str) -> Callable[[str], str]:
    """Lowercased words and signs with spaces between them."""
    normalizer, tokenizer = MosesPunctNormalizer(language), MosesTokenizer(language)
    return lambda text: tokenizer.tokenize(normalizer.normalize(text.lower()), return_str=True)


def spacy_words() -> Callable[[str], str]:
    """The same by spaCy's rules for English, which need no trained model."""
    import spacy

    cut = spacy.blank("en").tokenizer
    return lambda text: " ".join(token.text.lower() for token in cut(text) if token.text.strip())


def tokenised_bleu(hypotheses: list[str], references: list[str]) -> float:
    return BLEU(tokenize="none", force=True).corpus_score(hypotheses, [references]).score


def half_interval(hypotheses: list[str], references: list[str], resamples: int) -> float:
    """How far to each side BLEU's 95 % interval reaches, over sentences drawn anew so many times.

    Bootstrap resampling, Koehn (2004): what other such sentences might have said of this model.
    """
    bleu = BLEU(tokenize="none", force=True)
    found = bleu.corpus_score(hypotheses, [references], n_bootstrap=resamples)
    signature = str(bleu.get_signature())
    return float(json.loads(found.format(is_json=True, signature=signature))["confidence_var"])


def num_words(texts: list[str]) -> int:
    return sum(len(text.split()) for text in texts)


def published_lines(split: str, language: str) -> list[str]:
    """One side of a split of the published archive. Raises OSError if it is not there."""
    file = Path(os.environ.get("COURSE_DATA", ".")) / PUBLISHED.format(FILES[split], language)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n") for line in lines]


def compare_with_published(ours: list[str], split: str, language: str) -> str:
    """How many of our tokenised references are those of the published archive, if it is there."""
    try:
        published = published_lines(split, language)
    except FileNotFoundError:
        return "not compared: no multi30k_tokenised in COURSE_DATA"
    same = sum(a == b for a, b in zip(ours, published, strict=True))
    return f"{same:,} of {len(published):,} the same as in the published archive"


class Scorer:
    """The references of a split, cut in each way, and what hypotheses score against them."""

    def __init__(self, run: Run, split: str, *, tokenised: bool = False, resamples: int = 0):
        data = corpus_of(run)[split]
        self.sources, self.references = list(data["source"]), list(data["target"])
        language = run.config.corpus["target"] or "de"
        self.tokenised, self.resamples = tokenised, resamples
        self.cuts = {"Moses": str if tokenised else moses(language)}
        if language == "en" and not tokenised:
            self.cuts["spaCy"] = spacy_words()
        self.cut_references = {
            name: [cut(text) for text in self.references] for name, cut in self.cuts.items()
        }
        tokens = num_words(self.cut_references["Moses"])
        same = compare_with_published(self.cut_references["Moses"], split, language)
        self.about = f"{split}: {len(self.sources):,} sentences, {tokens:,} tokens of Moses; {same}"

    def scores(self, hypotheses: list[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        if not self.tokenised:
            cased = translation_scores(hypotheses, self.references)
            found = {"13a": cased.bleu, "chrF": cased.chrf}
        for name, cut in self.cuts.items():
            pair = [cut(text) for text in hypotheses], self.cut_references[name]
            found[name] = tokenised_bleu(*pair)
            found[f"length ({name})"] = num_words(pair[0]) / num_words(pair[1])
            if self.resamples > 1:
                found[f"± ({name})"] = half_interval(*pair, self.resamples)
        return found


def main(
    run: Annotated[str, typer.Argument(help="A run's folder, or a pretrained model's name.")],
    split: Annotated[str, typer.Option(help="validation or test.")] = "validation",
    beam: Annotated[list[int] | None, typer.Option(help="Sizes of the beam.")] = None,
    length_penalty: Annotated[list[float] | None, typer.Option(help="Alphas to try.")] = None,
    samples: Annotated[int, typer.Option(help="So many translations are shown.")] = 0,
    tokenised: Annotated[
        bool, typer.Option("--tokenised", help="Score texts as they are.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=0, help="Draw the sentences anew so often.")] = 0,
) -> None:
    opened = pretrained_run(run) if run in pretrained_names() else Run.open(Path(run))
    scorer = Scorer(opened, split, tokenised=tokenised, resamples=resamples)
    console.print(scorer.about)
    ways: dict[str, Callable[..., list[list[int]]]] = {"greedy": greedy_decode}
    for size in beam or [5]:
        for alpha in length_penalty or [0.6]:
            decode = partial(beam_search, beam_size=size, length_penalty=alpha)
            ways[f"beam {size}, alpha {alpha:g}"] = decode
    model, rows = opened.load_model(), {}
    hypotheses: list[str] = []
    for name, decode in ways.items():
        started = time.perf_counter()
        hypotheses = translate(model, opened.tokenizer, scorer.sources, decode)
        speed = len(hypotheses) / (time.perf_counter() - started)
        rows[name] = scorer.scores(hypotheses) | {"sentences/s": speed}
    table = Table("", *next(iter(rows.values())), title=f"{run}: BLEU")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.2f}" for value in row.values()))
    console.print(table)
    for i in range(samples):
        console.print(f"{scorer.sources[i]}\n  {hypotheses[i]}\n  ({scorer.references[i]})")


if __name__ == "__main__":
    typer.run(main)
