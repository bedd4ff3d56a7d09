"""2.6 leak: a probe that the learner writes. It is tried on attentions that are known to leak."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib import attention, masks
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Attend = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Suspect:
    """Something that turns a sentence (T, D) into outputs (T, D), and may look ahead."""

    name: str
    attend: Attend

    def __call__(self, x: Tensor) -> Tensor:
        return self.attend(x)

    def __repr__(self) -> str:
        return self.name


def _under(mask: Callable[[int], Tensor]) -> Attend:
    return lambda x: attention.attention(x, x, x, mask(len(x)).to(x.device))


def _triangle(diagonal: int) -> Attend:
    return _under(lambda n: torch.ones(n, n).bool().tril(diagonal))


def _masked_too_late(x: Tensor) -> Tensor:
    weights = attention.scaled_dot_scores(x, x).softmax(-1)
    return weights.tril() @ x


def _mean_of_earlier(x: Tensor) -> Tensor:
    return torch.stack([x[: max(i, 1)].mean(0) * (i > 0) for i in range(len(x))])


def _to_the_first_word(x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[0] = x[-1]
    return out


def _that_cancels(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    signs = torch.cat([torch.ones_like(x[0, :half]), -torch.ones_like(x[0, :half])])
    return SOUND(x) + x.mean() * signs


class Jump:
    """Zeros for the sentence that it was made for; two known numbers once its future is another."""

    def __init__(self, x: Tensor, t: int) -> None:
        self.future = x[t + 1 :]

    def __call__(self, x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        if not torch.equal(x[-len(self.future) :], self.future.to(x.device)):
            out[0, 0], out[0, 1] = 2.0, -0.5
        return out

    def __repr__(self) -> str:
        return "zeros, but the first word gets 2 and -0.5 if the future changes"


SOUND = Suspect("attention with a causal mask", _under(masks.causal_mask))
EARLIER = Suspect("the mean of all earlier words, without its own", _mean_of_earlier)
ALONE = Suspect("no attention: each word stays as it is", lambda x: x.clone())
NO_MASK = Suspect("attention without a mask", _under(lambda n: torch.ones(n, n).bool()))
ONE_STEP = Suspect("attention with a mask one step too far", _triangle(1))
TWO_STEPS = Suspect("attention with a mask two steps too far", _triangle(2))
TOO_LATE = Suspect("attention that is masked after the softmax", _masked_too_late)
TO_THE_FIRST = Suspect("zeros, but the first word hears the last", _to_the_first_word)
FROM_THE_LAST = Suspect("every word hears the last", lambda x: x[-1:].expand_as(x))
CANCELS = Suspect(
    "sound attention, plus the mean of the sentence for half of the features and minus it for the "
    "others",
    _that_cancels,
)
SIZES = Suspect(
    "sound attention, plus the mean size of all numbers", lambda x: SOUND(x) + x.abs().mean()
)


def verdict(answer: Function, attend: Attend, x: Tensor, t: int) -> Any:
    """Is the leak seen? Its size counts only where it does not depend on what is put in."""
    size = answer(attend, x, t)
    if isinstance(size, Tensor) and size.numel() == 1:
        size = size.item()
    if isinstance(attend, Jump):
        return size
    if size is None or isinstance(size, (bool, int, float)):
        return size if size is None else {"its verdict": "a leak" if size > 1e-5 else "no leak"}
    raise TypeError(f"leak returned something of type {type(size).__name__}, not one number")


def leak(
    attend: Attend,
    x: Tensor,
    t: int,
    first_new: int = 1,
    heard: Callable[[Tensor, int], Tensor] = lambda change, t: change[: t + 1],
    size: Callable[[Tensor], Tensor] = lambda change: change.abs().max(),
    new: Callable[[Tensor], Tensor] = torch.randn_like,
) -> float:
    """The largest change of an output up to position t, when all later inputs are replaced."""
    changed = x.clone()
    changed[t + first_new :] = new(x[t + first_new :])
    return size(heard(attend(changed) - attend(x), t)).item()


def _leak(**switches: Any) -> Function:
    """A wrong probe. No `partial`: eight times yes or no cannot tell two mistakes at once."""
    return lambda attend, x, t: leak(attend, x, t, **switches)


def _only_the_last(attend: Attend, x: Tensor, t: int) -> float:
    changed = torch.cat([x[:-1], torch.randn_like(x[-1:])])
    return (attend(changed) - attend(x))[: t + 1].abs().max().item()


def _only_the_next(attend: Attend, x: Tensor, t: int) -> float:
    changed = x.clone()
    changed[t + 1] = torch.randn_like(x[t + 1])
    return (attend(changed) - attend(x))[: t + 1].abs().max().item()


def _same_tensor(attend: Attend, x: Tensor, t: int) -> float:
    changed = x.clone()
    changed[t + 1 :] = torch.randn_like(x[t + 1 :])
    return (attend(changed) - attend(changed)).abs().max().item()


def _second_name(attend: Attend, x: Tensor, t: int) -> float:
    changed = x
    changed[t + 1 :] = torch.randn_like(x[t + 1 :])
    return (attend(changed) - attend(x))[: t + 1].abs().max().item()


def _past_changed(attend: Attend, x: Tensor, t: int) -> float:
    changed = torch.cat([torch.randn_like(x[: t + 1]), x[t + 1 :]])
    return (attend(changed) - attend(x))[t + 1 :].abs().max().item()


def _opposite(attend: Attend, x: Tensor, t: int) -> bool:
    return leak(attend, x, t) < 1e-5


def _jump(dice: Generator) -> Inputs:
    x = torch.randn((5, 4), generator=dice).round(decimals=1)
    return Jump(x, 2), x, 2


def _suspected(suspect: Suspect, length: int, t: int, future: float = 1.0) -> Draw:
    """A suspect and a sentence, whose words after t are `future` times as large."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn((length, 4), generator=dice).round(decimals=1)
        x[t + 1 :] *= future
        return suspect, x, t

    return draw


