"""10.4 copy_distribution."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_lib import copying
from course_lib.exercises.ch01.common import BY_HAND, DOUBLE
from course_lib.exercises.probes import Draw, given
from course_lib.exercises.spec import Exercise, Function, Inputs, Invariant, Mistake, Probe

Collect = Callable[[Tensor, Tensor, int], Tensor]  # places, tokens (both B, Tq, Tk), V
Share = Tensor | float
Gate = Callable[[Tensor], tuple[Share, Share]]  # the shares of writing and of copying


def _empty(places: Tensor, size: int) -> Tensor:
    return places.new_zeros(*places.shape[:-1], size)


def _sum(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    return _empty(places, size).scatter_add(-1, tokens, places)


def _last(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    return _empty(places, size).scatter(-1, tokens, places)


def _reduced(how: str) -> Collect:
    return lambda places, tokens, size: _empty(places, size).scatter_reduce(
        -1, tokens, places, how, include_self=False
    )


def _first(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    again = (tokens[..., None] == tokens[..., None, :]).tril(-1).any(dim=-1)
    return _sum(places * ~again, tokens, size)


def _surest(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    best = tokens.gather(-1, places.argmax(dim=-1, keepdim=True))
    return _empty(places, size).scatter(-1, best, 1.0)


def _alike(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    return _sum(torch.full_like(places, 1 / places.shape[-1]), tokens, size)


def _first_step(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    return _empty(places, size).scatter_add(-1, tokens[:, :1], places)


def _at_their_places(places: Tensor, tokens: Tensor, size: int) -> Tensor:
    return F.pad(places, (0, size - places.shape[-1]))


def _mixed(
    written: Tensor,
    places: Tensor,
    writing: Tensor,
    src: Tensor,
    gate: Gate = lambda w: (w, 1 - w),
    collect: Collect = _sum,
    rows: Callable[[Tensor], Tensor] = lambda src: src,
    after: Callable[[Tensor], Tensor] = lambda mixed: mixed,
) -> Tensor:
    """The mixture, with the switches of what goes wrong with it."""
    tokens = rows(src)[:, None].expand_as(places)
    to_write, to_copy = gate(writing)
    return after(to_write * written + to_copy * collect(places, tokens, written.shape[-1]))


def _with(**switches: Any) -> Function:
    return lambda *inputs: _mixed(*inputs, **switches)


def _hard(writing: Tensor) -> tuple[Tensor, Tensor]:
    writes = (writing > 0.5).to(writing.dtype)
    return writes, 1 - writes


def _over_what_is_written(written: Tensor, places: Tensor, writing: Tensor, src: Tensor) -> Tensor:
    tokens = src[:, None].expand_as(places)
    return (writing * written).scatter(-1, tokens, (1 - writing) * places)


def _in_place(written: Tensor, places: Tensor, writing: Tensor, src: Tensor) -> Tensor:
    tokens = src[:, None].expand_as(places)
    return written.mul_(writing).scatter_add_(-1, tokens, (1 - writing) * places)


def _drawn(
    batch: int,
    queries: int,
    keys: int,
    vocab: int,
    dtype: torch.dtype = torch.float32,
    unknown: int = 0,
    gate: float | None = None,
) -> Draw:
    """Random probabilities. The first source token comes again; the last `unknown` ids of the
    vocabulary are never written, and stand in each source."""

    def draw(dice: Generator) -> Inputs:
        def normal(size: int) -> Tensor:
            return 2 * torch.randn(batch, queries, size, generator=dice, dtype=dtype)

        logits, ids = normal(vocab), torch.arange(vocab)
        written = logits.masked_fill(ids >= vocab - unknown, -torch.inf).softmax(dim=-1)
        writing = 0.1 + 0.8 * torch.rand(batch, queries, 1, generator=dice, dtype=dtype)
        src = torch.randint(0, vocab, (batch, keys), generator=dice)
        src[:, 2 : 2 + unknown] = ids[vocab - unknown :]
        src[:, 1] = src[:, 0]
        if gate is not None:
            writing = torch.full_like(writing, gate)
        return written, normal(keys).softmax(dim=-1), writing, src

    return draw


COPY = Exercise(
    id="10.4",
    title="Write or copy",
    signature="copy_distribution(written, places, writing, src)",
    shapes="written (B, Tq, V), places (B, Tq, Tk), writing (B, Tq, 1), src (B, Tk) -> (B, Tq, V)",
    reference=copying.copy_distribution,
    probes=(
        Probe(
            BY_HAND,
            given([[[0.1, 0.2, 0.3, 0.4]]], [[[0.5, 0.2, 0.3]]], [[[0.6]]], [[3, 1, 3]]),
            "Token 3 stands at the places 0 and 2, which have 0.5 and 0.3. What is 0.6 · 0.4 + 0.4 "
            "· (0.5 + 0.3)?",
        ),
        Probe(
            "two sources, three steps each",
            _drawn(2, 3, 5, 7),
            "Each sentence copies from its own source, and each step has its own gate. Which "
            "numbers meet in the cell of sentence 1, step 2, token 4?",
        ),
        Probe(
            "tokens that only the source has",
            _drawn(3, 2, 6, 10, unknown=2),
            "The last two tokens are never written. Where does their probability come from?",
        ),
        Probe(
            DOUBLE,
            _drawn(3, 4, 8, 11, dtype=torch.float64),
            "Which precision do the numbers have that you make yourself?",
        ),
        Probe(
            "all is copied",
            _drawn(2, 3, 4, 6, gate=0.0),
            "The gate is 0: nothing is written. What is the probability of a token that does not "
            "stand in the source?",
        ),
        Probe(
            "all is written",
            _drawn(2, 4, 3, 5, gate=1.0),
            "The gate is 1: nothing is copied. What is left?",
        ),
    ),
    invariants=(
        Invariant(
            "the probabilities of all tokens sum to 1",
            lambda value, *_: bool(((value.sum(-1) - 1).abs() < 1e-5).all()),
        ),
    ),
    mistakes=(
        Mistake(
            "the gate swapped",
            partial(_mixed, gate=lambda w: (1 - w, w)),
            "`writing` is the share that is *written*, and you give it to what is copied. Which "
            "side gets the rest of 1?",
        ),
        Mistake(
            "no gate",
            partial(_mixed, gate=lambda w: (1, 1)),
            "You add both as they are, so that the sum over all tokens is 2. How much of 1 has "
            "each side?",
        ),
        Mistake(
            "copied in full",
            partial(_mixed, gate=lambda w: (w, 1)),
            "What is written gets its share, and what is copied stays as it is. What do all "
            "tokens sum to, and how much of 1 is left for copying?",
        ),
        Mistake(
            "written in full",
            partial(_mixed, gate=lambda w: (1, 1 - w)),
            "What is copied gets its share, and what is written stays as it is. What do all "
            "tokens sum to, and how much of 1 belongs to writing?",
        ),
        Mistake(
            "half and half",
            _with(gate=lambda w: (0.5, 0.5)),
            "Each side gets one half, whatever the gate says. Where does `writing` come in?",
        ),
        Mistake(
            "one or the other",
            _with(gate=_hard),
            "You take the side that has more than one half, and forget the other. At 0.6 both "
            "should count. How much does each?",
        ),
        Mistake(
            "the first step's gate",
            _with(gate=lambda w: (w[:, :1], 1 - w[:, :1])),
            "All steps use the gate of the first one. Which axis of `writing` (B, Tq, 1) is the "
            "steps'?",
        ),
        Mistake(
            "one sentence's gate",
            _with(gate=lambda w: (w[:1], 1 - w[:1])),
            "All sentences use the gate of the first one. Which axis of `writing` (B, Tq, 1) is "
            "the sentences'?",
        ),
        Mistake(
            "only the first step copies",
            _with(collect=_first_step),
            "Only the first step of each sentence copies. `scatter_add` wants an index for each "
            "number; where `index` is shorter than the values along an axis, the rest of them is "
            "left out, and nobody complains. Which shape has your index, and which has `places`?",
        ),
        Mistake(
            "the gate over all of it",
            lambda w, p, g, s: g * _mixed(w, p, g, s, gate=lambda gate: (1, 1 - gate)),
            "The gate multiplies what is copied, too, which has its own share already. Where does "
            "the bracket end, that `writing` stands before?",
        ),
        Mistake(
            "the sum given to every token",
            lambda w, p, g, s: g * w + (1 - g) * p.sum(dim=-1, keepdim=True),
            "You add the sum over *all* places, to every token. The sum in the formula goes over "
            "the places where this one token stands. Where does `src` come in?",
        ),
        Mistake(
            "the last place counts",
            partial(_mixed, collect=_last),
            "If a token stands in the source twice, its second place overwrites the first: so do "
            "`scatter`, and an assignment with indices. What should become of the two numbers, and "
            "which function does that?",
        ),
        Mistake(
            "the first place counts",
            _with(collect=_first),
            "Only the first place of each token counts. A token that stands in the source again "
            "has more chances to be copied. What becomes of the other places?",
        ),
        Mistake(
            "the largest",
            partial(_mixed, collect=_reduced("amax")),
            "Of the places of a token you take the one with the largest number. The pointer may be "
            "at the one *or* at the other: what is done with the probabilities of such things?",
        ),
        Mistake(
            "the mean",
            _with(collect=_reduced("mean")),
            "You take the mean of a token's places, so that one that stands there often is no "
            "likelier for it. What is done with the probabilities of one place *or* another?",
        ),
        Mistake(
            "over what is written",
            _over_what_is_written,
            "What is copied replaces what was written there. A token that is in the source can be "
            "written, too. What should become of the two numbers?",
        ),
        Mistake(
            "the surest place alone",
            _with(collect=_surest),
            "Only the place with the largest number is copied, for all of the share. What becomes "
            "of the other places' probabilities?",
        ),
        Mistake(
            "all places alike",
            _with(collect=_alike),
            "Each place of the source counts the same, wherever the pointer points. Where do the "
            "numbers in `places` come in?",
        ),
        Mistake(
            "place for token",
            partial(_mixed, collect=_at_their_places),
            "The number of place j goes to the token with the *id* j. Which token stands at place "
            "j of the source?",
        ),
        Mistake(
            "the first source for all",
            _with(rows=lambda src: src[:1]),
            "All sentences of the batch copy from the first one's source. Which axis of `src` "
            "should go along with the batch?",
        ),
        Mistake(
            "written, softmaxed again",
            lambda written, *more: _mixed(written.softmax(dim=-1), *more),
            "`written` holds probabilities already, and you take another softmax of them. What do "
            "they sum to before it?",
        ),
        Mistake(
            "places, softmaxed again",
            lambda written, places, *more: _mixed(written, places.softmax(dim=-1), *more),
            "`places` holds probabilities already, and you take another softmax of them. What do "
            "they sum to before it?",
        ),
        Mistake(
            "softmaxed at the end",
            _with(after=lambda mixed: mixed.softmax(dim=-1)),
            "The mixture sums to 1 already, and you take a softmax of it. What does that do to "
            "probabilities that are all between 0 and 1?",
        ),
        Mistake(
            "logarithms",
            _with(after=torch.log),
            "The logarithm is taken here. That is for the loss, later. What are the two sides of "
            "the formula in this function, probabilities or their logarithms?",
        ),
        Mistake(
            "only what is written",
            lambda written, places, writing, src: writing * written,
            "The share that is written is there, and what is copied is missing. What does the "
            "other part of the formula add?",
        ),
        Mistake(
            "only what is copied",
            _with(gate=lambda w: (0, 1 - w)),
            "The share that is copied is there, and what is written is missing. What does the "
            "other part of the formula add?",
        ),
        Mistake(
            "written into its input",
            _in_place,
            "The numbers are right, and `written` is no longer what it was: a method that ends in "
            "`_` writes into its tensor. Which one does the same and leaves it alone?",
        ),
    ),
    hints=(
        "First make what is copied, a row of V numbers for each step, all 0 at the beginning. "
        "The number of place j has to go to the token `src[:, j]`. If two places have the same "
        "token, what then?",
        "`x.scatter_add(-1, index, values)` adds each number of `values` at the place that `index` "
        "names. Both have the shape (B, Tq, Tk), and `src` is (B, Tk): which axis is missing?",
        "`src[:, None].expand_as(places)` is the index, and `torch.zeros_like(written)` is where "
        "to add. Then mix: `writing` times the one, `1 - writing` times the other.",
    ),
)
