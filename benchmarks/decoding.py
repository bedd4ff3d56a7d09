"""How fast do we translate, against the same weights without caches, and in CTranslate2?

    COURSE_DATA=FOLDER python benchmarks/decoding.py RUN [--threads 2] [--repeats 3]

RUN is the folder of a trained model; its corpus is translated, greedily and with a beam of 5, from
strings to strings (tokenizers included), with several sizes of batch. Without caches, one sentence
at a time, only every tenth sentence is translated. All ways take turns in one process, `--repeats`
times; the median counts, and each way's best size. Then the outputs are compared: where greedy
ones differ from CTranslate2's, how far apart our model sees the two words at that place. Appends a
line of JSON to records/decoding.jsonl. Needs the extra `bench`.
"""

import datetime
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import ctranslate2
import torch
import typer
from rich.console import Console
from rich.table import Table
from to_ctranslate2 import convert, vocabulary

from course_lib.batching import make_source
from course_lib.checkpoints import Run
from course_lib.decoding import (
    RereadPrefixes,
    beam_search,
    greedy_decode,
    length_limits,
    score,
    translate,
)
from course_lib.decoding.translation import similar_lengths
from course_lib.metrics import translation_scores
from course_lib.models import Transformer
from course_lib.tokenization import BOS_ID, EOS_ID, Tokenizer
from course_lib.tools.runs import corpus_of

RECORDS = Path(__file__).parent / "records" / "decoding.jsonl"
LEAST_SAME, LARGEST_GAP = 0.995, 1e-3  # of greedy sentences; in nats, for a tie
EVERY = 10

Ids = list[list[int]]
Way = tuple[str, int, int]  # engine, beam size, size of a batch


def their_ids(
    engine: ctranslate2.Translator,
    names: list[str],
    ids: Ids,
    beam_size: int,
    size: int,
    limit: int,
) -> Ids:
    """Token ids that CTranslate2 writes, with `size` sentences of similar length a batch.

    Its limit is one for all: the largest of ours, so that nothing runs on for long.
    """
    outputs = engine.translate_batch(
        _words(names, ids),
        max_batch_size=size,
        beam_size=beam_size,
        length_penalty=0.6,
        max_decoding_length=limit,
    )
    place = {name: i for i, name in enumerate(names)}
    return [[place[name] for name in output.hypotheses[0]] for output in outputs]


def _words(names: list[str], ids: Ids) -> list[list[str]]:
    return [[names[i] for i in sentence] for sentence in ids]


def our_decode(beam_size: int, **options: type[RereadPrefixes]) -> Callable[..., Ids]:
    if beam_size == 1:
        return partial(greedy_decode, **options)
    return partial(beam_search, beam_size=beam_size, **options)


def make_ways(
    model: Transformer, tokenizer: Tokenizer, engine: ctranslate2.Translator, sources: list[str]
) -> dict[Way, Callable[[], list[str]]]:
    """Every way of translating `sources` that is timed."""
    names = vocabulary(tokenizer)
    limit = max(our_limits(model, tokenizer.encode_batch(sources)))

    def theirs(beam_size: int, size: int) -> list[str]:
        ids = tokenizer.encode_batch(sources)
        outputs = their_ids(engine, names, ids, beam_size, size, limit)
        return [tokenizer.decode(output).strip() for output in outputs]

    def ours(beam_size: int, tokens: int) -> list[str]:
        return translate(model, tokenizer, sources, our_decode(beam_size), batch_tokens=tokens)

    def uncached(beam_size: int) -> list[str]:
        decode = our_decode(beam_size, prefixes=RereadPrefixes)
        return [translate(model, tokenizer, [s], decode)[0] for s in sources[::EVERY]]

    ways: dict[Way, Callable[[], list[str]]] = {}
    for beam_size, our_sizes in ((1, (1_000, 2_000, 4_000, 8_000)), (5, (1_000, 2_000, 4_000))):
        ways["uncached, one by one", beam_size, 1] = partial(uncached, beam_size)
        for size in our_sizes:
            ways["ours, source tokens", beam_size, size] = partial(ours, beam_size, size)
        for size in (32, 64, 128, 256):
            ways["CTranslate2, sentences", beam_size, size] = partial(theirs, beam_size, size)
    return ways


def gaps(model: Transformer, sources: Ids, ours: Ids, theirs: Ids) -> list[float]:
    """Where outputs first differ: how far apart our model sees the two tokens, in nats."""
    found = []
    for source, a, b in zip(sources, ours, theirs, strict=True):
        if a != b:
            mine, other = [*a, EOS_ID], [*b, EOS_ID]
            at = next(
                i for i, pair in enumerate(zip(mine, other, strict=False)) if pair[0] != pair[1]
            )
            read = torch.tensor([[BOS_ID, *mine[:at]]])
            with torch.inference_mode():
                log_probs = model(make_source([source]), read)[0, -1].log_softmax(dim=-1)
            found.append(abs((log_probs[mine[at]] - log_probs[other[at]]).item()))
    return found


