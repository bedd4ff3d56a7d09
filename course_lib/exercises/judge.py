"""Compare what an answer did with what it should have done, and find the words for it.

A mistake is named only if it did the same as the answer on every probe, and no other mistake
(outside its group) did. When in doubt the words stay general, and fair.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises import compare
from course_lib.exercises.faces import Listing, Part, Result, Words
from course_lib.exercises.modules import TRAINING
from course_lib.exercises.observe import Failure, Observation, look_closer, observe
from course_lib.exercises.spec import Exercise, Inputs, Prediction, WrongValue

ENDLESS = (
    "Your code did not come to an end and was stopped. Which loop in it never reaches its end, "
    "or grows with every round?"
)
SHAPES_CLASH = (
    "Two tensors met there whose axes do not fit together. Write the shape of each beside that "
    "line, with the sizes above: which axis should have met which?"
)
AXES_COUNTED = (
    "That line expects another number of axes than the input has here. How would it read, if it "
    "should hold with any number of leading axes?"
)
PAIR_RETURNED = (
    "Along an axis, `max`, `min`, `median`, `sort` and `topk` return two things: the values, and "
    "where they stood. Which of the two does that line need?"
)
CALLED_WRONGLY = (
    "A function on that line got arguments that it does not take, or lacks one that it needs. "
    "Which ones does its help (Shift+Tab inside the brackets) ask for?"
)
RESULT_FOR_FUNCTION = (
    "A tensor stands there where a function is to be called. Did you hand over a result, as in "
    "`f(x)`, where the function itself is wanted, `f` or `lambda y: …`?"
)
NO_TENSOR = (
    "A function on that line wants a tensor and got something else: a module, perhaps, that was "
    "built and not called. `nn.ReLU()` makes one, and `nn.ReLU()(x)` or `F.relu(x)` uses it. What "
    "does your code hand over there?"
)
IS_NONE = (
    "Something there is `None`: an argument that may be missing, or what a function gives that "
    "has no `return`. Which name is it, and what should happen then?"
)
DROPPED = {
    True: "Here nothing is to be dropped, and training changes what comes out all the same. Where "
    "does your dropout learn how much (`nn.Dropout()` alone drops one half)?",
    False: "In training something is to be dropped here, and nothing is. Where does your code do "
    "it, and how does it know that the module is being trained?",
}
PAST_THE_END = (
    "An index goes past the end there. Which is the last one that there is, and does the line also "
    "ask for the one after it?"
)
NOT_IN_IT = (
    "`index` stops where there is nothing to be found. What is missing in this input, and what "
    "should happen then?"
)
NO_SUCH_KEY = (
    "The dictionary on that line has no entry under this key. Which keys has it, and who was to "
    "put this one in?"
)
RAGGED = (
    "A tensor is a rectangle, and these rows have different lengths. What has to be done with them "
    "first?"
)
PRECISION = (
    "The result should have the precision of the inputs. Where does your code make new numbers "
    "without asking theirs?"
)
BY_ZERO = (
    "Something is divided by zero on that line. For which inputs does it happen, and what should "
    "come out then?"
)
OFF_THE_AXIS = (
    "An index on that line is larger than the axis it looks along. How long is that axis, and is "
    "it the one that the index counts?"
)
CAUSES = {
    "Is that name defined in a cell above, and did you run that cell?": ("NameError",),
    "Your code calls itself without end. Should it call something else?": ("RecursionError",),
    "An answer should return its result; `exit()` would end the notebook's kernel.": (
        "SystemExit",
    ),
    PAIR_RETURNED: ("return_types",),
    SHAPES_CLASH: (
        "must match the size",
        "Sizes of tensors must match",
        "cannot be multiplied",
        "size mismatch",
        "Expected size for first two dimensions",
        "do not broadcast",
        "inconsistent tensor size",
    ),
    AXES_COUNTED: (
        "number of dimensions",
        "number of subscripts",
        "Dimension out of range",
        "D tensor",
    ),
    "That shape has room for more or fewer numbers than the tensor has. Which sizes multiply to as "
    "many as before?": ("is invalid for input of size",),
    "After a `transpose` the numbers no longer lie in memory in the order of the axes, and `view` "
    "copies nothing. What puts them in order first, or does both at once?": ("view size is not",),
    IS_NONE: ("NoneType",),
    PAST_THE_END: ("list index out of", "tuple index out of", "string index out of"),
    NO_SUCH_KEY: ("KeyError",),
    NOT_IN_IT: ("is not in list", "not in tuple", "substring not found"),
    RAGGED: ("expected sequence of length",),
    BY_ZERO: ("ZeroDivisionError",),
    OFF_THE_AXIS: ("is out of bounds for dimension",),
    PRECISION: (
        "self.dtype to be equal",
        "the same dtype",
        "expected scalar type Double",
        "expected scalar type Float",
    ),
    RESULT_FOR_FUNCTION: ("'Tensor' object is not callable",),
    NO_TENSOR: ("must be Tensor, not",),
    CALLED_WRONGLY: (
        "invalid combination of arguments",
        "missing",
        "unexpected keyword",
        "should not be set",
    ),
}
WHAT_IS_IT = "What stands in each name on that line: a tensor (of which shape?), a number, a text?"
A_ROW = (
    "A list can grow, and a tuple can be the key of a dictionary: whoever uses your answer relies "
    "on which of them it is. Which one does the first line of the function promise, after `->`?"
)
SINGLE = (
    "Nothing that goes in has a precision, so single precision, PyTorch's own, should come out. On "
    "the way there is another `dtype`: that of a table that you were given, or of your own making. "
    "Print it after each line. Where does it come in, and what turns it into `torch.float32`?"
)
YES_OR_NO = (
    "Each cell should say yes or no: True or False. Which comparison gives that, or `dtype`?"
)
CUT_OFF = (
    "A model learns from gradients, and these end where tensors become plain numbers or copies: "
    "`.item()`, `.tolist()`, `.detach()`, `.data`, `torch.tensor(…)`, `torch.no_grad()`, NumPy. "
    "Where does your code leave the tensors?"
)


NAN_GRADIENT = (
    "On the way stands 0 / 0, or an infinity less an infinity. Zeros put in afterwards mend the "
    "value and not its gradient, which spreads to every weight of a model. Which line makes it?"
)
LEARNS = (
    "There is an `nn.Parameter` or a `requires_grad` in your code, so training would change what "
    "comes out, or stop at the second step. Which numbers are to be learned here, and which stay?"
)
LEFT_PYTORCH = "Did the numbers leave PyTorch on the way (`.tolist()`, `.item()`, NumPy)?"
ONE_TRUTH = (
    "One single True or False came out. `is`, `and`, `or` and `not` look at a whole object. Which "
    "operators look at each cell of a tensor?"
)
ONE_OF_MANY = (
    "A tensor came out, and one single yes or no is asked. Must all of its cells say yes, or any? "
    "Which method asks them?"
)
NO_RETURN = "Did you forget `return`?"
SEVERAL = "Several tensors came back in one. Is one of them meant, or should they be put together?"
WHICH_DEVICE = (
    "Tensors on a GPU meet only tensors that lie there, too. Which tensor does your code make "
    "without asking an input where it lies (`x.device`, `torch.zeros_like(x)`, `x.new_zeros(…)`)?"
)
LEFT_FOR_NUMPY = (
    "NumPy works on the CPU alone, and no gradient comes back out of it. Which functions of "
    "PyTorch do the same with the tensor itself?"
)


@dataclass(frozen=True)
class Trouble:
    """What is wrong on one probe: in a few words, with the numbers, and what to say of it."""

    headline: str
    parts: tuple[Part, ...] = ()
    general: str = ""


def judge(exercise: Exercise, inputs: list[Inputs], seen: list[Observation]) -> Result:
    """The verdict on an answer that was observed on the first probes, or on all."""
    if any(o.failure and o.failure.kind == "not yet" for o in seen):
        return not_yet(exercise.label)
    called = [name for o in seen for name in o.called]
    borrowed = borrowed_words(exercise, called[0]) if called else ""
    expected = [observe(exercise, exercise.reference, drawn, ours=True) for drawn in inputs]
    for i, (drawn, answered, right) in enumerate(zip(inputs, seen, expected, strict=False)):
        if trouble := _trouble(exercise, drawn, answered, right.value):
            key, diagnosis = _named_mistake(exercise, inputs, seen)
            return _wrong(exercise, i, drawn, answered, trouble, key, diagnosis, borrowed)
    if borrowed:
        return unusable(exercise.label, borrowed)
    closer = exercise.closer_look
    if trouble := _closer_trouble(exercise, inputs[closer], seen[closer], expected[closer]):
        return _wrong(exercise, closer, inputs[closer], seen[closer], trouble, "", "", "")
    names = "; ".join(probe.name for probe in exercise.probes)
    parts = [Words("Tried on", f"{names}."), *_printed(seen[0])]
    return Result("good", "✓", f"{exercise.label}: right", tuple(parts), passed=True)


def not_yet(
    label: str, text: str = "Write your answer in the cell above, then run this one."
) -> Result:
    return Result("calm", "○", f"{label}: not yet", (Words("", text),))


def unusable(label: str, diagnosis: str) -> Result:
    """The verdict on an answer that cannot even be tried."""
    return Result(
        "wrong", "✗", f"{label}: not right yet", (Words("", diagnosis),), diagnosis=diagnosis
    )


def borrowed_words(exercise: Exercise, name: str) -> str:
    """What to say of an answer that calls the exercise's own goal."""
    if name in exercise.forbidden:
        return (
            f"Your code calls `{name}`, which is what this exercise builds. It is good to know "
            "that it exists. Here, make it from smaller parts."
        )
    return (
        f"This hands the work to the course's own `{name}`. It works, and from the next "
        "section on you may use it. Here it counts when you write it yourself."
    )


