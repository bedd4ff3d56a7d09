"""The words that a learner uses: `check`, `hint`, `solution`, `carry_on` and `progress`.

What they remember (tries, hints given, answers that passed) lives as long as the kernel; which
exercises are solved is kept in the learner's folder.
"""

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

from IPython.display import display
from torch import Tensor, nn

import course_lib
from course_lib.errors import CourseError
from course_lib.exercises import progress as records
from course_lib.exercises.faces import Face, Listing, Result, Words
from course_lib.exercises.judge import (
    borrowed_words,
    judge,
    judge_prediction,
    not_yet,
    unusable,
)
from course_lib.exercises.observe import Observation, look_closer, observe
from course_lib.exercises.spec import Exercise, Prediction

AnyExercise = Exercise | Prediction
Answer = TypeVar("Answer")

_tries: Counter[str] = Counter()
_hints: Counter[str] = Counter()
_asked: set[str] = set()
_passed: dict[str, Any] = {}


class CheckFailed(Exception):
    """Ends a cell whose check did not pass: one calm line, and no traceback."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.title}. {result.diagnosis}".strip())
        self.result = result

    def _render_traceback_(self) -> list[str]:
        return [f"{self.result.title}."]


class UnknownExercise(CourseError):
    """No exercise has that id; in a notebook, one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def check(exercise_id: str, answer: Any) -> None:
    """Try an answer on every probe of its exercise, and show what came out.

    Raises CheckFailed unless it passed; UnknownExercise if there is no such exercise.
    """
    result = examine(exercise_id, answer)
    if result.tone != "calm":
        _tries[exercise_id] += 1
    if result.passed:
        _passed[exercise_id] = answer
        records.remember(exercise_id, records.learners_folder(Path.cwd()))
    display(result)
    if not result.passed:
        raise CheckFailed(result)


def hint(exercise_id: str) -> None:
    """Show the next hint, one step further at each call."""
    task = find(exercise_id)
    number = min(_hints[exercise_id] + 1, len(task.hints))
    _hints[exercise_id] = number
    title = f"{task.label}: hint {number} of {len(task.hints)}"
    parts = [Words("", task.hints[number - 1])]
    if number == len(task.hints):
        parts.append(Words("", f'That was the last one. After it comes `solution("{task.id}")`.'))
    display(Face("calm", "→", title, tuple(parts)))


def solution(exercise_id: str) -> None:
    """Show the solution; before a first try, only when asked a second time."""
    task = find(exercise_id)
    if not _tries[exercise_id] and exercise_id not in _asked:
        _asked.add(exercise_id)
        text = (
            f"You have not checked an answer yet. A wrong one teaches more than none, and "
            f'`hint("{task.id}")` gives a nudge. To see the solution all the same, run this again.'
        )
        display(Face("calm", "○", f"{task.label}: try first", (Words("", text),)))
        return
    title, source = f"{task.label}: one solution", _solution(task)
    missing = "It is not here: this installation has no `solutions`. The course's repository has."
    display(Face("calm", "→", title, (Listing("", source) if source else Words("", missing),)))


def carry_on(exercise_id: str, answer: Answer) -> Answer:
    """What to go on with: the learner's answer if it passed its check, else the library's."""
    task = find(exercise_id)
    if exercise_id in _passed and _passed[exercise_id] is answer:
        print(f"{task.label}: on with yours.")
        return answer
    print(f"{task.label}: on with the library's. Yours takes over once its check has passed.")
    substitute: Any = task.expected() if isinstance(task, Prediction) else task.reference
    return substitute


def progress(folder: Path | None = None) -> None:
    """Show which exercises are solved; `folder` is where the learner's chapters lie."""
    solved = records.solved_exercises(folder or records.learners_folder(Path.cwd()))
    chapters = {_chapter_title(module): exercises_of(module) for module in chapter_modules()}
    display(records.overview(chapters, solved))


