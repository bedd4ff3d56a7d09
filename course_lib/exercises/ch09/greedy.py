"""9.1 greedy_batch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch06.common import rows
from course_lib.exercises.ch09.common import Teller
from course_lib.exercises.observe import at_most
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.tokenization import BOS_ID, EOS_ID, PAD_ID

Step = Callable[[Tensor, Tensor], Tensor]
Lists = list[list[int]]


def greedy_batch(step: Step, src: Tensor, bos_id: int, eos_id: int, max_len: int) -> Lists:
    """The best word, again and again, for those sentences alone that have not ended."""
    return _written(step, src, bos_id, eos_id, max_len)


def _written(
    step: Step,
    src: Tensor,
    bos_id: int,
    eos_id: int,
    max_len: int,
    start: int | None = None,
    steps: int = 0,
    leaves: Callable[[Tensor], Tensor] = lambda ended: ended,
    all_leave: bool = False,
    own_sources: bool = True,
    own_lists: bool = True,
    end_too: bool = False,
    memory: bool = True,
    to_the_limit: bool = False,
    in_front: bool = False,
    choose: Callable[[Tensor], Tensor] = lambda scores: scores.argmax(dim=-1),
) -> Lists:
    """What is written, with the switches of what goes wrong."""
    outputs: Lists = [[] for _ in src]
    left = torch.arange(len(src))
    tgt = torch.full_like(src[:, :1], bos_id if start is None else start)
    for _ in range(max_len + steps):
        sources = src[left] if own_sources else src[: len(left)]
        best = choose(step(sources, tgt if memory else tgt[:, -1:]))
        ended = best == eos_id
        numbers = left.tolist() if own_lists else range(len(left))
        for row, token, over in zip(numbers, best.tolist(), ended.tolist(), strict=True):
            if end_too or not over:
                outputs[row].append(token)
        if all_leave and bool(ended.any()):
            break
        stay = ~leaves(ended)
        both = [best[:, None], tgt] if in_front else [tgt, best[:, None]]
        left, tgt = left[stay], torch.cat(both, dim=1)[stay]
        if not len(left) and not to_the_limit:
            break
    return outputs


def _cut(written: Lists, eos_id: int) -> Lists:
    return [row[: row.index(eos_id)] if eos_id in row else row for row in written]


def _nobody_leaves(step: Step, src: Tensor, bos: int, eos: int, n: int, stop: bool = True) -> Lists:
    """All go on until all have ended, or up to the limit, and are cut afterwards."""
    tgt = torch.full_like(src[:, :1], bos)
    for _ in range(n):
        tgt = torch.cat([tgt, step(src, tgt).argmax(dim=-1, keepdim=True)], dim=1)
        if stop and bool((tgt == eos).any(dim=1).all()):
            break
    return _cut(tgt[:, 1:].tolist(), eos)


def _one_by_one(step: Step, src: Tensor, bos: int, eos: int, n: int) -> Lists:
    return [greedy_batch(step, sentence[None], bos, eos, n)[0] for sentence in src]


def _as_they_end(step: Step, src: Tensor, bos: int, eos: int, n: int) -> Lists:
    """In the order in which they come to their end."""
    written = greedy_batch(step, src, bos, eos, n)
    return sorted(written, key=len)


def _tensors(step: Step, src: Tensor, bos: int, eos: int, n: int) -> list[list[Tensor]]:
    """The right words, each in a tensor of its own."""
    return [[torch.tensor(token) for token in row] for row in greedy_batch(step, src, bos, eos, n)]


def _written_with(**switches: Any) -> Function:
    return lambda step, src, bos, eos, n: _written(step, src, bos, eos, n, **switches)


def watched(answer: Function, step: Step, *inputs: Any) -> Any:
    """What is written, and for how many sentences the model was asked at each step."""
    asked: list[int] = []

    def counted(src: Tensor, tgt: Tensor) -> Tensor:
        asked.append(len(tgt))
        return step(src, tgt)

    written = answer(at_most(60, counted), *inputs)
    if not isinstance(written, list):
        return written
    return {"written": str(written), "sentences that were asked for, step by step": str(asked)}


def _sources(*sentences: list[int], max_len: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return Teller(), rows(*sentences), BOS_ID, EOS_ID, max_len

    return draw


ANOTHER_START = (
    "What the model reads first is not the start token, so it does not know where it is. What do "
    "you fill the first column with?"
)

GREEDY = Exercise(
    id="9.1",
    title="Greedy, a batch at a time",
    signature="greedy_batch(step, src, bos_id, eos_id, max_len)",
    shapes="src (B, Tk) -> ()",
    reference=greedy_batch,
    use=watched,
    smooth=0,
    probes=(
        Probe(
            BY_HAND,
            _sources([5, 3], max_len=4),
            "Which word is said first, which second, and what comes third?",
        ),
        Probe(
            "three sentences of different length",
            _sources([5, 3, 4, 6], [7], [3, 6], max_len=9),
            "The second one ends first. Who is still there at the third step, and from which row "
            "of `src` does each of them come?",
        ),
        Probe(
            "one that is cut off, one that ends",
            _sources([5, 3, 4, 6, 7, 3, 5], [7, 3], max_len=4),
            "How many words has each of them, and after how many steps is it over?",
        ),
        Probe(
            "an empty sentence comes first",
            _sources([], [6, 6, 3, 7], [4], [5, 7], max_len=6),
            "The first one ends at once. Which rows are left then, and which list is whose?",
        ),
    ),
    mistakes=(
        Mistake(
            "tensors, not numbers",
            _tensors,
            "The words are right, and each is a tensor. Lists of *ids* are asked, plain numbers. "
            "What does `.tolist()` make of a tensor?",
        ),
        Mistake(
            "the new word in front",
            _written_with(in_front=True),
            "The new word is put in front of what is written, so that the model reads backwards. "
            "In which order does `torch.cat` need the two?",
        ),
        Mistake(
            "nobody leaves",
            _nobody_leaves,
            "The words are right. But sentences that have ended are still in the batch, and the "
            "model works for them, too. Which rows of `src` and of what is written are still "
            "needed after a step?",
        ),
        Mistake(
            "nobody leaves, up to the limit",
            lambda step, src, bos, eos, n: _nobody_leaves(step, src, bos, eos, n, stop=False),
            "The words are right. But every sentence is written up to `max_len`, as in 6.4, "
            "however early it ends. Who could leave the batch, and when is there nobody left?",
        ),
        Mistake(
            "one at a time",
            _one_by_one,
            "The words are right. But you write one sentence after the other, and the model is "
            "asked for a batch of one each time. How can one step serve all who are still writing?",
        ),
        Mistake(
            "goes on with nobody left",
            _written_with(to_the_limit=True),
            "When all have ended, the model is still asked, for a batch of nobody. When is it "
            "over?",
        ),
        Mistake(
            "sources do not leave",
            _written_with(own_sources=False),
            "When a sentence leaves, its row of `src` stays, so that others go on with a source "
            "that is not theirs. What has to shrink together with what is written?",
        ),
        Mistake(
            "another one's list",
            _written_with(own_lists=False),
            "Once the batch has shrunk, its row 0 need not be sentence 0, and words land in the "
            "wrong lists. What tells you which sentence a row is?",
        ),
        Mistake(
            "those that go on leave",
            _written_with(leaves=lambda ended: ~ended),
            "Those that have ended stay, and the others leave. Which way round is your mask?",
        ),
        Mistake(
            "all leave together",
            _written_with(all_leave=True),
            "When one sentence ends, all stop. Who may leave then, and who has to stay?",
        ),
        Mistake(
            "in the order of their ends",
            _as_they_end,
            "The lists come in the order in which the sentences ended. Whoever called you wants "
            "them in the order of `src`. Where does each result belong?",
        ),
        Mistake(
            "the end token kept",
            _written_with(end_too=True),
            "The end token stands in the results. It says that a sentence is over, and is no word "
            "of it. What should happen before a token is put into its list?",
        ),
        Mistake(
            "only the last word",
            _written_with(memory=False),
            "The model is given the last word alone. `step` has no memory here: what does it need "
            "to read each time?",
        ),
        Mistake(
            "starts with the end token",
            _written_with(start=EOS_ID),
            ANOTHER_START,
            group="another start",
        ),
        Mistake(
            "starts with padding",
            _written_with(start=PAD_ID),
            ANOTHER_START,
            group="another start",
        ),
        Mistake(
            "one word too many",
            _written_with(steps=1),
            "It writes one word more than `max_len` allows. Does your count begin with the start "
            "token?",
        ),
        Mistake(
            "one word too few",
            _written_with(steps=-1),
            "It stops one word before `max_len`. Does your count include the start token?",
        ),
        Mistake(
            "the least likely",
            _written_with(choose=lambda scores: scores.argmin(dim=-1)),
            "It takes the word with the *lowest* score. Log-probabilities are negative: which of "
            "them is the best, the one that is nearest to 0 or the one that is farthest?",
        ),
    ),
    hints=(
        "Keep three things that shrink together: the rows of `src` that are left, what is written "
        "for each of them, and which sentence each of them is (at first 0, 1, 2, …).",
        "After `best = step(src, tgt).argmax(dim=-1)`, the mask `going = best != eos_id` picks "
        "what stays: `src[going]`, `tgt[going]`, `best[going]`, and the numbers of the sentences.",
        "Only those that go on get a word: `for row, token in zip(numbers.tolist(), "
        "best.tolist())` puts each into its own list. Stop when nobody is left.",
    ),
)
