"""What `course train`, `course evaluate` and `course translate` do."""

import dataclasses
import itertools
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tokenizers
import torch
from tqdm import tqdm

import course_lib
from course_lib.batching import Pair, bucket
from course_lib.checkpoints import Run, RunConfig
from course_lib.corpora import corpus_fingerprint, load_corpus
from course_lib.decoding import Decoding, greedy_decode, translate
from course_lib.errors import CorpusError, CourseError, RunError
from course_lib.metrics import TranslationScores, translation_scores
from course_lib.models import Transformer, TransformerConfig, count_parameters
from course_lib.tokenization import PAD_ID, Tokenizer
from course_lib.training import Record, Trainer, TrainingConfig, validation_loss

if TYPE_CHECKING:
    from datasets import DatasetDict

MAX_LEN = 512
SAVE_EVERY_SECONDS = 60.0
BAR = "{percentage:3.0f} % |{bar:24}| {n_fmt}/{total_fmt} steps, {remaining} left{postfix}"


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
            if value <= 0:
                raise CourseError(f"--{name} must be above 0, got {value}")


def pick_device(name: str) -> torch.device:
    """`auto` takes a GPU if there is one. Raises CourseError if the device is not to be had."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if name not in available:
        raise CourseError(f"--device must be auto, cpu, cuda or mps, got {name!r}")
    if not available[name]:
        raise CourseError(f"--device {name}: PyTorch finds no such device here; leave --device out")
    return torch.device(name)


def encode_split(
    corpus: "DatasetDict", split: str, tokenizer: Tokenizer, max_len: int = MAX_LEN
) -> list[Pair]:
    """Token ids of a split. Raises CorpusError if a text is longer than the model reads."""
    columns = [tokenizer.encode_batch(corpus[split][side]) for side in ("source", "target")]
    pairs = list(zip(*columns, strict=True))
    long = [i for i, pair in enumerate(pairs) if max(map(len, pair)) >= max_len]
    if long:
        worst = max(long, key=lambda i: max(map(len, pairs[i])))
        raise CorpusError(
            f"{split}: {len(long)} of {len(pairs)} pairs are longer than the limit of "
            f"{max_len - 1} tokens; the longest, row {worst + 1}, has "
            f"{max(map(len, pairs[worst]))}: shorten or remove them, or raise --max-length"
        )
    return pairs


def train_translation(
    corpus_name: str,
    source: str | None,
    target: str | None,
    budget: Budget,
    folder: Path | None,
    seed: int,
    device: torch.device,
    vocab_size: int,
    max_len: int,
) -> Run:
    """Train a new model. Returns its run."""
    corpus = load_corpus(corpus_name, source=source, target=target)
    train = corpus["train"]
    tokenizer = Tokenizer.train(itertools.chain(train["source"], train["target"]), vocab_size)
    model_config = TransformerConfig(tokenizer.vocab_size, max_len=max_len, pad_id=PAD_ID)
    pairs = encode_split(corpus, "train", tokenizer, max_len)
    held_out = encode_split(corpus, "validation", tokenizer, max_len)

    config = RunConfig(
        task="translation",
        corpus={
            "name": corpus_name,
            "source": source,
            "target": target,
            "fingerprint": corpus_fingerprint(corpus),
            "pairs": len(pairs),
        },
        model=model_config,
        training=TrainingConfig(steps=1, seed=seed),
        versions={
            "course": course_lib.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tokenizers": tokenizers.__version__,
        },
        threads=torch.get_num_threads(),
    )
    folder = folder or next_folder(Path("runs"), f"translation-{Path(corpus_name).stem}")
    run = Run.create(folder, config, tokenizer)
    say(f"{len(pairs):,} pairs, {tokenizer.vocab_size:,} tokens in the vocabulary; run in {folder}")
    steps = count_steps(budget, config, pairs, device)
    training = dataclasses.replace(config.training, steps=steps)
    run.write_config(dataclasses.replace(config, training=training))

    trainer = new_trainer(run.config, pairs, device)
    say(f"{count_parameters(trainer.model):,} parameters, {steps:,} steps, on {device}")
    run_to_the_end(run, trainer, [], held_out)
    return run


def resume_translation(folder: Path, device: torch.device) -> Run:
    """Go on with a run from its last save, to the weights it would have had without the stop."""
    run = Run.open(folder)
    spec = run.config.corpus
    corpus = load_corpus(spec["name"], source=spec["source"], target=spec["target"])
    if corpus_fingerprint(corpus) != spec["fingerprint"]:
        raise RunError(
            f"the corpus {spec['name']} is not the one that {folder} was started with (its "
            "fingerprint differs): restore it, or start a new run"
        )
    max_len = run.config.model.max_len
    pairs = encode_split(corpus, "train", run.tokenizer, max_len)
    held_out = encode_split(corpus, "validation", run.tokenizer, max_len)
    trainer = new_trainer(run.config, pairs, device)
    if torch.get_num_threads() != run.config.threads:
        say(
            f"note: {torch.get_num_threads()} threads instead of {run.config.threads}: the weights "
            "will be as good, but not the same bit for bit"
        )
    records = run.restore(trainer)
    if trainer.step == run.config.training.steps:
        say(f"{folder} is finished: all {trainer.step:,} steps are done")
        return run
    say(f"going on from step {trainer.step:,} of {run.config.training.steps:,}")
    run_to_the_end(run, trainer, records, held_out)
    return run


def new_trainer(config: RunConfig, pairs: list[Pair], device: torch.device) -> Trainer:
    """A trainer at its very start: the seed decides the weights, the data order and the dropout."""
    torch.manual_seed(config.training.seed)
    return Trainer(Transformer(config.model).to(device), pairs, config.training)


def count_steps(budget: Budget, config: RunConfig, pairs: list[Pair], device: torch.device) -> int:
    """Turn the budget into a number of steps; minutes are timed on a model that is thrown away."""
    if budget.steps:
        return budget.steps
    if budget.epochs:
        first_epoch = bucket(pairs, config.training.batch_tokens, config.training.seed)
        return max(1, round(budget.epochs * len(first_epoch)))
    assert budget.minutes
    say("timing a short warm-up …")
    seconds = budget.minutes * 60
    started = time.perf_counter()
    warm_up = dataclasses.replace(config.training, steps=1_000_000)
    trainer = new_trainer(dataclasses.replace(config, training=warm_up), pairs, device)
    times = []
    for record in trainer.steps():
        times.append(record.seconds)
        if time.perf_counter() - started > min(20.0, seconds / 10):
            break
    steady = times[len(times) // 4 :]  # the first steps are slower
    left = seconds - (time.perf_counter() - started)
    # Saving and the validation at the end take their share too.
    return max(1, int(0.96 * left * len(steady) / sum(steady)))


def run_to_the_end(run: Run, trainer: Trainer, records: list[Record], held_out: list[Pair]) -> None:
    """Train with a progress bar, saving once a minute, at the end, and when interrupted."""
    run.save(trainer, records)
    saved_at = time.monotonic()
    with interrupt_noted() as interrupted:
        for record in progress_bar(trainer.steps(), trainer.step, trainer.config.steps):
            records.append(record)
            if interrupted():
                run.save(trainer, records)
                say(f"stopped and saved at step {trainer.step:,}: `--resume {run.folder}` goes on")
                raise KeyboardInterrupt
            if time.monotonic() - saved_at > SAVE_EVERY_SECONDS:
                run.save(trainer, records)
                saved_at = time.monotonic()
    run.save(trainer, records)
    loss = validation_loss(trainer.averaged, held_out)
    say(f"validation loss {loss:.3f} nats a token; saved in {run.folder}")


@contextmanager
def interrupt_noted() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a note, so that no step is cut in half; the second one is real."""
    noted = False

    def note(*_: object) -> None:
        nonlocal noted
        noted = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)


