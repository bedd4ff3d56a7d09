"""9.2 cached_equals_uncached, a probe that the learner writes; 9.8, a cache that is off by one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.ch01.common import BY_HAND
from course_lib.exercises.ch06.common import VOCAB
from course_lib.exercises.observe import at_most
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

Cache = list[Tensor]
Decode = Callable[..., Tensor]


@dataclass(frozen=True)
class Decoder:
    """A decoder that keeps what it has read in a cache, a vector a token, and may get it wrong.

    `decode(tgt, cache)` reads tgt (B, T) after what is in the cache, adds it there, and gives
    logits (B, T, V). Without a cache it starts anew.
    """

    name: str
    flaw: str = ""

    def new_cache(self) -> Cache:
        return [torch.ones(1, 4)] if self.flaw == "never empty" else []

    def decode(self, tgt: Tensor, cache: Cache | None = None) -> Tensor:
        table = torch.randn((VOCAB, 4), generator=torch.Generator().manual_seed(0)).to(tgt.device)
        past = [] if cache is None else self._remembered(cache)
        first = 0 if self.flaw == "place" else len(past)
        new = [table[tgt[:, i]] * (1 + (first + i) / 4) for i in range(tgt.shape[1])]
        read = [*(x.expand_as(new[0]) for x in past), *new]
        # One token after the other, so that a cache changes nothing, not even the last bit.
        means = [torch.stack(read[: len(past) + i + 1]).mean(dim=0) for i in range(len(new))]
        logits = torch.stack([torch.tanh(x) @ table.T for x in means], dim=1)
        if cache is not None:
            logits = self._spoiled(logits, len(cache))
            cache.extend(new)
        return logits

    def _remembered(self, cache: Cache) -> Cache:
        """What it finds in the cache."""
        if self.flaw == "forgets":
            return cache[-2:]
        if self.flaw == "mixes":
            return [torch.cat([x[:1], x[1:].roll(1, dims=0)]) for x in cache]
        return list(cache)

    def _spoiled(self, logits: Tensor, length: int) -> Tensor:
        """Flaws that are added to the logits, when `length` tokens have been read before."""
        extra = torch.zeros_like(logits)
        if self.flaw == "rounding" and length:
            extra += 1e-7
        if self.flaw == "a little" and length:
            extra += 0.01
        if (self.flaw, length) in {("second", 1), ("fifth", 4)}:
            extra[..., 0] = 9.0
        if self.flaw == "up and down" and length:
            lowest = logits.argsort(dim=-1)
            extra.scatter_(-1, lowest[..., :1], -0.5).scatter_(-1, lowest[..., 1:2], 0.5)
        return logits + extra

    def __repr__(self) -> str:
        return self.name


def cached_equals_uncached(decode: Decode, new_cache: Callable[[], Cache], tgt: Tensor) -> bool:
    """Does a decoder that is given one token after the other say what it says of all at once?"""
    return torch.allclose(_stepwise(decode, new_cache, tgt), decode(tgt, None), atol=1e-5)


def _stepwise(decode: Decode, new_cache: Callable[[], Cache], tgt: Tensor) -> Tensor:
    cache = new_cache()
    return torch.cat([decode(tgt[:, i : i + 1], cache) for i in range(tgt.shape[1])], dim=1)


def yes_or_no(answer: Function, decoder: Decoder, tgt: Tensor) -> Any:
    said = answer(at_most(60, decoder.decode), decoder.new_cache, tgt)
    return bool(said) if isinstance(said, Tensor) and said.numel() == 1 else said


def _compared(verdict: Callable[[Tensor, Tensor], Any]) -> Function:
    return lambda decode, new_cache, tgt: verdict(
        _stepwise(decode, new_cache, tgt), decode(tgt, None)
    )


def _close(one: Tensor, other: Tensor, atol: float = 1e-5) -> bool:
    return torch.allclose(one, other, atol=atol)


def _never_used(decode: Decode, new_cache: Callable[[], Cache], tgt: Tensor) -> bool:
    steps = [decode(tgt[:, : i + 1], None)[:, -1:] for i in range(tgt.shape[1])]
    return _close(torch.cat(steps, dim=1), decode(tgt, None))


def _new_each_time(decode: Decode, new_cache: Callable[[], Cache], tgt: Tensor) -> bool:
    steps = [decode(tgt[:, i : i + 1], new_cache()) for i in range(tgt.shape[1])]
    return _close(torch.cat(steps, dim=1), decode(tgt, None))


def _all_again(decode: Decode, new_cache: Callable[[], Cache], tgt: Tensor) -> bool:
    cache = new_cache()
    steps = [decode(tgt[:, : i + 1], cache)[:, -1:] for i in range(tgt.shape[1])]
    return _close(torch.cat(steps, dim=1), decode(tgt, None))


def _decoder(name: str, flaw: str, batch: int, length: int) -> Draw:
    def draw(dice: Generator) -> Inputs:
        words = torch.randint(6, (length,), generator=dice) + torch.arange(batch)[:, None]
        return Decoder(name, flaw), 3 + words % 6  # no two sentences have the same word at a place

    return draw


NO_CALL_BUILDS_ON_ANOTHER = (
    "No call of yours finds anything in the cache that an earlier call has left there. A cache "
    "goes wrong from the second call on. How is it used when a model writes?"
)
SOUND_REFUSED = (
    "You refuse even a decoder that is sound. Writing means: one new token at each call, and the "
    "cache of the call before. What do your calls hand over?"
)

EQUAL = Exercise(
    id="9.2",
    title="Cached equals uncached",
    signature="cached_equals_uncached(decode, new_cache, tgt)",
    shapes="decoder, tgt (B, T) -> ()",
    input_names=("decoder", "tgt"),
    reference=cached_equals_uncached,
    use=yes_or_no,
    smooth=0,
    probes=(
        Probe(
            "a decoder that is sound",
            _decoder("a decoder that is sound", "", 1, 3),
            "Which tokens does it get at each call, and which cache?",
        ),
        Probe(
            "a sound one, but for rounding",
            _decoder("a decoder that is sound, and rounds at the seventh place", "rounding", 2, 7),
            "Sums in another order differ in their last digits. How close is close enough?",
        ),
        Probe(
            "every new token at the first place",
            _decoder("a decoder that gives every new token the first place", "place", 2, 5),
            "The first call is right, and the second?",
        ),
        Probe(
            "a cache that forgets",
            _decoder("a decoder that remembers two tokens", "forgets", 2, 6),
            "From which token on does it go wrong? Do you look that far?",
        ),
        Probe(
            "two sentences change places",
            _decoder("a decoder that mixes up the second and third sentence", "mixes", 3, 4),
            "The first sentence is right. Do you look at the others?",
        ),
        Probe(
            "a little wrong everywhere",
            _decoder("a decoder whose logits are 0.01 too high", "a little", 1, 4),
            "The best word is the same. Are the numbers?",
        ),
        Probe(
            "one word too likely, another too unlikely",
            _decoder("a decoder that is wrong up and down by as much", "up and down", 2, 3),
            "One difference is above zero, one below. What becomes of both in your number?",
        ),
        Probe(
            "wrong at the second token alone",
            _decoder("a decoder that errs at the second token", "second", 3, 6),
            "After that it is right again. Do you look at every token?",
        ),
        Probe(
            "wrong at the last token alone",
            _decoder("a decoder that errs at the fifth token", "fifth", 4, 5),
            "Until then it is right. Do you look at every token?",
        ),
        Probe(
            "a cache that is not empty",
            _decoder("a decoder whose new cache has something in it", "never empty", 2, 4),
            "What does it say of the first token?",
        ),
    ),
    mistakes=(
        Mistake(
            "the cache is never used",
            _never_used,
            "You read the whole beginning anew for each token, and no cache is handed over: this "
            "compares the decoder with itself, and can't fail. Which of your two ways of reading "
            "should use the cache?",
        ),
        Mistake(
            "all at once",
            lambda decode, new_cache, tgt: _close(decode(tgt, new_cache()), decode(tgt, None)),
            NO_CALL_BUILDS_ON_ANOTHER,
            group="no call builds on another",
        ),
        Mistake(
            "the first token alone",
            lambda decode, new_cache, tgt: _close(
                decode(tgt[:, :1], new_cache()), decode(tgt, None)[:, :1]
            ),
            NO_CALL_BUILDS_ON_ANOTHER,
            group="no call builds on another",
        ),
        Mistake(
            "a new cache for each token",
            _new_each_time,
            SOUND_REFUSED,
            group="a sound one refused",
        ),
        Mistake(
            "the whole beginning with the cache",
            _all_again,
            SOUND_REFUSED,
            group="a sound one refused",
        ),
        Mistake(
            "the last token alone",
            _compared(lambda steps, whole: _close(steps[:, -1], whole[:, -1])),
            "You compare the last token's logits alone. What if it goes wrong on the way, and "
            "comes right again?",
        ),
        Mistake(
            "the last token left out",
            _compared(lambda steps, whole: _close(steps[:, :-1], whole[:, :-1])),
            "The last token is never compared. Where does your loop or slice end?",
        ),
        Mistake(
            "the first sentence alone",
            _compared(lambda steps, whole: _close(steps[0], whole[0])),
            "You look at the first sentence of the batch alone. A cache can give one sentence what "
            "belongs to another. What should be compared?",
        ),
        Mistake(
            "the best words",
            _compared(lambda steps, whole: torch.equal(steps.argmax(-1), whole.argmax(-1))),
            "You compare the best words. Logits that are a little wrong give the same word here, "
            "and another one in a longer text, or to a beam search. What is finer?",
        ),
        Mistake(
            "equal to the last bit",
            _compared(torch.equal),
            "You ask for the same numbers to the last bit. Sums that are taken in another order "
            "round differently. How close is close enough?",
        ),
        Mistake(
            "the mean difference",
            _compared(lambda steps, whole: bool((steps - whole).mean().abs() < 1e-5)),
            "You take the mean of the differences, in which too much and too little cancel. What "
            "do you want to know of each of them?",
        ),
        Mistake(
            "too generous",
            _compared(lambda steps, whole: _close(steps, whole, atol=0.6)),
            "Your tolerance is so wide that real errors pass. Rounding is near 1e-7 here. Which "
            "tolerance lets that pass, and little more?",
        ),
        Mistake(
            "yes for no",
            _compared(lambda steps, whole: not _close(steps, whole)),
            "You say yes where they differ. What does the name of the function promise?",
        ),
        Mistake(
            "the difference itself",
            _compared(lambda steps, whole: float((steps - whole).abs().max())),
            "You return how far apart they are. Yes or no is asked. How far is too far?",
        ),
    ),
    hints=(
        "There are two ways to the logits of all tokens: one call without a cache, and one call "
        "for each token with one cache for all of them.",
        "`decode(tgt[:, i : i + 1], cache)` hands over a single token and keeps the axis. "
        "`torch.cat(…, dim=1)` puts the results side by side.",
        "`torch.allclose(one, other, atol=1e-5)` looks at every number, and lets rounding pass.",
    ),
)


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
        embedding, positions = (torch.randn(n, size, generator=dice) for n in (7, 9))
        return list(tokens), embedding, positions

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
            BY_HAND,
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