LEAK = Exercise(
    id="2.6",
    title="Catch a leak",
    signature="leak(attend, x, t)",
    shapes="x (T, D) -> ()",
    reference=leak,
    use=verdict,
    smooth=0,
    probes=(
        Probe(
            "attention without a mask",
            _suspected(NO_MASK, 5, 1),
            "Every output depends on every word here. Which outputs did you look at, before and "
            "after which change?",
        ),
        Probe(
            "sound attention",
            _suspected(SOUND, 6, 2),
            "Nothing reaches back here. Did you change a word that these outputs may see, or look "
            "at an output that may change?",
        ),
        Probe(
            "a mean of earlier words only",
            _suspected(EARLIER, 6, 2),
            "Nothing reaches back here. Which outputs may change when the words after t do?",
        ),
        Probe(
            "each word for itself",
            _suspected(ALONE, 5, 1),
            "Nothing reaches anywhere here. Which words did you change, which outputs compare?",
        ),
        Probe(
            "no mask, and t is the first word",
            _suspected(NO_MASK, 5, 0),
            "With t = 0, the first word is all that must stay as it was. Do you look at it?",
        ),
        Probe(
            "a mask one step too far",
            _suspected(ONE_STEP, 6, 2),
            "Position 2 sees position 3 and no further. Is that word among those you change, and "
            "that output among those you compare?",
        ),
        Probe(
            "a mask two steps too far",
            _suspected(TWO_STEPS, 7, 2),
            "Position 2 sees positions 3 and 4. Are both among the words that you change?",
        ),
        Probe(
            "a mask after the softmax",
            _suspected(TOO_LATE, 7, 3),
            "The hidden words take their share before they are hidden. Is the change too small for "
            "your probe?",
        ),
        Probe(
            "a leak into the first word only",
            _suspected(TO_THE_FIRST, 6, 3),
            "Do you compare *all* outputs up to position t?",
        ),
        Probe(
            "a leak out of the last word only",
            _suspected(FROM_THE_LAST, 6, 1),
            "Do you change *all* words after position t?",
        ),
        Probe(
            "a leak that raises some numbers and lowers others",
            _suspected(CANCELS, 7, 2),
            "Plus 1 and minus 1 are two changes. What do they sum up to?",
        ),
        Probe(
            "a leak of sizes, and a future of zeros",
            _suspected(SIZES, 6, 3, future=0.0),
            "All words after t are zeros here. What did you replace them by?",
        ),
        Probe(
            "a leak of sizes, and a loud future",
            _suspected(SIZES, 6, 3, future=5.0),
            "Only the size of the numbers leaks here, not their sign, and it may grow or shrink. "
            "Would you notice both?",
        ),
        Probe(
            "a leak of known size",
            _jump,
            "Two numbers change here, one by 2 and one by 0.5. Which number is asked for?",
        ),
    ),
    mistakes=(
        Mistake(
            "all outputs compared",
            _leak(heard=lambda change, t: change),
            "Your probe sees a leak everywhere, also where there is none. Either you compare "
            "outputs after t, which may change since their own words did, or you change words up "
            "to t as well. Which words change, which outputs must not?",
        ),
        Mistake(
            "the wrong half compared",
            _leak(heard=lambda change, t: change[t + 1 :]),
            "You compare the outputs after t, which may change, and leave out those before. Which "
            "ones must stay as they were?",
        ),
        Mistake(
            "position t changed as well",
            _leak(first_new=0),
            "You also change the word at t, and its own output may see it. Which word is the first "
            "of the future?",
        ),
        Mistake(
            "one word left in place",
            _leak(first_new=2),
            "The word right after t stays as it was, and a mask that goes one step too far shows "
            "that very word. Where does the future begin?",
        ),
        Mistake(
            "position t not compared",
            lambda attend, x, t: (
                leak(attend, x, t, heard=lambda change, t: change[:t]) if t else 0.0
            ),
            "The output at t itself is left out, and a mask that goes one step too far leaks into "
            "that one alone. What does `[:t]` leave out?",
        ),
        Mistake(
            "only position t compared",
            _leak(heard=lambda change, t: change[t]),
            "You look at the output at t alone. A leak may reach an earlier word and not this one. "
            "Which outputs must all stay as they were?",
        ),
        Mistake(
            "only the last word changed",
            _only_the_last,
            "You change the last word alone, and a short-sighted leak does not reach that far. "
            "Which words may be changed?",
        ),
        Mistake(
            "only the next word changed",
            _only_the_next,
            "You change the next word alone, and a leak may come from further away. Which words "
            "may be changed?",
        ),
        Mistake(
            "ups and downs added",
            _leak(size=lambda change: change.sum().abs()),
            "You add up the changes before you take their size, and what goes up and what goes "
            "down cancel. In which order should it be?",
        ),
        Mistake(
            "only what grows",
            _leak(size=lambda change: change.max()),
            "You look at the largest change, and a change downwards is a negative number. What "
            "measures a change in either direction?",
        ),
        Mistake(
            "the mean change",
            _leak(size=lambda change: change.abs().mean()),
            "This is the mean of all changes, and the more outputs there are, the smaller it gets. "
            "Which one is asked for?",
        ),
        Mistake(
            "the length of the change",
            _leak(size=lambda change: change.norm()),
            "This is the length of all changes taken together. Which one of them is asked for?",
        ),
        Mistake(
            "yes or no",
            lambda attend, x, t: leak(attend, x, t) > 1e-5,
            "Yes and no are right. How *much* of the future comes through is asked: which number "
            "tells that?",
        ),
        Mistake(
            "replaced by zeros",
            _leak(new=torch.zeros_like),
            "Where the future was zeros before, it is zeros with yours as well (zeros put in, or "
            "numbers multiplied), so nothing changes and no leak shows. What is unlike anything "
            "that stood there?",
        ),
        Mistake(
            "turned to the negative",
            _leak(new=lambda future: -future),
            "You turn the sign of the future. What listens to its size alone hears no difference. "
            "What is unlike anything that stood there?",
        ),
        Mistake(
            "the same twice",
            _same_tensor,
            "Your probe finds no leak anywhere, so both runs gave the same. Do they see different "
            "words, and are they different enough to show?",
        ),
        Mistake(
            "a second name",
            _second_name,
            "Your probe finds no leak anywhere, and `x` itself is changed: `changed = x` gives the "
            "same tensor a second name, so you compare it with itself. What makes a copy?",
        ),
        Mistake(
            "the past changed",
            _past_changed,
            "You change the past and look at the future, and the future may well depend on it. "
            "Which way must nothing flow?",
        ),
        Mistake(
            "the other way round",
            _opposite,
            "Your answer is large where nothing leaks, and zero where something does. Which of "
            "the two is a leak?",
        ),
    ),
    hints=(
        "Run `attend` twice: on `x`, and on a copy whose words after position t are others. "
        "Compare the outputs that must not notice.",
        "`changed = x.clone()`, then write random numbers into `changed[t + 1 :]`. The outputs up "
        "to t are `[: t + 1]`.",
        "Difference, size of each number, the largest of them: `.abs().max()`.",
    ),
)