def _wrong(
    exercise: Exercise,
    index: int,
    drawn: Inputs,
    answered: Observation,
    trouble: Trouble,
    key: str,
    diagnosis: str,
    borrowed: str,
) -> Result:
    probe, told = exercise.probes[index], diagnosis or trouble.general
    parts: list[Part] = [Words("Fails on:", f"{probe.name}. {trouble.headline}")]
    if drawn:
        parts.append(Listing("Input:", compare.inputs_in_words(exercise.names, drawn)))
    parts += trouble.parts
    if told:
        parts.append(Words("What happened:" if diagnosis else "", told))
    if "?" not in told or told == WHAT_IS_IT:
        parts.append(Words("Think:", probe.question))
    if borrowed:
        parts.append(Words("Besides:", borrowed))
    parts += _printed(answered)
    parts.append(Words("", f'For a nudge: `hint("{exercise.id}")`'))
    title = f"{exercise.label}: not right yet"
    return Result("wrong", "✗", title, tuple(parts), diagnosis=told, mistake=key)


def _printed(answered: Observation) -> Iterator[Part]:
    if lines := answered.printed.splitlines():
        more = f"\n… ({len(lines)} lines or more)" if len(lines) > 3 else ""
        text = "\n".join(line[:100] for line in lines[:3]) + more
        yield Listing("Your code printed:", text)


