"""10.6 length_control."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.ch01.common import BY_HAND, DOUBLE
from course_lib.exercises.ch10.common import (
    NEVER,
    ZERO_TIMES_INFINITY,
    Low,
    finite,
    lowest,
    random_logits,
    without_gradients,
)
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Mistake, Probe
from course_lib.tokenization import EOS_ID


def length_control(
    logits: Tensor, num_written: int, eos_id: int, shortest: int, longest: int
) -> Tensor:
    """Logits with which a sentence cannot end too early, and ends in time."""
    is_end = torch.arange(len(logits), device=logits.device) == eos_id
    if num_written < shortest:
        return logits.masked_fill(is_end, -torch.inf)
    if num_written >= longest:
        return logits.masked_fill(~is_end, -torch.inf)
    return logits


def _controlled(
    logits: Tensor,
    num_written: int,
    eos_id: int,
    shortest: int,
    longest: int,
    low: int = 0,
    high: int = 0,
    early: str = "no end",
    between: str = "",
    late: str = "the end",
    fill: Low = NEVER,
    late_fill: float | None = None,
    late_end: float | None = None,
    end: int | None = None,
    copied: bool = True,
) -> Tensor:
    """The control, with the switches of what goes wrong with it."""
    logits = logits.clone() if copied else logits
    fill = lowest(fill, logits)
    token = eos_id if end is None else end
    what = between
    if num_written < shortest + low:
        what = early
    elif num_written >= longest + high:
        what = late
    kept = logits[token].clone()
    if what == "no end":
        logits[token] = fill
    elif what == "the end":
        logits[:] = fill if late_fill is None else late_fill
        logits[token] = kept if late_end is None else late_end
    elif what == "raised":
        logits[token] = -NEVER if late_end is None else late_end
    return logits


def _with(**switches: Any) -> Function:
    return lambda *inputs: _controlled(*inputs, **switches)


def _infinite_product(
    logits: Tensor, num_written: int, eos_id: int, shortest: int, longest: int
) -> Tensor:
    blocked = length_control(torch.zeros_like(logits), num_written, eos_id, shortest, longest) < 0
    within = shortest <= num_written < longest
    return logits if within else logits + blocked.to(logits) * NEVER


def _exactly(logits: Tensor, num_written: int, eos_id: int, shortest: int, longest: int) -> Tensor:
    past = num_written > longest
    return logits if past else length_control(logits, num_written, eos_id, shortest, longest)


def _run(
    num_written: int,
    eos_id: int,
    shortest: int,
    longest: int,
    size: int,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    return lambda dice: (
        random_logits(size, dice, dtype),
        num_written,
        eos_id,
        shortest,
        longest,
    )


RAISED = (
    "At `longest` the end's own logit is changed. If all the others are impossible, it is sure to "
    "come, whatever its logit is. Which of the numbers may stay as it was?"
)
RAISED_ALONE = (
    "At `longest` you raise the end's logit, and the other tokens stay possible, or all becomes "
    "NaN in a softmax. What can be done with the *others* instead?"
)

LENGTH = Exercise(
    id="10.6",
    title="Not too short, not too long",
    signature="length_control(logits, num_written, eos_id, shortest, longest)",
    shapes="logits (V), num_written, eos_id, shortest, longest -> (V)",
    reference=length_control,
    use=without_gradients,
    smooth=2,
    probes=(
        Probe(
            BY_HAND,
            _run(1, EOS_ID, 3, 6, size=4),
            "One token is written, and three are wanted at least. Which token may not come now?",
        ),
        Probe(
            "in between",
            _run(4, EOS_ID, 3, 6, size=5),
            "Four are enough, and not too many. What has to change?",
        ),
        Probe(
            "as many as wanted at most",
            _run(6, EOS_ID, 3, 6, size=6),
            "Six are written, and no seventh is wanted. Which token is left, and what is its "
            "logit?",
        ),
        Probe(
            "one less than wanted at least",
            _run(2, 3, 3, 6, size=5),
            "Two are written. If it ended now, how long would it be?",
        ),
        Probe(
            "as many as wanted at least",
            _run(3, 3, 3, 6, size=6),
            "Three are written. If it ended now, how long would it be?",
        ),
        Probe(
            "one less than wanted at most",
            _run(5, 0, 3, 6, size=5),
            "Five are written. If one more came now, how long would it be?",
        ),
        Probe(
            "nothing written",
            _run(0, 1, 1, 4, size=6),
            "If it ended now, the sentence would be empty. Is that long enough?",
        ),
        Probe(
            "nothing written, and that would do",
            _run(0, 1, 0, 4, size=4),
            "`shortest` is 0. Is any end too early?",
        ),
        Probe(
            "one length only",
            _run(3, 4, 3, 3, size=6),
            "Three at least and three at most, and three are written. What comes next?",
        ),
        Probe(
            "already longer than wanted",
            _run(7, 4, 2, 5, size=7),
            "Somebody has written two too many. Should they go on?",
        ),
        Probe(
            "too short, in double precision",
            _run(1, 3, 2, 5, size=5, dtype=torch.float64),
            "Which precision have the logits, and which has what you return?",
        ),
        Probe(
            DOUBLE,
            _run(5, 3, 2, 5, size=5, dtype=torch.float64),
            "Which precision have the logits, and which has what you return?",
        ),
    ),
    mistakes=(
        Mistake(
            "forbidden one step too long",
            partial(_controlled, low=1),
            "With `shortest` tokens written the end is still forbidden. How long would the "
            "sentence be, if it ended then?",
        ),
        Mistake(
            "allowed one step too early",
            partial(_controlled, low=-1),
            "The end is allowed when one token is still lacking. How long would the sentence be, "
            "if it ended then?",
        ),
        Mistake(
            "one token too many",
            partial(_controlled, high=1),
            "With `longest` tokens written another one is still allowed. How long would the "
            "sentence be then?",
        ),
        Mistake(
            "cut one token too early",
            partial(_controlled, high=-1),
            "The end is forced when one more token would still be allowed. How many are written "
            "when it has to come?",
        ),
        Mistake(
            "counted one too few",
            _with(low=1, high=1),
            "Both limits come one token late, as if `num_written` counted the start token, too, or "
            "the end. How many tokens are written, and how long would the sentence be, if it "
            "ended now?",
        ),
        Mistake(
            "counted one too many",
            _with(low=-1, high=-1),
            "Both limits come one token early, as if the next token were written already. How "
            "long would the sentence be, if it ended now?",
        ),
        Mistake(
            "the other way round",
            _with(early="the end", late="no end"),
            "While it is too short only the end may come, and when it is long enough the end may "
            "not. Which of the two belongs to which side?",
        ),
        Mistake(
            "no upper limit",
            _with(late=""),
            "At `longest` the end is allowed, and so is everything else: nothing makes it stop. "
            "What may no longer come then?",
        ),
        Mistake(
            "no lower limit",
            _with(early=""),
            "The end may come at once. Which token has to be forbidden as long as too few are "
            "written?",
        ),
        Mistake(
            "forbidden up to the longest",
            _with(between="no end"),
            "The end stays forbidden until `longest`, so that all sentences have that length. It "
            "does so, too, if the two limits have changed places. From when on may the end come?",
        ),
        Mistake(
            "forced from the shortest on",
            _with(between="the end"),
            "As soon as `shortest` tokens are written the end is forced. It is so, too, if the two "
            "limits have changed places. What may come between `shortest` and `longest`?",
        ),
        Mistake(
            "forbidden on both sides",
            _with(late="no end"),
            "At `longest` you forbid the end, as if it were too short. Which tokens should be "
            "forbidden there?",
        ),
        Mistake(
            "forced on both sides",
            _with(early="the end"),
            "While it is too short, you forbid everything but the end. Which token should be "
            "forbidden there?",
        ),
        Mistake(
            "forbidden altogether",
            _with(late="the end", late_end=NEVER),
            "At `longest` every token is forbidden, the end as well: no choice is left. Which one "
            "should keep its logit?",
        ),
        Mistake("the end at 0", _with(late_end=0.0), RAISED, group="the end changed"),
        Mistake("the end at 1", _with(late_end=1.0), RAISED, group="the end changed"),
        Mistake("the end at +inf", _with(late_end=-NEVER), RAISED, group="the end changed"),
        Mistake("raised alone", _with(late="raised"), RAISED_ALONE, group="raised alone"),
        Mistake(
            "raised to a billion",
            _with(late="raised", late_end=1e9),
            RAISED_ALONE,
            group="raised alone",
        ),
        Mistake(
            "0",
            partial(_controlled, fill=0.0),
            "What is forbidden gets the logit 0, and after a softmax that is a good chance. Which "
            "logit makes a probability of 0?",
        ),
        Mistake(
            "the others at 0",
            _with(late_fill=0.0),
            "At `longest` the other tokens get the logit 0, which is a good chance still. Which "
            "logit makes a probability of 0?",
        ),
        *finite(lambda low: _with(fill=low)),
        Mistake("0 times infinity", _infinite_product, ZERO_TIMES_INFINITY),
        Mistake(
            "always token 2",
            partial(_controlled, end=EOS_ID),
            "You take token 2 for the end, whatever `eos_id` is. Whose vocabulary is it?",
        ),
        Mistake(
            "the last token",
            _with(end=-1),
            "You take the last token of the vocabulary for the end. Which argument says which one "
            "it is?",
        ),
        Mistake(
            "only exactly at the longest",
            _exactly,
            "At `longest` itself all is right, and beyond it a sentence may go on for ever. Which "
            "comparison holds from there on?",
        ),
        Mistake(
            "written into its input",
            _with(copied=False),
            "The numbers are right, and the caller's logits are no longer what they were: "
            "`logits[…] = …` writes into the very tensor that was handed over. What makes a copy "
            "first?",
        ),
    ),
    hints=(
        "There are three cases: too short, long enough, and as long as it may be. In which of "
        "them is the end forbidden, and in which is everything else?",
        "Ask how long the sentence would be if the end came now: `num_written`. Too short is "
        "`num_written < shortest`; it has to end if `num_written >= longest`.",
        "A mask of the end is `torch.arange(len(logits)) == eos_id` (give `arange` the device of "
        "the logits). `logits.masked_fill(mask, -torch.inf)` gives a new tensor; `~mask` is all "
        "the others.",
    ),
)
