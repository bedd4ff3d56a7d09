"""6.2 DecoderLayer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import layers, masks
from course_lib.exercises.ch01.common import BATCH
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.layers import FeedForward, MultiHeadAttention, PreNormResidual

Mask = Tensor | None


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention, feed-forward, each in a pre-norm residual connection."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.self_attention_residual = PreNormResidual(d_model)
        self.cross_attention_residual = PreNormResidual(d_model)
        self.feed_forward_residual = PreNormResidual(d_model)

    def forward(self, x: Tensor, memory: Tensor, mask: Mask, memory_mask: Mask) -> Tensor:
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, y, mask))
        x = self.cross_attention_residual(x, lambda y: self.cross_attention(y, memory, memory_mask))
        return self.feed_forward_residual(x, self.feed_forward)


def _layer(forward: Callable[[Any, Tensor, Tensor, Mask, Mask], Tensor]) -> Function:
    """The layer with another `forward`."""
    return type("DecoderLayer", (DecoderLayer,), {"forward": forward})


def _look(self: DecoderLayer, x: Tensor, mask: Mask) -> Tensor:
    return self.self_attention_residual(x, lambda y: self.self_attention(y, y, mask))


def _ask(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask) -> Tensor:
    return self.cross_attention_residual(x, lambda y: self.cross_attention(y, memory, mask))


def _think(self: DecoderLayer, x: Tensor) -> Tensor:
    return self.feed_forward_residual(x, self.feed_forward)


def _memory_asks(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, _: Mask) -> Tensor:
    x = _look(self, x, mask)
    x = self.cross_attention_residual(x, lambda y: self.cross_attention(memory, y))
    return _think(self, x)


def _memory_first(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    return _think(self, _look(self, _ask(self, x, memory, m), mask))


def _self_only(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = _look(self, x, mask)
    x = self.cross_attention_residual(x, lambda y: self.cross_attention(y, y, mask))
    return _think(self, x)


def _normed_memory(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = _look(self, x, mask)
    norm = self.cross_attention_residual.norm
    return _think(self, _ask(self, x, norm(memory), m))


def _bare(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = self.self_attention(x, x, mask)
    return self.feed_forward(self.cross_attention(x, memory, m))


def _no_norms(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = x + self.self_attention(x, x, mask)
    x = x + self.cross_attention(x, memory, m)
    return x + self.feed_forward(x)


def _twice_added(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = x + _look(self, x, mask)
    x = x + _ask(self, x, memory, m)
    return x + _think(self, x)


def _one_norm(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    shared = self.self_attention_residual
    x = shared(x, lambda y: self.self_attention(y, y, mask))
    x = shared(x, lambda y: self.cross_attention(y, memory, m))
    return shared(x, self.feed_forward)


def _around_the_norm(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    a = self.self_attention_residual(x, lambda y: self.self_attention(x, x, mask))
    b = self.cross_attention_residual(a, lambda y: self.cross_attention(a, memory, m))
    return _think(self, b)


def _side_by_side(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    return _look(self, x, mask) + _ask(self, x, memory, m) + _think(self, x)


def _first_added_twice(
    self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask
) -> Tensor:
    return _think(self, _ask(self, x + _look(self, x, mask), memory, m))


def _around_the_first_norm(context_only: bool) -> Callable[..., Tensor]:
    """Self-attention looks at the words as they were before the norm."""

    def forward(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
        x = self.self_attention_residual(
            x, lambda y: self.self_attention(y if context_only else x, x, mask)
        )
        return _think(self, _ask(self, x, memory, m))

    return forward


def _two_share(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = _look(self, x, mask)
    x = self.self_attention_residual(x, lambda y: self.cross_attention(y, memory, m))
    return _think(self, x)


def _one_attention(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = _look(self, x, mask)
    x = self.cross_attention_residual(x, lambda y: self.self_attention(y, memory, m))
    return _think(self, x)


ADDED_TWICE = (
    "A residual module adds its input already, and you add it once more. What does "
    "`self.self_attention_residual(x, …)` return?"
)
AROUND_THE_NORM = (
    "Inside a `lambda y: …` you use `x`, as it was before the norm. What does the residual module "
    "hand to your function, and is it used at both places?"
)
ONE_RESIDUAL = (
    "Several steps go through the same residual module, so that they share one norm. How many are "
    "there in `__init__`?"
)


def _exchanged(self: DecoderLayer, x: Tensor, memory: Tensor, mask: Mask, m: Mask) -> Tensor:
    x = self.self_attention_residual(x, lambda y: self.cross_attention(y, y, mask))
    x = self.cross_attention_residual(x, lambda y: self.self_attention(y, memory, m))
    return _think(self, x)


def _inputs(*shape: int, keys: int, sizes: tuple[int, int, int], causal: bool) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice).round(decimals=1)
        memory = torch.randn((shape[0], keys, shape[2]), generator=dice).round(decimals=1)
        if not causal:
            return sizes, x, memory, None, None
        hidden = torch.ones(shape[0], 1, 1, keys, dtype=torch.bool)
        hidden[0, ..., -2:] = False
        return sizes, x, memory, masks.causal_mask(shape[1]), hidden

    return draw


LAYER = Exercise(
    id="6.2",
    title="The decoder's layer",
    signature="DecoderLayer(d_model, num_heads, d_ff)",
    shapes="x (B, Tq, D), memory (B, Tk, D) -> (B, Tq, D)",
    input_names=("sizes", "x", "memory", "mask", "memory_mask"),
    reference=DecoderLayer,
    library=(layers.DecoderLayer,),
    use=use_module,
    tolerance=1e-4,
    probes=(
        Probe(
            "one sentence, no masks",
            _inputs(1, 3, 4, keys=5, sizes=(4, 2, 6), causal=False),
            "Three steps, each on the result of the one before. Which step looks where?",
        ),
        Probe(
            BATCH + ", with a causal mask and a memory with padding",
            _inputs(2, 4, 6, keys=5, sizes=(6, 3, 8), causal=True),
            "There are two masks. Which belongs to looking back, and which to the memory?",
        ),
        Probe(
            "as many words to write as to read",
            _inputs(2, 5, 6, keys=5, sizes=(6, 3, 8), causal=False),
            "The sizes agree here, whoever asks. Who asks whom in the second step?",
        ),
    ),
    mistakes=(
        Mistake(
            "no mask",
            _layer(
                lambda self, x, memory, a, b: _think(
                    self, _ask(self, _look(self, x, None), memory, b)
                )
            ),
            "Without masks it is right. With one, the self-attention still sees what comes later. "
            "Where did `mask` go?",
        ),
        Mistake(
            "no mask for the memory",
            _layer(
                lambda self, x, memory, a, b: _think(
                    self, _ask(self, _look(self, x, a), memory, None)
                )
            ),
            "Without masks it is right. With one, the padding of the memory is still heard. Where "
            "did `memory_mask` go?",
        ),
        Mistake(
            "the memory asks",
            _layer(_memory_asks),
            "In the second step the memory asks and the target answers. Who needs to know "
            "something from whom?",
        ),
        Mistake(
            "the memory is not used",
            _layer(_self_only),
            "The second step looks at the target again, and nobody reads the memory. What is "
            "cross-attention given as its context?",
        ),
        Mistake(
            "no second step",
            _layer(lambda self, x, memory, a, b: _think(self, _look(self, x, a))),
            "This is an encoder's layer: the memory is never looked at. Which step is missing?",
        ),
        Mistake(
            "no third step",
            _layer(lambda self, x, memory, a, b: _ask(self, _look(self, x, a), memory, b)),
            "Both attentions are right, and then it ends. Which step is missing?",
        ),
        Mistake(
            "the memory first",
            _layer(_memory_first),
            "The steps are right and stand in another order: the memory is asked before the words "
            "that were said so far. Which comes first in the paper's figure 1?",
        ),
        Mistake(
            "the memory normed",
            _layer(_normed_memory),
            "The memory goes through the layer's norm, too. The encoder has normed it at its end. "
            "What does a pre-norm residual norm: what comes in, or what is looked at?",
        ),
        Mistake(
            "bare",
            _layer(_bare),
            "The three steps follow each other without residual connections: what a word was is "
            "gone after the first. What are the three `…_residual` for?",
        ),
        Mistake(
            "added by hand, without norms",
            _layer(_no_norms),
            "You add the results yourself, and the norms are left out. What do the `…_residual` "
            "modules do, besides adding?",
        ),
        Mistake(
            "added twice",
            _layer(_twice_added),
            ADDED_TWICE,
            group="added twice",
        ),
        Mistake(
            "added twice in the first step", _layer(_first_added_twice), ADDED_TWICE, "added twice"
        ),
        Mistake(
            "side by side",
            _layer(_side_by_side),
            "All three steps start from the same x, and their results are added up. What should "
            "the second step read?",
        ),
        Mistake(
            "one attention for both steps",
            _layer(_one_attention),
            "Both steps use `self.self_attention`. Which module in `__init__` is not used?",
        ),
        Mistake(
            "around the norm",
            _layer(_around_the_norm),
            AROUND_THE_NORM,
            group="around the norm",
        ),
        Mistake(
            "around the first norm",
            _layer(_around_the_first_norm(context_only=False)),
            AROUND_THE_NORM,
            group="around the norm",
        ),
        Mistake(
            "around the first norm, in one place",
            _layer(_around_the_first_norm(context_only=True)),
            AROUND_THE_NORM,
            group="around the norm",
        ),
        Mistake(
            "results thrown away",
            _layer(lambda self, x, memory, a, b: _think(self, x)),
            "The results of both attentions are lost: only the last step counts. A module returns "
            "a new tensor and leaves the old one as it was. What becomes of what it returns?",
        ),
        Mistake(
            "attentions exchanged",
            _layer(_exchanged),
            "The two attention modules stand in each other's place. Which is made for which step?",
        ),
        Mistake(
            "one residual for all",
            _layer(_one_norm),
            ONE_RESIDUAL,
            group="one residual",
        ),
        Mistake("one residual for two", _layer(_two_share), ONE_RESIDUAL, group="one residual"),
    ),
    hints=(
        "Chapter 5's encoder layer has two of the three lines. Between them comes one that asks "
        "the memory.",
        "Each line is `x = self.…_residual(x, function)`. The function gets the normed x, and for "
        "attention it is a `lambda y: …`.",
        "`lambda y: self.cross_attention(y, memory, memory_mask)` is the new one.",
    ),
)