def _named_mistake(
    exercise: Exercise, inputs: list[Inputs], seen: list[Observation]
) -> tuple[str, str]:
    if len(seen) < len(inputs):
        return "", ""
    for bank in (exercise.mistakes, exercise.pairs()):
        matches = {
            mistake.key: mistake.diagnosis
            for mistake in bank
            if all(
                _alike(exercise, answered, observe(exercise, mistake.wrong, drawn, ours=True))
                for drawn, answered in zip(inputs, seen, strict=True)
            )
        }
        if matches:
            return next(iter(matches.items())) if len(matches) == 1 else ("", "")
    return "", ""


def _alike(exercise: Exercise, one: Observation, other: Observation) -> bool:
    if one.failure or other.failure:
        return _told(one.failure) == _told(other.failure)
    alike = compare.same(one.value, other.value, exercise.tolerance)
    return alike and one.changed == other.changed


def _told(failure: Failure | None) -> tuple[str, str] | None:
    """What an answer failed with. A division by zero has several texts that say the same."""
    if failure is None:
        return None
    text = "ZeroDivisionError"
    return failure.kind, text if failure.text.startswith(text) else failure.text


def _trouble(exercise: Exercise, drawn: Inputs, o: Observation, right: Any) -> Trouble | None:
    """What is wrong with one observation, the gravest first."""
    if o.failure and o.failure.kind == "endless":
        return Trouble("It does not end.", general=ENDLESS)
    if o.failure:
        raised = Listing("Your code stopped:", f"{o.failure.where}\n{o.failure.text}".strip())
        return Trouble("An error was raised.", (raised,), _cause(o.failure.text))
    if o.value is None and right is not None:
        return Trouble("It returns `None`.", general=NO_RETURN)
    if isinstance(right, Tensor) and not isinstance(o.value, Tensor):
        several = any(isinstance(x, Tensor) for _, x in compare.leaves(o.value))
        return Trouble(
            f"It returns {_kind(o.value)}; expected is a tensor.",
            general=SEVERAL
            if several
            else ONE_TRUTH
            if isinstance(o.value, bool)
            else LEFT_PYTORCH,
        )
    if _another_row(o.value, right):
        return Trouble(f"It returns {_kind(o.value)}; expected is {_kind(right)}.", general=A_ROW)
    if _is_plain(o.value) and _is_plain(right) and o.value != right:
        lists = Listing("Yours:", _short(o.value)), Listing("Expected:", _short(right))
        return Trouble("The list is not right.", lists)
    mine, wanted = list(compare.leaves(o.value)), list(compare.leaves(right))
    if [path for path, _ in mine] != [path for path, _ in wanted]:
        alike = type(o.value) is type(right)
        what = "What comes out has" if alike else f"It returns {_kind(o.value)} with"
        return Trouble(
            f"{what} other parts than expected.",
            (Listing("Yours:", _outline(mine)), Listing("Expected:", _outline(wanted))),
        )
    for (path, a), (_, b) in zip(mine, wanted, strict=True):
        if trouble := _leaf_trouble(exercise, drawn, path, a, b):
            return trouble
    if o.changed:
        names = " and ".join(f"`{exercise.names[i]}`" for i in o.changed)
        return Trouble(
            f"The result is right, but {names} is changed on the way.",
            general="Whoever calls your function still needs the input as it was. Which line "
            "writes into it (`x += …`, `x[…] = …`, a method that ends in `_`)?",
        )
    return None


