"""9.8, find the bug: a cache that is off by one."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.probes import Draw, drawn
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Cache = list[Tensor]


def cached_step(token: int, cache: Cache, embedding: Tensor, positions: Tensor) -> Tensor:
    """Scores for the word after `token`, which is added to the cache: (V,)."""
    return _step(token, cache, embedding, positions)


def _step(
    token: int,
    cache: Cache,
    embedding: Tensor,
    positions: Tensor,
    place: Callable[[Cache], int] = len,
    before: bool = True,
    placed: int = 1,
    times: int = 1,
    scaled: bool = True,
    residual: bool = True,
) -> Tensor:
    """One step, with the switches of what goes wrong."""
    x = embedding[token] + placed * positions[place(cache)]
    kept = [*cache, x] if before else list(cache) or [x]
    cache.extend([x] * times)
    past = torch.stack(kept)
    weights = (past @ x / (math.sqrt(len(x)) if scaled else 1)).softmax(dim=0)
    return embedding @ (residual * x + weights @ past)


def _with(**switches: Any) -> Function:
    return lambda token, cache, embedding, positions: _step(
        token, cache, embedding, positions, **switches
    )


def _not_kept(token: int, cache: Cache, embedding: Tensor, positions: Tensor) -> Tensor:
    return _step(token, list(cache), embedding, positions)


def _bare_in_the_cache(token: int, cache: Cache, embedding: Tensor, positions: Tensor) -> Tensor:
    scores = _step(token, cache, embedding, positions)
    cache[-1] = embedding[token]
    return scores


def fed(answer: Function, tokens: list[int], embedding: Tensor, positions: Tensor) -> Any:
    """The scores at each step, and how many vectors are in the cache afterwards."""
    cache: Cache = []
    scores = [answer(token, cache, embedding, positions) for token in tokens]
    if not all(isinstance(row, Tensor) and row.shape == scores[0].shape for row in scores):
        return scores
    return {"scores": torch.stack(scores), "vectors in the cache": len(cache)}


def _tokens(*tokens: int, size: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return (list(tokens), *drawn((7, size), (9, size))(dice))

    return draw


CACHED_STEP = Exercise(
    id="9.8",
    title="Find the bug",
    signature="cached_step(token, cache, embedding, positions)",
    shapes="tokens, embedding (V, D), positions (P, D) -> (T, V)",
    input_names=("tokens", "embedding", "positions"),
    reference=cached_step,
    use=fed,
    bug="one place too far",
    smooth=1,
    probes=(
        Probe(
            "a single token",
            _tokens(3, size=2),
            "Nothing has been read before. Which row of `positions` belongs to the first token?",
        ),
        Probe(
            "the same token twice",
            _tokens(4, 4, size=3),
            "Only their places tell the two apart. Which rows of `positions` do they get?",
        ),
        Probe(
            "six tokens",
            _tokens(5, 1, 6, 1, 3, 2, size=4),
            "How many vectors are in the cache before the last token is read, and how many after?",
        ),
    ),
    mistakes=(
        Mistake(
            "one place too far",
            _with(place=lambda cache: len(cache) + 1),
            "Every token stands one place too far: the length of the cache is asked after the "
            "token has been put there. What does `len(cache)` say before?",
        ),
        Mistake(
            "always the first place",
            _with(place=lambda cache: 0),
            "Now every token gets the place 0, so that order is lost. What changes from one call "
            "to the next, and could count?",
        ),
        Mistake(
            "one place too early",
            _with(place=lambda cache: len(cache) - 1),
            "Now every token stands one place too early, and the first one at the very end of the "
            "table, which is what -1 means. When is the length what you need without adding or "
            "taking away?",
        ),
        Mistake(
            "without places",
            _with(placed=0),
            "Now no place is added at all, so that the order of the words is lost. Where did it "
            "come in before?",
        ),
        Mistake(
            "places twice",
            _with(placed=2),
            "The place is added twice. At which of the lines should it come in?",
        ),
        Mistake(
            "does not see itself",
            _with(before=False),
            "The token is put into the cache when all is computed, so that it does not attend to "
            "itself. Chapter 2's causal mask lets each token see itself. When should it be put "
            "there?",
        ),
        Mistake(
            "kept twice",
            _with(times=2),
            "Each token is in the cache twice, so that it counts double for those that follow. How "
            "often should it be put there?",
        ),
        Mistake(
            "never kept",
            _not_kept,
            "Nothing stays in the cache: every token is read as if it were the first. Which method "
            "of a list changes the very list that you were given (`cache = cache + […]` makes a "
            "new one)?",
        ),
        Mistake(
            "kept without its place",
            _bare_in_the_cache,
            "The token is right, and is kept without its place: those that follow can't tell where "
            "it stood. What should be in the cache?",
        ),
        Mistake(
            "without itself in the sum",
            _with(residual=False),
            "The places are right, and the token itself no longer goes into the scores. Was the "
            "last line the bug?",
        ),
        Mistake(
            "not scaled",
            _with(scaled=False),
            "The places are right, and the scores are no longer divided by √D. Was that the bug?",
        ),
    ),
    hints=(
        "Follow the first token. What is in the cache when its place is looked up?",
        "The place of a token is the number of tokens before it. At which line is `len(cache)` "
        "just that?",
        "Look up the place first, then put the vector into the cache.",
    ),
)