def progress_bar(records: Iterable[Record], first: int, total: int) -> Iterator[Record]:
    """Show loss, tokens a second and the time that is left, on standard error."""
    with tqdm(
        total=total,
        initial=first,
        unit="step",
        bar_format=BAR,
    ) as bar:
        loss = speed = 0.0
        for record in records:
            loss = 0.95 * loss + 0.05 * record.loss if loss else record.loss
            rate = record.tokens / record.seconds
            speed = 0.95 * speed + 0.05 * rate if speed else rate
            bar.set_postfix_str(f"loss {loss:.3f}, {speed:,.0f} tokens/s", refresh=False)
            bar.update()
            yield record


def evaluate(
    folder: Path, split: str, device: torch.device, decoding: Decoding = (greedy_decode, None)
) -> tuple[TranslationScores, float]:
    """Translate a split of the run's own corpus and score it. Returns scores and sentences/s."""
    run = Run.open(folder)
    spec = run.config.corpus
    corpus = load_corpus(spec["name"], source=spec["source"], target=spec["target"])
    if corpus_fingerprint(corpus) != spec["fingerprint"]:
        say(f"note: the corpus {spec['name']} has changed since this run was trained")
    if split not in corpus:
        raise CourseError(f"--split must be one of {', '.join(corpus)}, got {split!r}")
    model, sources = run.load_model(device), list(corpus[split]["source"])
    started = time.perf_counter()
    hypotheses = translate(model, run.tokenizer, sources, *decoding)
    seconds = time.perf_counter() - started
    return translation_scores(hypotheses, corpus[split]["target"]), len(sources) / seconds


def next_folder(parent: Path, name: str) -> Path:
    """The first of name-1, name-2, … that does not exist."""
    return next(p for n in itertools.count(1) if not (p := parent / f"{name}-{n}").exists())


def latest_run(parent: Path = Path("runs")) -> Path:
    """The run that was saved last. Raises RunError if there is none."""
    saved = list(parent.glob("*/model.safetensors"))
    if not saved:
        raise RunError(
            f"there is no trained run under {parent.resolve()}: train one with "
            "`course train translation --minutes 3`, or name one with `--run`"
        )
    return max(saved, key=lambda path: path.stat().st_mtime).parent


def say(line: str) -> None:
    """Tell the user something that is not the result itself."""
    print(line, file=sys.stderr, flush=True)
