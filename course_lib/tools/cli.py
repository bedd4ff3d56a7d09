"""The command line. Each command imports what it needs when it runs, so `--help` is quick."""

import errno
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from course_lib.errors import CourseError
from course_lib.tools.environment import project_root

app = typer.Typer(
    name="course",
    help="Attention and the Transformer, from the ground up.",
    add_completion=False,
    rich_markup_mode=None,  # plain help comes three times as fast
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback()
def prepare(context: typer.Context) -> None:
    """Kernels and tests run in other folders than this one. What takes long is said here alone: in
    a notebook the course's modules are quiet."""
    context.with_resource(log_to_stderr())
    if os.environ.get("COURSE_DATA"):
        os.environ["COURSE_DATA"] = str(Path(os.environ["COURSE_DATA"]).expanduser().absolute())


@app.command(context_settings=PASS_ON)
def lab(
    context: typer.Context,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="Open the solved chapters.")
    ] = False,
) -> int:
    """Open the course in JupyterLab. Further options go to it: --no-browser, --port 9999 …"""
    from course_lib.tools.lab import start_lab

    return start_lab(project_root(), solutions, context.args)


ChapterName = Annotated[str, typer.Argument(metavar="CHAPTER", help="03, 3 or 03_heads.")]


@app.command()
def reset(chapter: ChapterName) -> int:
    """Begin your copy of a chapter afresh; the one you have is kept aside."""
    from course_lib.tools import editions

    print(editions.reset(project_root(), chapter))
    return 0


@app.command()
def update(chapter: ChapterName) -> int:
    """Take a chapter's newer edition, with your answers; the copy you have is kept aside."""
    from course_lib.tools import editions

    print(editions.update(project_root(), chapter))
    return 0


@app.command()
def progress() -> int:
    """Show which exercises you have solved."""
    from course_lib.exercises import progress as show_progress

    show_progress(project_root() / "work")
    return 0


@app.command("test", context_settings={"allow_extra_args": True})
def run_tests(
    context: typer.Context,
    fast: Annotated[
        str | None, typer.Option(metavar="NN", help="Only the unit tests and this chapter.")
    ] = None,
) -> int:
    """Check the course itself. Options after `--` go to pytest, for the unit tests."""
    from course_lib.tools.suite import run_suite

    return run_suite(project_root(), fast, context.args)


@app.command()
def doctor() -> int:
    """Say what the course finds on this machine, and what to do about it."""
    from course_lib.tools import environment

    return environment.doctor(project_root())


@app.command()
def build(
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="All, if none is named.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if something is out of date.")
    ] = False,
) -> int:
    """Make both editions of the notebooks from solutions/*.py."""
    from course_lib.tools import authoring

    return authoring.build(project_root(), chapters or [], check)


train = typer.Typer(help="Train a model.", no_args_is_help=True)
app.add_typer(train, name="train")

Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
RunFolder = Annotated[
    Path | None, typer.Option("--run", metavar="DIR", help="A run's folder; by default the latest.")
]


LARGEST_SEED = 2**63 - 1
HOW_IT_TRAINS = """Train a {} model, by default for 10 minutes on the corpus `{}`.

A recipe sets what has no option here; options have the last word. The loss on the validation split
is measured ten times or a few more, and the weights at its lowest are kept.
The same seed gives the same weights, bit for bit, on the same machine with the same number of
threads; another machine, a GPU, or another version of PyTorch gives others that are as good.
"""


@train.command("translation", help=HOW_IT_TRAINS.format("translation", "scenes"))
@train.command("summarization", help=HOW_IT_TRAINS.format("summarization", "docstrings"))
def train_command(
    context: typer.Context,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="scenes, docstrings, multi30k, dialogsum, xsum, or the path of your own file or "
            "folder."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Column to read.")] = None,
    target: Annotated[str | None, typer.Option(help="Column to write.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Train for about this long; by default 10.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Train for so many steps.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Show each pair so many times.")] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to keep it; by default in runs/.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with this run from its last save.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Decides weights, order and dropout.")
    ] = 0,
    peak_rate: Annotated[float, typer.Option(help="The learning rate after warm-up.")] = 3e-3,
    accumulate: Annotated[int, typer.Option(help="Batches that make one step together.")] = 1,
    patience: Annotated[
        int, typer.Option(help="Stop when so many validations in a row bring nothing (0: never).")
    ] = 0,
    vocab_size: Annotated[
        int | None,
        typer.Option(
            show_default=False,
            help="Tokens of the joint vocabulary: 5,000, or 8,000 for summaries.",
        ),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(
            min=2,
            show_default=False,
            help="Longest text, in tokens: 512, or 128 of a text to summarize, whose rest is not "
            "read.",
        ),
    ] = None,
    copying: Annotated[
        bool | None,
        typer.Option(
            "--copying/--plain",
            show_default=False,
            help="With a pointer that copies from the source, as for summaries, or without.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="multi30k-en-de, multi30k-de-en, or a file of your own."),
    ] = None,
    device: Device = "auto",
) -> int:
    """Both commands: the name by which it is called is the task."""
    from course_lib.tools import recipes, training_runs
    from course_lib.tools.runs import pick_device

    task, where = str(context.info_name), pick_device(device)
    given = given_options(context) - {"device", "run", "recipe"}
    if resume is not None:
        if given - {"resume"} or run or recipe:
            raise CourseError("--resume goes on as the run was started: give it no other options")
        training_runs.resume(resume, where)
        return 0
    chosen = recipes.read_recipe(recipe, task) if recipe else recipes.default_recipe(task)
    options = {name: context.params[name] for name in given}
    training_runs.train(task, chosen.with_options(options), run, where)
    return 0