def _cause(error: str) -> str:
    """What may be behind an error, "TypeError: …"."""
    for general, signs in CAUSES.items():
        if any(sign in error for sign in signs):
            return general
    return WHAT_IS_IT


def _closer_trouble(
    exercise: Exercise, drawn: Inputs, answered: Observation, right: Observation
) -> Trouble | None:
    """What is wrong with an answer whose numbers are right: its gradients, its device."""
    wanted = look_closer(exercise, exercise.reference, drawn, right)
    if (failure := answered.on_a_gpu) and not wanted.on_a_gpu:
        stopped = Listing("There it stops:", f"{failure.where}\n{failure.text}".strip())
        headline = "Right here, but it would not run on a GPU."
        numpy = "to numpy" in failure.text
        return Trouble(headline, (stopped,), LEFT_FOR_NUMPY if numpy else WHICH_DEVICE)
    if answered.learns and not wanted.learns:
        return Trouble("The numbers are right, and they want to be trained.", general=LEARNS)
    missing = [name for name in wanted.gradients if name not in answered.gradients]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        return Trouble(f"The numbers are right, but no gradient reaches {names}.", general=CUT_OFF)
    for name, gradient in wanted.gradients.items():
        if gradient.isfinite().all() and not answered.gradients[name].isfinite().all():
            headline = f"The numbers are right, but the gradient for `{name}` has NaN in it."
            return Trouble(headline, general=NAN_GRADIENT)
        if not compare.close(answered.gradients[name], gradient, 100 * exercise.tolerance).all():
            return Trouble(
                f"The numbers are right, but the gradient for `{name}` is not: a part of the "
                "computation is cut off from it.",
                general=CUT_OFF,
            )
    return None


def _leaf_trouble(exercise: Exercise, drawn: Inputs, path: str, a: Any, b: Any) -> Trouble | None:
    at = f"At {path}: " if path else ""
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        if compare.same(a, b, exercise.tolerance):
            return None
        if a is None:
            return Trouble(f"{at}It returns `None`.", general=NO_RETURN)
        if type(a) is not type(b):
            several = isinstance(a, Tensor) and isinstance(b, bool)
            headline = f"{at}It returns {_kind(a)}; expected is {_kind(b)}."
            return Trouble(headline, general=ONE_OF_MANY if several else "")
        if a and isinstance(a, str) and "; " in a + b:
            return Trouble(f"{at}{_two_lists(a.split('; '), b.split('; '))}")
        have = f"{at}you have" if at else "It returns"
        general = DROPPED[bool(a)] if path == TRAINING else ""
        return Trouble(f"{have} {a!r}; expected is {b!r}.", general=general)
    if a.shape != b.shape:
        sizes, out = compare.axis_names(
            exercise.shapes, dict(zip(exercise.names, drawn, strict=False))
        )
        if tuple(sizes.get(name) for name in out) == tuple(b.shape):
            words = compare.shape_in_words(tuple(a.shape), sizes, out)
        else:
            words = f"You returned the shape {tuple(a.shape)}; expected is {tuple(b.shape)}."
        return Trouble(f"{at}The shape is not right.", (Words("Shape:", words),))
    if a.dtype != b.dtype:
        headline = f"{at}The numbers are of another kind: {a.dtype}; expected is {b.dtype}."
        made = PRECISION if any(isinstance(x, Tensor) for x in drawn) else SINGLE
        return Trouble(headline, general=YES_OR_NO if b.dtype == torch.bool else made)
    if compare.close(a, b, exercise.tolerance).all():
        return None
    parts: list[Part] = [compare.comparison(a, b, exercise.tolerance)]
    if a.is_floating_point() and bool(b.isfinite().all()) and not bool(a.isfinite().all()):
        bad = int((~a.isfinite()).sum())
        general = (
            f"{bad} of {a.numel()} numbers are NaN or infinite. Print what each line makes of this "
            "input: which is the first that does not give ordinary numbers?"
        )
        return Trouble(f"{at}Some of the numbers are no numbers.", tuple(parts), general)
    broken = [i.sentence for i in exercise.invariants if not i.holds(a, *drawn)]
    parts += [Words("What must hold, and does not:", f"{sentence}.") for sentence in broken]
    return Trouble(f"{at}The numbers are not right.", tuple(parts), compare.pattern(a, b))


