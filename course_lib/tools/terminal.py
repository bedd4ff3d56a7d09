"""While a training runs in a terminal: its progress bar, and the signals that stop it."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from course_lib.training import Record

BAR = "{percentage:3.0f} % |{bar:24}| {n_fmt}/{total_fmt} steps, {remaining} left{postfix}"


@contextmanager
def stop_noted() -> Iterator[Callable[[], int]]:
    """Turn the first Ctrl-C or SIGTERM into a note, so that no step is cut in half; the second one
    is real. Gives a function that says which signal came, or 0."""
    noted = 0
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _: object) -> None:
        nonlocal noted
        noted = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield lambda: noted
    finally:
        restore()


def progress_bar(records: Iterable[Record], first: int, total: int) -> Iterator[Record]:
    """Show losses, tokens a second and the time that is left, on standard error."""
    with tqdm(total=total, initial=first, unit="step", bar_format=BAR) as bar:
        loss = speed = 0.0
        validation = ""
        for record in records:
            loss = 0.95 * loss + 0.05 * record.loss if loss else record.loss
            rate = record.tokens / record.seconds
            speed = 0.95 * speed + 0.05 * rate if speed else rate
            if record.validation_loss is not None:
                validation = f", validation {record.validation_loss:.3f}"
            text = f"loss {loss:.3f}{validation}, {speed:,.0f} tokens/s"
            bar.set_postfix_str(text, refresh=False)
            bar.update()
            yield record
