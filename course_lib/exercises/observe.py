"""Run an answer on one probe, and note what happened: nothing here judges.

Whatever an answer does, the learner's session stays as it was: random numbers, printing, warnings,
the inputs of the next probe. An answer that never ends is stopped by SIGALRM, and where there is
none (Windows, or outside the main thread) by a trace function that looks at the clock on every
line. Neither can stop a single endless call into C; no answer here needs one. The trace function
stops an answer once only: a bare `except:` inside an endless loop outlives it.
"""

import contextlib
import io
import linecache
import random
import signal
import sys
import sysconfig
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

import course_lib
from course_lib.exercises import compare, elsewhere
from course_lib.exercises.spec import Exercise, Function, Inputs
from course_lib.parallel import num_threads

PRINT_LIMIT = 2000  # characters
OURS = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))


class Endless(BaseException):
    """Stops an answer that takes too long. No Exception: `except Exception` must not catch it."""


def at_most(limit: int, function: Function) -> Function:
    """The function, but it stops an answer that calls it more than `limit` times."""
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > limit:
            raise Endless
        return function(*args, **kwargs)

    return counted


@dataclass(frozen=True)
class Failure:
    """Why an answer gave no value: in words, and at which of the learner's lines."""

    kind: Literal["not yet", "raised", "endless"]
    text: str = ""
    where: str = ""


@dataclass(frozen=True)
class Observation:
    """What an answer did on one probe, in plain data."""

    value: Any = None
    failure: Failure | None = None
    printed: str = ""
    changed: tuple[int, ...] = ()
    called: tuple[str, ...] = ()
    gradients: dict[str, Tensor] = field(default_factory=dict)
    learns: bool = False  # the result wants a gradient, though no input does
    on_a_gpu: Failure | None = None


def observe(
    exercise: Exercise, answer: Function, inputs: Inputs, ours: bool = False
) -> Observation:
    """Use the answer once on copies of the inputs. If it is `ours`, what it calls is not noted."""
    given = plain(inputs)
    seen = _attempt(exercise, lambda: plain(_run(exercise.use, answer, given)), watched=not ours)
    changed = tuple(i for i, pair in enumerate(zip(given, inputs, strict=True)) if _differ(*pair))
    return replace(seen, changed=changed)


def look_closer(
    exercise: Exercise, answer: Function, inputs: Inputs, seen: Observation
) -> Observation:
    """Also note what wants and gets gradients, and what would happen on a GPU."""
    result = _attempt(exercise, lambda: _wants_gradient(exercise, answer, inputs))
    gradients = _attempt(exercise, lambda: _gradients(exercise, answer, inputs))
    moved = _attempt(exercise, lambda: _on_a_gpu(exercise, answer, inputs))
    return replace(
        seen,
        learns=bool(result.value),
        gradients=gradients.value or {},
        on_a_gpu=moved.failure,
    )


def _wants_gradient(exercise: Exercise, answer: Function, inputs: Inputs) -> bool:
    result = _run(exercise.use, answer, plain(inputs))
    return any(isinstance(x, Tensor) and x.requires_grad for _, x in compare.leaves(result))


def _on_a_gpu(exercise: Exercise, answer: Function, inputs: Inputs) -> None:
    given = elsewhere.mark(plain(inputs))
    with elsewhere.Elsewhere():
        _run(exercise.use, answer, given)


def _gradients(exercise: Exercise, answer: Function, inputs: Inputs) -> dict[str, Tensor]:
    """The gradient of a weighted sum of the result, for each input that it reaches."""
    given = [x.requires_grad_() if _is_floating(x) else x for x in plain(inputs)]
    copies = [x.clone() if _is_floating(x) else x for x in given]  # may be written to
    result = _run(exercise.use, answer, tuple(copies))
    outputs = [x for _, x in compare.leaves(result) if _is_floating(x) and x.requires_grad]
    dice = torch.Generator().manual_seed(0)
    with torch.enable_grad():  # should the answer have switched it off
        weighted = [(x * torch.randn(x.shape, generator=dice)).sum() for x in outputs]
        if weighted:
            torch.stack(weighted).sum().backward()
    pairs = zip(exercise.names, given, strict=False)
    return {n: x.grad for n, x in pairs if _is_floating(x) and x.grad is not None}


