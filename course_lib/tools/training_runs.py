"""What `course train` does: a run from its first step to its last, whatever comes between."""

import dataclasses
import itertools
import math
import platform
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tokenizers
import torch

import course_lib
from course_lib.batching import Pair, bucket
from course_lib.bpe_dropout import BpeDropout
from course_lib.checkpoints import Run, RunConfig, hold, must_be_free
from course_lib.corpora import corpus_fingerprint, corpus_note, load_corpus
from course_lib.errors import CorpusError, CourseError, DivergedError, RunError
from course_lib.models import count_parameters
from course_lib.summarization import as_read
from course_lib.tokenization import PAD_ID, Tokenizer
from course_lib.tools.recipes import Recipe
from course_lib.tools.runs import corpus_of, say
from course_lib.tools.terminal import progress_bar, stop_noted
from course_lib.training import Pairs, Record, Trainer, pairs_of, validation_loss

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

SAVE_EVERY_SECONDS = 60.0
VALIDATIONS = 10  # in a run


@dataclass(frozen=True)
class Budget:
    """How long to train: exactly one of the three is set."""

    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        given = {k: v for k, v in dataclasses.asdict(self).items() if v is not None}
        if len(given) != 1:
            raise CourseError(
                "give exactly one of --minutes, --steps and --epochs, "
                f"got {' and '.join('--' + name for name in given) or 'none'}"
            )
        for name, value in given.items():
            if not 0 < value < math.inf:
                limit = "finite" if value > 0 else "above 0"
                raise CourseError(f"--{name} must be {limit}, got {value}")


def sides_of(split: "Dataset", task: str) -> tuple[list[str], list[str]]:
    """The texts that a model is to read, and those that it is to write."""
    sources, targets = list(split["source"]), list(split["target"])
    return [as_read(text) for text in sources] if task == "summarization" else sources, targets


def encode_split(
    corpus: "DatasetDict", split: str, tokenizer: Tokenizer, max_len: int, task: str
) -> list[Pair]:
    """Token ids of a split. Of a text to summarize, what is too long for the model is cut off.

    Raises CorpusError if another text is longer than the model reads.
    """
    sources, targets = map(tokenizer.encode_batch, sides_of(corpus[split], task))
    if task == "summarization":
        sources = cut_sources(sources, max_len - 1, split)
    pairs = list(zip(sources, targets, strict=True))
    long = [i for i, pair in enumerate(pairs) if max(map(len, pair)) >= max_len]
    if long:
        worst = max(long, key=lambda i: max(map(len, pairs[i])))
        raise CorpusError(
            f"{split}: {len(long)} of {len(pairs)} pairs are longer than the limit of "
            f"{max_len - 1} tokens; the longest, row {worst + 1}, has "
            f"{max(map(len, pairs[worst]))}: shorten or remove them, or raise --max-length"
        )
    return pairs


def examples(
    config: RunConfig, corpus: "DatasetDict", tokenizer: Tokenizer
) -> tuple[Pairs, list[Pair]]:
    """What a run learns, and what it is validated on."""
    pairs, held_out = (
        encode_split(corpus, split, tokenizer, config.model.max_len, config.task)
        for split in ("train", "validation")
    )
    if not config.training.bpe_dropout:
        return pairs, held_out
    sources, _ = sides_of(corpus["train"], config.task)
    p, seed, limit = config.training.bpe_dropout, config.training.seed, config.model.max_len
    return BpeDropout(tokenizer, sources, pairs, p, seed, limit), held_out


def cut_sources(sources: list[list[int]], limit: int, split: str) -> list[list[int]]:
    """The first tokens of each source, and a word about those that had more."""
    longer = [len(source) for source in sources if len(source) > limit]
    if longer:
        say(
            f"note: {split}: {len(longer):,} of {len(sources):,} sources have more than {limit} "
            f"tokens (up to {max(longer):,}); the rest of them is not read. --max-length reads more"
        )
    return [source[:limit] for source in sources]


def next_folder(parent: Path, name: str) -> Path:
    """The first of name-1, name-2, … that does not exist."""
    return next(p for n in itertools.count(1) if not (p := parent / f"{name}-{n}").exists())


def train(task: str, recipe: Recipe, folder: Path | None, device: torch.device) -> Run:
    """Train a new model for "translation" or "summarization". Returns its run."""
    recipe = recipe.on(device)
    training = recipe.training_config(1, VALIDATIONS)
    budget = Budget(recipe.minutes, recipe.steps, recipe.epochs)
    folder = folder or next_folder(Path("runs"), f"{task}-{Path(recipe.corpus).stem}")
    must_be_free(folder)
    corpus = load_corpus(recipe.corpus, source=recipe.source, target=recipe.target)
    if note := corpus_note(recipe.corpus, corpus):
        say(f"note: {note}")
    train = corpus["train"]
    tokenizer = Tokenizer.train(itertools.chain(*sides_of(train, task)), recipe.vocab_size)
    model = recipe.model_config(tokenizer.vocab_size, PAD_ID)
    config = RunConfig(
        task=task,
        corpus={
            "name": recipe.corpus,
            "source": recipe.source,
            "target": recipe.target,
            "fingerprint": corpus_fingerprint(corpus),
            "from": train.info.description,
            "pairs": len(train),
        },
        model=model,
        training=training,
        copying=recipe.copying,
        versions=versions(),
        threads=torch.get_num_threads(),
        device=device.type,
    )
    pairs, held_out = examples(config, corpus, tokenizer)
    with hold(folder):
        steps = count_steps(budget, config, pairs, held_out, device)
        training = recipe.training_config(steps, VALIDATIONS)
        # Only now: stopped before, there is no run yet that could be resumed with other steps.
        run = Run.create(folder, dataclasses.replace(config, training=training), tokenizer)
        say(
            f"{len(train):,} pairs, {tokenizer.vocab_size:,} tokens in the vocabulary; "
            f"run in {folder}"
        )
        trainer = new_trainer(run.config, pairs, held_out, device)
        say(
            f"{count_parameters(trainer.model):,} parameters, {steps:,} steps, on {device} in "
            f"{training.precision}"
        )
        run_to_the_end(run, trainer, [])
    return run