PretrainedName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A model that comes with the course: multi30k-en-de, …"),
]
Beam = Annotated[int, typer.Option(min=1, help="Hypotheses of the beam search; 1 is greedy.")]
LengthPenalty = Annotated[
    float | None,
    typer.Option(min=0, help="Of the beam: above 0.6, the default, longer outputs win."),
]


BlockRepeats = Annotated[
    int, typer.Option(min=0, metavar="N", help="Write no group of N tokens twice (0: may be).")
]


Consensus = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="Draw N and keep the one that the others agree with most (0: no)."
    ),
]


@app.command()
def evaluate(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="By default the latest.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "validation",
    pretrained: PretrainedName = None,
    beam: Beam = 1,
    length_penalty: LengthPenalty = None,
    block_repeats: BlockRepeats = 0,
    consensus: Consensus = 0,
    device: Device = "auto",
) -> int:
    """Decode a split of the run's corpus and score it: translations with BLEU and chrF, summaries
    with ROUGE, beside what needs no model."""
    from course_lib.tools import evaluation, lines, runs

    chosen = runs.choose_run(run, pretrained)
    where = runs.pick_device(device)
    decoding = lines.choose_decoding(
        beam,
        length_penalty=length_penalty,
        block_repeats=block_repeats,
        consensus=consensus,
    )
    how = f"consensus of {consensus}" if consensus else f"beam of {beam}" if beam > 1 else "greedy"
    report = evaluation.report(chosen, split, where, decoding)
    print(f"{pretrained or chosen.folder}, {split}, {how}: {next(report)}")
    for line in report:
        print(line)
    return 0


@app.command()
def curves(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN]...", help="By default the latest.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The picture; by default curves.png here.")
    ] = None,
) -> int:
    """Draw the loss, learning rate and gradient norm of one or several runs into a picture."""
    from course_lib.tools.curves import draw
    from course_lib.tools.runs import latest_run

    print(f"drawn in {draw(runs or [latest_run()], output)}")
    return 0


@app.command("translate")
def translate_command(
    sentences: Annotated[
        list[str] | None, typer.Argument(metavar="[SENTENCE]...", show_default=False)
    ] = None,
    run: RunFolder = None,
    pretrained: PretrainedName = None,
    beam: Beam = 1,
    length_penalty: LengthPenalty = None,
    temperature: Annotated[
        float | None, typer.Option(help="Draw words at random: below 1 tamer, above 1 wilder.")
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k most likely.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from the nucleus of p.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Decides what is drawn.")] = 0,
    device: Device = "auto",
) -> int:
    """Translate sentences: those given, or standard input, one sentence a line.

    Without --run and --pretrained by the latest run, or, before there is one, by multi30k-en-de,
    which comes with the course.
    """
    from course_lib.tools import lines, runs

    decoding = lines.choose_decoding(beam, temperature, top_k, top_p, seed, length_penalty)
    opened = runs.run_to_use("translation", run, pretrained)
    given = sentences or lines.read_lines(sys.stdin.buffer)
    model = opened.load_model(runs.pick_device(device))
    write = lines.utf8_writer(sys.stdout)
    well = lines.translate_lines(model, opened.tokenizer, given, write, runs.say, decoding)
    return 0 if well else 2


@app.command("summarize")
def summarize_command(
    functions: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE.py:FUNCTION]...", show_default=False)
    ] = None,
    run: RunFolder = None,
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="By the model that comes with the course.")
    ] = False,
    beam: Beam = 1,
    length_penalty: LengthPenalty = None,
    block_repeats: BlockRepeats = 3,
    consensus: Consensus = 0,
    device: Device = "auto",
) -> int:
    """Summarize functions of Python files (they are parsed, never run), or standard input as one
    text.

    Without --run and --pretrained by the latest run for summarization, or, before there is one, by
    the model that comes with the course.
    """
    from course_lib.tools import lines, runs, summaries

    decoding = lines.choose_decoding(
        beam,
        length_penalty=length_penalty,
        block_repeats=block_repeats,
        consensus=consensus,
    )
    texts = [summaries.function_source(where) for where in functions or []]
    name = runs.FIRST["summarization"] if pretrained else None
    opened = runs.run_to_use("summarization", run, name)
    texts = texts or [summaries.read_text(sys.stdin.buffer)]
    model = opened.load_model(runs.pick_device(device))
    write = lines.utf8_writer(sys.stdout)
    for summary in summaries.summarize_texts(model, opened.tokenizer, texts, runs.say, decoding):
        write(summary)
    return 0


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line. What the user can put right ends in one line and exit code 2."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a mark that the encoding lacks is no error
    try:
        command = typer.main.get_command(app)
        with command.make_context("course", list(args or sys.argv[1:] or ["--help"])) as context:
            code = command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        code = end.exit_code
    except typer.TyperException as error:
        code = complain(f"{error.format_message()} (`course --help` lists what there is)")
    except CourseError as error:
        code = complain(str(error))
    except KeyboardInterrupt:
        code = complain("stopped", 130)
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = complain(describe(error))
    sys.exit(code)


@contextmanager
def log_to_stderr() -> Iterator[None]:
    """Meanwhile, what the course's modules have to tell goes to standard error."""
    log, handler = logging.getLogger("course_lib"), logging.StreamHandler()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def given_options(context: typer.Context) -> set[str]:
    """The options that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def complain(line: str, code: int = 2) -> int:
    print(f"course: {line}", file=sys.stderr)
    return code


def describe(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk is full{f', at {error.filename}' if error.filename else ''}: make room"
    if error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return str(error)


if __name__ == "__main__":
    main()
