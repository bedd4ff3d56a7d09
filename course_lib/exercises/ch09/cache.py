"""9.2 cached_equals_uncached: a probe that the learner writes, tried on decoders with flaws."""

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