def largest_difference(
    model: Transformer, engine: ctranslate2.Translator, names: list[str], ids: Ids, outputs: Ids
) -> float:
    """How far our log-probabilities of whole outputs are from theirs, in nats."""
    ours = score(model, make_source(ids), outputs)
    scored = engine.score_batch(_words(names, ids), _words(names, outputs))
    theirs = torch.tensor([sum(each.log_probs) for each in scored])
    return (ours - theirs).abs().max().item()


def best(seconds: dict[Way, list[float]], engine: str, beam_size: int) -> tuple[Way, float]:
    """An engine's fastest size of batch, and its median time."""
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    mine = [way for way in medians if way[0].startswith(engine) and way[1] == beam_size]
    way = min(mine, key=lambda way: medians[way])
    return way, medians[way]


def main(
    run: Annotated[Path, typer.Argument(help="The folder of a trained model.")],
    split: Annotated[str, typer.Option(help="What to translate.")] = "validation",
    threads: Annotated[int, typer.Option(help="For both engines.")] = 2,
    repeats: Annotated[int, typer.Option(help="How often each way is timed.")] = 3,
    sentences: Annotated[int, typer.Option(help="The first so many of the split.")] = 1_000_000,
) -> None:
    torch.set_num_threads(threads)
    opened = Run.open(run)
    model, tokenizer, corpus = opened.load_model(), opened.tokenizer, corpus_of(opened)[split]
    corpus = corpus.select(range(min(sentences, len(corpus))))
    sources, references = list(corpus["source"]), list(corpus["target"])
    ids, names = tokenizer.encode_batch(sources), vocabulary(tokenizer)

    with tempfile.TemporaryDirectory() as folder:
        engine = convert(model, tokenizer, Path(folder))
        ways = make_ways(model, tokenizer, engine, sources)
        seconds: dict[Way, list[float]] = {way: [] for way in ways}
        outputs: dict[Way, list[str]] = {}
        for _ in range(repeats):
            for way, go in ways.items():
                started = time.perf_counter()
                outputs[way] = go()
                seconds[way].append((time.perf_counter() - started) / len(outputs[way]))
        greedy = our_ids(model, ids)
        limits = our_limits(model, ids)
        theirs = their_ids(engine, names, ids, 1, 64, max(limits))
        theirs = [output[:limit] for output, limit in zip(theirs, limits, strict=True)]
        ended = [i for i, output in enumerate(greedy) if len(output) < limits[i]][:100]
        some, written = [ids[i] for i in ended], [greedy[i] for i in ended]
        difference = largest_difference(model, engine, names, some, written)

    record = {
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
        "ctranslate2": ctranslate2.__version__,
        "processor": processor(),
        "threads": threads,
        "repeats": repeats,
        "steps": opened.config.training.steps,
        "sentences": len(sources),
        "same": sum(a == b for a, b in zip(greedy, theirs, strict=True)) / len(sources),
        "gaps": [round(gap, 8) for gap in gaps(model, ids, greedy, theirs)],
        "largest_difference": difference,
        "speeds": [
            {
                "engine": engine_name,
                "beam": beam_size,
                "batch": size,
                "sentences_per_second": [round(1 / each, 1) for each in times],
            }
            for (engine_name, beam_size, size), times in seconds.items()
        ],
        "best": {},
    }
    console = Console(width=100)
    for beam_size in (1, 5):
        table = Table(title="greedy" if beam_size == 1 else f"beam of {beam_size}")
        for column in (
            "engine, unit of a batch",
            "best size",
            "sentences/s",
            "ours over it",
            "BLEU",
        ):
            table.add_column(column, justify="left" if column.startswith("engine") else "right")
        _, our_time = best(seconds, "ours", beam_size)
        for name in ("ours", "uncached", "CTranslate2"):
            way, time_each = best(seconds, name, beam_size)
            whole = len(outputs[way]) == len(references)
            bleu = f"{translation_scores(outputs[way], references).bleu:.2f}" if whole else ""
            ratio = f"{time_each / our_time:.2f}"
            table.add_row(way[0], str(way[2]), f"{1 / time_each:,.0f}", ratio, bleu)
            record["best"][f"{name}, beam {beam_size}"] = [way[2], round(1 / time_each, 1), bleu]
        console.print(table)
    console.print(
        f"greedy: {record['same']:.2%} of {len(sources)} sentences the same; {record['gaps']}"
    )
    console.print(f"log-probabilities of whole sentences at most {difference:.1e} nats apart")
    RECORDS.parent.mkdir(exist_ok=True)
    with RECORDS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    if record["same"] < LEAST_SAME or max(record["gaps"], default=0.0) > LARGEST_GAP:
        raise SystemExit("the outputs differ by more than ties")


def our_ids(model: Transformer, ids: Ids) -> Ids:
    """Our greedy outputs as token ids."""
    outputs: Ids = [[] for _ in ids]
    for batch in similar_lengths(range(len(ids)), [len(each) for each in ids], 2_000):
        decoded = greedy_decode(model, make_source([ids[i] for i in batch]))
        for i, output in zip(batch, decoded, strict=True):
            outputs[i] = output
    return outputs


def our_limits(model: Transformer, ids: Ids) -> list[int]:
    """The longest output that each sentence may have."""
    return length_limits(make_source(ids), model.config.max_len).tolist()


def processor() -> str:
    """What the machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    typer.run(main)
