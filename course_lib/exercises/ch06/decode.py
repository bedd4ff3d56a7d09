"""6.4 greedy_decode."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.ch06.common import Reciter, rows
from course_lib.exercises.observe import at_most
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

Model = Callable[[Tensor, Tensor], Tensor]
Lists = list[list[int]]


def _written(
    model: Model,
    src: Tensor,
    bos_id: int,
    eos_id: int,
    max_len: int,
    start: int | None = None,
    place: int = -1,
    memory: bool = True,
    exchanged: bool = False,
    in_front: bool = False,
    steps: int = 0,
    choose: Callable[[Tensor], Tensor] = lambda logits: logits.argmax(-1),
) -> Tensor:
    """What is written in `max_len` steps, with the switches of what goes wrong: (B, max_len)."""
    tgt = torch.full((len(src), 1), bos_id if start is None else start, device=src.device)
    for _ in range(max_len + steps):
        given = (src, tgt if memory else tgt[:, -1:])
        logits = model(*given[::-1]) if exchanged else model(*given)
        columns = [tgt, choose(logits[:, place])[:, None]]
        tgt = torch.cat(columns[::-1] if in_front else columns, dim=1)
    return tgt.flip(1)[:, 1:] if in_front else tgt[:, 1:]


def _cut(written: Tensor, eos_id: int, extra: int = 0, which: int = 0) -> Lists:
    """Each sentence up to its end token, and `extra` tokens more."""
    found = []
    for row in written.tolist():
        ends = [i for i, token in enumerate(row) if token == eos_id]
        found.append(row[: ends[which] + extra] if ends else row)
    return found


def greedy_decode(model: Model, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> Lists:
    """The most likely word, again and again, until the end token or `max_len` words."""
    return _cut(_written(model, src, bos_id, eos_id, max_len), eos_id)


def _together(model: Model, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> Lists:
    """Stops all sentences as soon as one ends."""
    written = _written(model, src, bos_id, eos_id, max_len)
    ends = [row.index(eos_id) for row in written.tolist() if eos_id in row]
    return written[:, : min(ends, default=max_len)].tolist()


def _until_one_ends(model: Model, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> Lists:
    """Stops all sentences right after the first end token of any."""
    written = _written(model, src, bos_id, eos_id, max_len)
    ends = [row.index(eos_id) for row in written.tolist() if eos_id in row]
    return _cut(written[:, : min(ends, default=max_len) + 1], eos_id)


def _decode(**switches: Any) -> Function:
    return lambda model, src, bos_id, eos_id, max_len: _cut(
        _written(model, src, bos_id, eos_id, max_len, **switches), eos_id
    )


def _guarded(answer: Function, model: Model, *inputs: Any) -> Any:
    return answer(at_most(60, model), *inputs)


def _sources(
    *sentences: list[int],
    max_len: int,
    ends: bool = True,
    bos_id: int = BOS_ID,
    eos_id: int = EOS_ID,
) -> Draw:
    def draw(dice: Generator) -> Inputs:
        src = rows(*sentences, ends=ends, eos_id=eos_id)
        return Reciter(bos_id, eos_id), src, bos_id, eos_id, max_len

    return draw


ANOTHER_START = (
    "What the model reads first is not the start token, so it does not know where it is. Which "
    "token did `shift_right` put in front, in training?"
)

ONE_ENDS = (
    "When one sentence ends, all are stopped. Others may have more to say. When is the whole batch "
    "done?"
)

DECODE = Exercise(
    id="6.4",
    title="Greedy decoding",
    signature="greedy_decode(model, src, bos_id, eos_id, max_len)",
    shapes="src (B, Tk) -> ()",
    reference=greedy_decode,
    use=_guarded,
    probes=(
        Probe(
            "one sentence",
            _sources([5, 3, 4], max_len=6),
            "What has the model read when it says its first word? And its second?",
        ),
        Probe(
            "two sentences of different length",
            _sources([5, 3, 4, 6], [7, 3], max_len=9),
            "One sentence ends before the other. What becomes of each?",
        ),
        Probe(
            "a sentence that does not end",
            _sources([5, 3, 4, 6, 7, 3, 5, 4], max_len=5, ends=False),
            "It never says the end token. After how many words do you stop it?",
        ),
        Probe(
            "other numbers for start and end",
            _sources([5, 3, 4, 6], max_len=8, bos_id=2, eos_id=1),
            "Start and end are told by the caller. Where do you use these two arguments?",
        ),
        Probe(
            "an empty sentence beside another",
            _sources([], [6, 6, 3], max_len=7),
            "The first says the end token at once. What is its list?",
        ),
    ),
    mistakes=(
        Mistake(
            "the end token kept",
            lambda model, src, bos, eos, n: _cut(_written(model, src, bos, eos, n), eos, 1),
            "The end token stands in the result. It says that the sentence is over, and is no "
            "word of it. Where should a list end?",
        ),
        Mistake(
            "the start token kept",
            lambda model, src, bos, eos, n: [
                [bos, *row] for row in greedy_decode(model, src, bos, eos, n)
            ],
            "The start token stands in the result. The model was given it and did not write it. "
            "Where does what it wrote begin?",
        ),
        Mistake(
            "goes on after the end",
            lambda model, src, bos, eos, n: _written(model, src, bos, eos, n).tolist(),
            "After the end token it goes on, and what follows means nothing. What should happen "
            "to a sentence that has ended?",
        ),
        Mistake(
            "end tokens taken out",
            lambda model, src, bos, eos, n: [
                [i for i in row if i != eos] for row in _written(model, src, bos, eos, n).tolist()
            ],
            "The end token is taken out, and what was written after it stays. Which part of the "
            "list counts?",
        ),
        Mistake(
            "all end together",
            _together,
            ONE_ENDS,
            group="all end together",
        ),
        Mistake("all end after the first", _until_one_ends, ONE_ENDS, group="all end together"),
        Mistake(
            "cut at the last end token",
            lambda model, src, bos, eos, n: _cut(_written(model, src, bos, eos, n), eos, which=-1),
            "It is cut at the *last* end token. What comes after the first one means nothing, end "
            "tokens included. Which one counts?",
        ),
        Mistake(
            "the end token is always 2",
            lambda model, src, bos, eos, n: _cut(_written(model, src, bos, eos, n), EOS_ID),
            "You look for the token 2. Which token ends a sentence is told by the caller. Where?",
        ),
        Mistake(
            "the start token is always 1",
            _decode(start=BOS_ID),
            "You begin with the token 1. Which token begins a sentence is told by the caller. "
            "Where?",
        ),
        Mistake(
            "the first sentence alone",
            lambda model, src, bos, eos, n: greedy_decode(model, src[:1], bos, eos, n),
            "There is one list, for the first sentence. What about the others of the batch?",
        ),
        Mistake(
            "all in one list",
            lambda model, src, bos, eos, n: [
                token for row in greedy_decode(model, src, bos, eos, n) for token in row
            ],
            "All words stand in one list. Which of them belong to which sentence?",
        ),
        Mistake(
            "source and target exchanged",
            _decode(exchanged=True),
            "The model is given what was written as its source, and the source as its target. In "
            "which order does `model(src, tgt)` take them?",
        ),
        Mistake(
            "put in front",
            _decode(in_front=True),
            "New words are put in front of what stands there, so that the decoder reads backwards. "
            "At which end does a sentence grow?",
        ),
        Mistake(
            "over the batch",
            _decode(choose=lambda logits: logits.argmax(0)[: len(logits)]),
            "`argmax` runs along the batch: it says which *sentence* has the highest score. Along "
            "which axis do the words of the vocabulary stand?",
        ),
        Mistake(
            "starts with the end token",
            lambda model, src, bos, eos, n: _cut(_written(model, src, bos, eos, n, start=eos), eos),
            ANOTHER_START,
            group="another start",
        ),
        Mistake(
            "starts with padding",
            _decode(start=PAD_ID),
            ANOTHER_START,
            group="another start",
        ),
        Mistake(
            "the first place read",
            _decode(place=0),
            "You read the logits of the first place each time, which predict the first word. "
            "Which place predicts the next one?",
        ),
        Mistake(
            "only the last word",
            _decode(memory=False),
            "The model is given the last word alone, and has forgotten what it said before. What "
            "did the decoder read in training?",
        ),
        Mistake(
            "one word too many",
            _decode(steps=1),
            "It writes one word more than `max_len` allows. Does your count begin with the start "
            "token?",
        ),
        Mistake(
            "one word too few",
            _decode(steps=-1),
            "It stops one word before `max_len`. Does your count include the start token?",
        ),
        Mistake(
            "the least likely",
            _decode(choose=lambda logits: logits.argmin(-1)),
            "It takes the word with the *lowest* score. Which one is greedy?",
        ),
    ),
    hints=(
        "Begin with a column of start tokens. In each round ask the model for logits, take the "
        "best word at the last place, and put it on as a new column.",
        "Let all sentences run to `max_len`, and cut each at its first end token afterwards. That "
        "is right, if not the fastest.",
        "`model(src, tgt)[:, -1].argmax(dim=-1)` are the next words, (B,). `row.index(eos_id)` is "
        "where a list has its first end token.",
    ),
)