def resume(folder: Path, device: torch.device) -> Run:
    """Go on with a run from its last save, on a CPU to the weights that it would have had."""
    run = Run.open(folder)
    spec, corpus = run.config.corpus, corpus_of(run)
    if corpus_fingerprint(corpus) != spec["fingerprint"]:
        raise RunError(
            f"the corpus {spec['name']} is not the one that {folder} was started with (its "
            "fingerprint differs): restore it, or start a new run"
        )
    pairs, held_out = examples(run.config, corpus, run.tokenizer)
    with hold(folder):
        trainer = new_trainer(run.config, pairs, held_out, device)
        records = run.restore(trainer)
        if trainer.is_finished():
            say(f"{folder} is finished: {finish(trainer)}")
            return run
        for difference in differences(run.config, device):
            say(f"note: {difference}: the weights will be as good, but not the same bit for bit")
        say(f"going on from step {trainer.step:,} of {run.config.training.steps:,}")
        run_to_the_end(run, trainer, records)
    return run


def versions() -> dict[str, str]:
    return {
        "course": course_lib.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "tokenizers": tokenizers.__version__,
    }


def differences(config: RunConfig, device: torch.device) -> list[str]:
    """What decides the last bits of the weights, and is not as it was."""
    there = (config.threads, config.device, config.versions.get("torch"))
    here = (torch.get_num_threads(), device.type, torch.__version__)
    names = ("number of threads", "device", "torch")
    rows = zip(names, there, here, strict=True)
    found = [f"{name} {now} instead of {then}" for name, then, now in rows if then != now]
    # A run keeps the state of the CPU's random numbers alone.
    return found + [f"dropout is drawn afresh on {device}"] * (device.type != "cpu")


def new_trainer(
    config: RunConfig, pairs: Pairs, held_out: list[Pair], device: torch.device
) -> Trainer:
    """A trainer at its very start: the seed decides the weights, the data order and the dropout."""
    torch.manual_seed(config.training.seed)
    return Trainer(config.new_model().to(device), pairs, config.training, held_out)


def count_steps(
    budget: Budget,
    config: RunConfig,
    pairs: Pairs,
    held_out: list[Pair],
    device: torch.device,
) -> int:
    """Turn the budget into a number of steps; minutes are timed on a model that is thrown away."""
    if budget.steps:
        return budget.steps
    if budget.epochs:
        first = pairs_of(pairs, epoch=0)
        batches = bucket(first, config.training.batch_tokens, config.training.seed)
        return max(1, round(budget.epochs * len(batches) / config.training.accumulate))
    assert budget.minutes
    say("timing a short warm-up …")
    seconds = budget.minutes * 60
    started = time.perf_counter()
    training = dataclasses.replace(config.training, steps=1_000_000, validate_every=0, patience=0)
    trainer = new_trainer(dataclasses.replace(config, training=training), pairs, held_out, device)
    times = []
    for record in trainer.steps():
        times.append(record.seconds)
        if time.perf_counter() - started > min(20.0, seconds / 10):
            break
    steady = times[len(times) // 4 :]  # the first steps are slower
    warmed_up = time.perf_counter()
    validation_loss(trainer.averaged, held_out)
    now = time.perf_counter()
    left = seconds - (now - started) - (VALIDATIONS + 1) * (now - warmed_up)
    # Saving takes its share, too.
    return max(1, int(0.97 * left * len(steady) / sum(steady)))


def run_to_the_end(run: Run, trainer: Trainer, records: list[Record]) -> None:
    """Train with a progress bar, saving once a minute, at the end, and when told to stop."""
    run.save(trainer, records)
    saved_at, saved_step = time.monotonic(), trainer.step
    try:
        with stop_noted() as told_to_stop:
            for record in progress_bar(trainer.steps(), trainer.step, trainer.config.steps):
                records.append(record)
                if stop := told_to_stop():
                    run.save(trainer, records)
                    say(f"stopped and saved at step {trainer.step:,}: {go_on(run)}")
                    raise KeyboardInterrupt if stop == signal.SIGINT else SystemExit(128 + stop)
                if time.monotonic() - saved_at > SAVE_EVERY_SECONDS:
                    run.save(trainer, records)
                    saved_at, saved_step = time.monotonic(), trainer.step
    except DivergedError as error:
        raise DivergedError(
            f"{error}: stopped. {run.folder} has step {saved_step:,}, the last good save; train "
            f"anew with a --peak-rate below {trainer.config.peak_rate:g}"
        ) from error
    run.save(trainer, records)
    say(f"{finish(trainer)}; saved in {run.folder}")


def go_on(run: Run) -> str:
    return f"`--resume {run.folder}` goes on"


def finish(trainer: Trainer) -> str:
    """Where a training has ended, and how well."""
    config = trainer.config
    done = f"all {trainer.step:,} steps are done"
    if trainer.step < config.steps:
        done = (
            f"stopped at step {trainer.step:,} of {config.steps:,}, since {config.patience} "
            "validations in a row brought nothing better"
        )
    best = f"{trainer.best_loss:.3f} nats a token, at step {trainer.best_step:,}"
    return f"{done}; best validation loss {best}"
