"""How a training went, or goes: loss, learning rate and gradient norm over the steps."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import matplotlib.pyplot as plt
from IPython.display import DisplayHandle, display
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from course_lib.plots import LINES, PALETTE, describe, description, html_image
from course_lib.training import Record

MOST_RUNS = len(PALETTE)
DRAWING_SHARE = 0.05  # of the time of a training that is watched


def running_mean(values: Sequence[float], window: int = 20) -> list[float]:
    """Mean of each value and those before it, at most `window` together."""
    means, total = [], 0.0
    for i, value in enumerate(values):
        total += value - (values[i - window] if i >= window else 0.0)
        means.append(total / min(i + 1, window))
    return means


def training_curves(runs: Mapping[str, Sequence[Record]], title: str) -> Axes:
    """Draw the loss (mean of 20 steps, and the validations as dots), the rate and the gradient's
    norm of one or several runs side by side. Returns the first ax, for `show`.

    Raises ValueError if there is no run, or more than can be told apart, or one without a step.
    """
    if not 1 <= len(runs) <= MOST_RUNS or not all(runs.values()):
        raise ValueError(
            f"expected 1 to {MOST_RUNS} runs with a step each, "
            f"got {', '.join(f'{name} ({len(r)})' for name, r in runs.items()) or 'none'}"
        )
    figure, (loss, rate, norm) = plt.subplots(1, 3, figsize=(9.6, 2.9), layout="constrained")
    for (name, records), color, style in zip(runs.items(), PALETTE, LINES, strict=False):
        steps = [record.step for record in records]
        look = {"color": color, "linestyle": style, "linewidth": 1.4}
        means = running_mean([record.loss for record in records])
        loss.plot(steps, means, label=name, **look)
        validated = [(r.step, r.validation_loss) for r in records if r.validation_loss is not None]
        if validated:
            loss.plot(*zip(*validated, strict=True), "o", color=color, markersize=3.5)
        rate.plot(steps, [record.rate for record in records], **look)
        norm.plot(steps, running_mean([record.gradient_norm for record in records]), **look)
        describe(loss, _in_words(name, records, means))
    loss.set_ylabel("nats a token")
    norm.set_yscale("log")
    norm.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    norm.yaxis.set_major_formatter("{x:g}")
    norm.yaxis.set_minor_formatter(NullFormatter())
    for ax, heading in ((loss, "loss"), (rate, "learning rate"), (norm, "gradient norm")):
        ax.set_xlabel("step")
        ax.set_title(heading, loc="left", fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
    if len(runs) > 1:
        loss.legend(frameon=False, fontsize=8)
    figure.suptitle(title, x=0.01, ha="left")
    return loss


def watch(records: Iterable[Record], title: str = "Training") -> Iterator[Record]:
    """Hand on the records of a training, and show its curves meanwhile, in one moving picture.

    `for record in watch(trainer.steps()): ...`. The picture is drawn anew as often as a twentieth
    of the time allows, and at the end, also if the loop is left early.
    """
    seen: list[Record] = []
    handle: DisplayHandle | None = None
    began = drawing = 0.0
    try:
        for record in records:
            began = began or time.perf_counter()
            seen.append(record)
            yield record
            now = time.perf_counter()
            if drawing <= DRAWING_SHARE * (now - began):
                handle = _draw(seen, title, handle)
                drawing += time.perf_counter() - now
    finally:
        if seen:
            _draw(seen, title, handle)


def _draw(seen: Sequence[Record], title: str, handle: DisplayHandle | None) -> DisplayHandle | None:
    ax = training_curves({"training": seen}, f"{title}: step {seen[-1].step:,}")
    data = {"text/plain": f"[Figure: {description(ax)}]", "text/html": html_image(ax)}
    if handle is None:
        return display(data, raw=True, display_id=True)
    handle.update(data, raw=True)
    return handle


def _in_words(name: str, records: Sequence[Record], means: Sequence[float]) -> str:
    last = records[-1]
    validated = [r.validation_loss for r in records if r.validation_loss is not None]
    best = f", the best validation loss is {min(validated):.2f}" if validated else ""
    return (
        f"Curves of {name}: by step {last.step:,} the loss goes from {means[0]:.2f} to "
        f"{means[-1]:.2f} nats a token{best}; the learning rate ends at {last.rate:.2g}, the "
        f"gradient's norm at {last.gradient_norm:.2g}."
    )