def _another_row(value: Any, right: Any) -> bool:
    """Is it a list in place of a tuple, or a tuple in place of a list, with nothing wrong in it?"""
    rows = {type(value), type(right)} == {list, tuple}
    return rows and compare.same(list(value), list(right), 0.0)


def _two_lists(mine: list[str], wanted: list[str]) -> str:
    """What stands in only one of two lists of names."""
    more = ", ".join(f"`{name}`" for name in mine if name not in wanted)
    lacking = ", ".join(f"`{name}`" for name in wanted if name not in mine)
    parts = [f"you have {more}" * bool(more), f"you lack {lacking}" * bool(lacking)]
    rest = " The others are as expected." if set(mine) & set(wanted) else ""
    return f"{', and '.join(filter(None, parts))}.{rest}"


def _is_plain(value: Any) -> bool:
    """Is it a list of plain things, to be shown as it is?"""
    return isinstance(value, list) and not any(
        isinstance(item, (Tensor, float)) for _, item in compare.leaves(value)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]} …"


def _kind(value: Any) -> str:
    return f"something of type `{type(value).__name__}`"


def _outline(parts: list[tuple[str, Any]]) -> str:
    return "\n".join(
        f"{path or 'the value'}: {tuple(v.shape) if isinstance(v, Tensor) else repr(v)}"
        for path, v in parts
    )


def judge_prediction(task: Prediction, answer: Any) -> Result:
    """The verdict on predicted numbers. It never says what they are."""
    if answer is ... or answer is None:
        return not_yet(task.label, "Commit to numbers in the cell above, then run this one.")
    form = f"Write {len(task.names)} numbers: `{task.signature}`."
    try:
        items = list(answer) if not isinstance(answer, (str, dict)) else []
        if any(item is ... for item in items):
            return not_yet(task.label, form)
        values = tuple(float(item) for item in items)
    except (TypeError, ValueError):
        values = ()
    if len(values) != len(task.names):
        return unusable(task.label, form)
    right = [abs(a - b) <= task.tolerance for a, b in zip(values, task.expected(), strict=True)]
    if all(right):
        text = "As you said: now see it computed."
        return Result("good", "✓", f"{task.label}: right", (Words("", text),), passed=True)
    found = [w for w in task.wrong if _matches(w, values, task.tolerance)]
    named = found[0] if len(found) == 1 else None
    lines = "\n".join(
        f"{'✓' if ok else '✗'} {name}: {value:g}"
        for ok, name, value in zip(right, task.names, values, strict=True)
    )
    told = named.diagnosis if named else ""
    parts: list[Part] = [Listing("You predict:", lines)]
    parts += [Words("What may have happened:", told)] if told else []
    parts += [Words("Think:", task.question)] if "?" not in told else []
    parts.append(Words("", f'For a nudge: `hint("{task.id}")`'))
    title = f"{task.label}: not right yet"
    return Result(
        "wrong", "✗", title, tuple(parts), diagnosis=told, mistake=named.name if named else ""
    )


def _matches(wrong: WrongValue, values: tuple[float, ...], tolerance: float) -> bool:
    if wrong.matches is not None:
        return bool(wrong.matches(*values))
    return all(abs(a - b) <= tolerance for a, b in zip(values, wrong.example, strict=True))