def examine(exercise_id: str, answer: Any) -> Result:
    """The result of a check, neither shown nor remembered."""
    task = find(exercise_id)
    if isinstance(task, Prediction):
        return judge_prediction(task, answer)
    if answer is ...:
        return not_yet(task.label)
    if complaint := _cannot_be_called(task, answer):
        return unusable(task.label, complaint)
    inputs, seen = task.draw(), list[Observation]()
    for drawn in inputs:
        seen.append(observe(task, answer, drawn))
        if (failure := seen[-1].failure) and failure.kind != "raised":
            break
    if not any(observation.failure for observation in seen):
        closer = task.closer_look
        seen[closer] = look_closer(task, answer, inputs[closer], seen[closer])
    return judge(task, inputs, seen)


def _cannot_be_called(task: Exercise, answer: Any) -> str:
    """Why the answer is not something that the probes can call; empty if it is."""
    by_name = f'`check("{task.id}", {task.name})`'
    if answer is None:
        return f"The check was given `None`. Hand over what you defined, by its name: {by_name}."
    if isinstance(answer, Tensor) or not callable(answer):
        return (
            f"The check was given a result (a {type(answer).__name__}), and needs the function "
            f"itself, so that it can try other inputs: {by_name}, without calling it."
        )
    for name, function in task.forbidden.items():
        if answer is function:
            return borrowed_words(task, name)
    if isinstance(answer, nn.Module) and inspect.isclass(task.reference):
        return f"The check was given a module, and needs its class: {by_name}, without (…)."
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return ""
    try:
        for count in {task.required, len(task.parameters)}:
            signature.bind(*range(count))
    except TypeError:
        return (
            f"It will be called as `{task.signature}`, and yours is `{task.name}{signature}`. "
            "Make the arguments agree."
        )
    return ""


def chapter_modules() -> list[str]:
    """The names of the modules that hold exercises: ch01, ch02, …"""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    return sorted(name for name in names if re.fullmatch(r"ch\d\d", name))


def exercises_of(module: str) -> tuple[AnyExercise, ...]:
    """The exercises of a chapter, in order."""
    found: tuple[AnyExercise, ...] = importlib.import_module(
        f"course_lib.exercises.{module}"
    ).EXERCISES
    return found


def find(exercise_id: str) -> AnyExercise:
    """The exercise with this id. Raises UnknownExercise, which names those there are."""
    number = re.match(r"\d+(?=\.)", str(exercise_id))
    module = f"ch{int(number[0]):02}" if number else ""
    names = [module] if module in chapter_modules() else chapter_modules()
    known = [task for name in names for task in exercises_of(name)]
    for task in known:
        if task.id == exercise_id:
            return task
    ids = ", ".join(task.id for task in known)
    raise UnknownExercise(f"There is no exercise {exercise_id!r}. There are: {ids}.")


def _chapter_title(module: str) -> str:
    """ "01 attention scores" for ch01, from the name of its notebook."""
    files = (Path(course_lib.__file__).parent.parent / "notebooks").glob(f"{module[2:]}_*.ipynb")
    return next((file.stem.replace("_", " ") for file in files), module[2:])


def _solution(task: AnyExercise) -> str:
    """The answer's cell as the chapter's source has it, without the marks for the build."""
    folder = Path(course_lib.__file__).parent.parent / "solutions"
    for file in sorted(folder.glob(f"{task.chapter:02}_*.py")):
        for cell in re.split(r"^# %%", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, _, source = cell.partition("\n")
            if f'"exercise-{task.id}"' in head:
                given = r"^[ \t]*### BEGIN GIVEN.*?### END GIVEN\n?"
                source = re.sub(given, "", source, flags=re.MULTILINE | re.DOTALL)
                return re.sub(r"^[ \t]*### \w+ SOLUTION\n?", "", source, flags=re.MULTILINE).strip()
    return ""
