"""What `course evaluate` says of a run: BLEU of translations, ROUGE of summaries."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from course_lib.baselines import DEFINITION, Nearest, lead, words_of_name
from course_lib.checkpoints import Run
from course_lib.corpora import corpus_fingerprint
from course_lib.decoding import Decoding, greedy_decode, translate
from course_lib.errors import CourseError
from course_lib.metrics import translation_scores
from course_lib.rouge import SIGNATURE, SummaryScores, summary_scores
from course_lib.summarization import summarize
from course_lib.tools.lines import fault
from course_lib.tools.runs import corpus_of, say

if TYPE_CHECKING:
    from datasets import DatasetDict

LEAD = {"dialogsum": 3}  # sentences, where the first alone is seldom more than a greeting


def report(
    run: Run, split: str, device: torch.device, decoding: Decoding = (greedy_decode, None)
) -> Iterator[str]:
    """Decode a split of the run's own corpus, score it, and give the lines to print."""
    corpus = corpus_of(run)
    if corpus_fingerprint(corpus) != run.config.corpus["fingerprint"]:
        say(f"note: the corpus {run.config.corpus['name']} has changed since this run was trained")
    if split not in corpus:
        raise CourseError(f"--split must be one of {', '.join(corpus)}, got {split!r}")
    sources, references = list(corpus[split]["source"]), list(corpus[split]["target"])
    model, summing_up = run.load_model(device), run.config.task == "summarization"
    for number, source in enumerate([] if summing_up else sources, start=1):
        if found := fault(source, run.tokenizer, model.config.max_len):
            raise CourseError(f"{split}, row {number} {found}")
    started = time.perf_counter()
    write = summarize if summing_up else translate
    hypotheses = write(model, run.tokenizer, sources, *decoding)
    speed = len(sources) / (time.perf_counter() - started)
    yield f"{len(sources):,} texts, {speed:,.0f} a second"
    if not summing_up:
        scores = translation_scores(hypotheses, references)
        yield f"BLEU {scores.bleu:.2f}  {scores.bleu_signature}"
        yield f"chrF {scores.chrf:.2f}  {scores.chrf_signature}"
        return
    yield "ROUGE-1  ROUGE-2  ROUGE-L"
    yield row("the model", summary_scores(hypotheses, references))
    for name, summaries in baselines(corpus, split, run.config.corpus["name"]).items():
        yield row(name, summary_scores(summaries, references))
    yield SIGNATURE


def row(name: str, scores: SummaryScores) -> str:
    return f"{scores.rouge_1:7.2f}  {scores.rouge_2:7.2f}  {scores.rouge_l:7.2f}  {name}"


def baselines(corpus: "DatasetDict", split: str, name: str) -> dict[str, list[str]]:
    """Summaries of a split that need no model, by what they are."""
    sources, count = list(corpus[split]["source"]), LEAD.get(name, 1)
    train = corpus["train"]
    nearest = Nearest(list(train["source"]), list(train["target"]))
    found = {
        f"lead: the first {f'{count} sentences' if count > 1 else 'sentence'}": [
            lead(source, count) for source in sources
        ],
        "the summary of the most similar text in training": nearest(sources),
    }
    if all(DEFINITION.match(source) for source in sources):
        found["the words of the function's own name"] = [words_of_name(s) for s in sources]
    return found
