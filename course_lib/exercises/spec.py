"""What an exercise is: data. `engine` runs it and judges answers, `chNN` modules hold it."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

import torch

Function = Callable[..., Any]
Inputs = tuple[Any, ...]


@dataclass(frozen=True)
class Probe:
    """One input that an answer is tried on.

    `name` says what it looks at, as in "a batch of two"; `draw` makes the inputs from a seeded
    generator, so that a grader can draw fresh ones; `question` leads on when the answer fails.
    """

    name: str
    draw: Callable[[torch.Generator], Inputs]
    question: str


@dataclass(frozen=True)
class Invariant:
    """What holds for every right answer: a sentence, and `holds(value, *inputs)`."""

    sentence: str
    holds: Callable[..., bool]


@dataclass(frozen=True)
class Mistake:
    """What people write instead, and what to tell them.

    Mistakes that no probe can tell apart share a `group`, and one honest diagnosis. Where `wrong`
    is a `partial` that turns a switch of a function, two mistakes at once are recognised too.
    """

    name: str
    wrong: Function
    diagnosis: str
    group: str = ""

    @property
    def key(self) -> str:
        return self.group or self.name


@dataclass(frozen=True)
class WrongValue:
    """A wrong prediction that tells how it came about; by `matches`, or near `example`."""

    name: str
    example: tuple[float, ...]
    diagnosis: str
    matches: Callable[..., bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all exercises have."""

    id: str
    title: str
    signature: str
    hints: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the learner defines, "dot_scores" in dot_scores(q, k)."""
        return self.signature.split("(")[0].split("=")[0].strip()

    @property
    def label(self) -> str:
        return f"{self.id} {self.name}"

    @property
    def chapter(self) -> int:
        return int(self.id.split(".")[0])


def call(answer: Function, *inputs: Any) -> Any:
    return answer(*inputs)


@dataclass(frozen=True, kw_only=True)
class Exercise(Task):
    """A function or class to write, or one to mend.

    `shapes` reads as in "q (..., Tq, Dh), k (..., Tk, Dh) -> (..., Tq, Tk)" and names the axes.
    `use(answer, *inputs)` is how a probe puts the answer to use. `forbidden` may not be called,
    because it is what the exercise builds; `library` neither, being its finished form (as is
    the reference). `bug` names the mistake that a function to mend is given with. The probe
    number `smooth` (from 0; the last, if there are fewer) is also tried for its gradients.
    """

    shapes: str
    reference: Function
    probes: tuple[Probe, ...]
    mistakes: tuple[Mistake, ...]
    invariants: tuple[Invariant, ...] = ()
    forbidden: Mapping[str, Function] = field(default_factory=dict)
    library: tuple[Function, ...] = ()
    use: Function = call
    input_names: tuple[str, ...] = ()
    smooth: int = 1
    tolerance: float = 1e-5
    seconds: float = 3.0
    bug: str = ""

    @property
    def parameters(self) -> list[str]:
        return [argument.arg for argument in self._arguments().args]

    @property
    def required(self) -> int:
        arguments = self._arguments()
        return len(arguments.args) - len(arguments.defaults)

    @property
    def names(self) -> list[str]:
        """The names of a probe's inputs."""
        return list(self.input_names) or self.parameters

    def _arguments(self) -> ast.arguments:
        definition = ast.parse(f"def {self.signature}: ...").body[0]
        assert isinstance(definition, ast.FunctionDef)
        return definition.args

    @property
    def closer_look(self) -> int:
        """Which probe is looked at more closely."""
        return min(self.smooth, len(self.probes) - 1)

    def pairs(self) -> Iterator[Mistake]:
        """Two mistakes at once: the same function with both their switches turned."""
        for one, other in combinations(self.mistakes, 2):
            a, b = one.wrong, other.wrong
            if not (isinstance(a, partial) and isinstance(b, partial) and a.func is b.func):
                continue
            if not a.keywords.keys() & b.keywords.keys():
                yield Mistake(
                    f"{one.key} + {other.key}",
                    partial(a.func, **a.keywords, **b.keywords),
                    f"Two things at once. First: {one.diagnosis} Second: {other.diagnosis}",
                )

    def draw(self, seed: int = 0) -> list[Inputs]:
        """The inputs of all probes, the same for the same seed."""
        return [probe.draw(torch.Generator().manual_seed(seed)) for probe in self.probes]


@dataclass(frozen=True, kw_only=True)
class Prediction(Task):
    """Numbers to predict before a cell computes them; `names` says what each of them is."""

    names: tuple[str, ...]
    expected: Callable[[], tuple[float, ...]]
    wrong: tuple[WrongValue, ...]
    question: str
    tolerance: float = 0.05

    @property
    def label(self) -> str:
        return f"{self.id} {self.title}"