def _is_floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _attempt(exercise: Exercise, run: Callable[[], Any], watched: bool = True) -> Observation:
    """Run something of the learner's: quietly, for a limited time, with the same dice."""
    value, failure = None, None
    # Several threads take longer for inputs this small; on a busy machine, fifty times longer.
    with _same_dice(), num_threads(1), _quiet() as printed, _watch(exercise, watched) as called:
        try:
            with _time_limit(exercise.seconds):
                value = run()
        except Endless:
            failure = Failure("endless")
        except (Exception, SystemExit) as error:
            failure = _described(exercise, error)
    return Observation(value, failure, printed.getvalue(), called=tuple(called))


def _run(use: Function, answer: Function, inputs: Inputs) -> Any:
    """The one frame under which an alarm may ring."""
    return use(answer, *inputs)


def plain(value: Any) -> Any:
    """A copy that shares nothing with the answer: detached tensors, in plain containers."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    return value


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        same = one.shape == other.shape and one.dtype == other.dtype
        return not (same and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True))
    if isinstance(one, (list, tuple)):
        return len(one) != len(other) or any(map(_differ, one, other))
    if isinstance(one, dict):
        return list(one) != list(other) or any(map(_differ, one.values(), other.values()))
    return bool(one != other) if isinstance(one, (int, float, str)) else False


@contextlib.contextmanager
def _same_dice() -> Iterator[None]:
    """Fixed random numbers inside; outside, the learner's own go on as if nothing happened."""
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002
    torch.default_generator.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])  # noqa: NPY002


class _Printed(io.StringIO):
    """Keeps the beginning of what is written."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, PRINT_LIMIT - self.tell())])
        return len(text)


@contextlib.contextmanager
def _quiet() -> Iterator[_Printed]:
    printed = _Printed()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(_Printed()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield printed


@contextlib.contextmanager
def _watch(exercise: Exercise, watched: bool) -> Iterator[dict[str, None]]:
    """Note which forbidden callables run, however the answer came by them (this costs time)."""
    if not watched:
        yield {}
        return
    named = {f"{f.__module__}.{f.__qualname__}": f for f in (exercise.reference, *exercise.library)}
    called: dict[str, None] = {}  # in order, so the outermost comes first
    codes, builtins, methods = {}, {}, {}
    for name, function in (named | dict(exercise.forbidden)).items():
        function = getattr(function, "forward", function)
        if isinstance(function, types.FunctionType):
            codes[function.__code__] = name
        elif isinstance(function, types.MethodDescriptorType):
            methods[function.__name__] = name
        else:
            builtins[function] = name

    def profile(frame: types.FrameType, event: str, arg: Any) -> None:
        if event == "call" and frame.f_code in codes:
            called[codes[frame.f_code]] = None
        elif event == "c_call" and arg in builtins:
            called[builtins[arg]] = None
        elif event == "c_call" and isinstance(getattr(arg, "__self__", None), Tensor):
            called.update((methods[n], None) for n in [arg.__name__] if n in methods)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield called
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    on_main = threading.current_thread() is threading.main_thread()
    limit = _alarm if on_main and hasattr(signal, "SIGALRM") else _clock_on_every_line
    with limit(seconds):
        yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(signum: int, frame: types.FrameType | None) -> None:
        while frame:  # only inside the answer, never while we tidy up
            if frame.f_code is _run.__code__:
                raise Endless
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again, should an `except:` swallow it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _clock_on_every_line(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds

    def trace(frame: types.FrameType, event: str, arg: Any) -> Callable[..., Any]:
        if time.monotonic() > deadline:
            raise Endless
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _described(exercise: Exercise, error: BaseException) -> Failure:
    """An exception in words, with the innermost line that the learner wrote, and its caller."""
    package = Path(course_lib.__file__).parent
    ours = (*OURS, str(package))
    source, steps = "", list[str]()
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith((*ours, "<frozen")):
            source = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
            file = Path(frame.filename)
            place = f" of {file.name}" if file.is_file() else ""
            steps.append(
                f"line {frame.lineno}{place}, in {frame.name}" + f": {source}" * bool(source)
            )
    where = "\ncalled by ".join(reversed(steps[-2:]))
    message = str(error)
    if isinstance(error, NotImplementedError) and (
        not message or message.startswith(exercise.id) or "raise NotImplementedError" in source
    ):
        return Failure("not yet")
    return Failure("raised", f"{type(error).__name__}: {message}".rstrip(": "), where)
