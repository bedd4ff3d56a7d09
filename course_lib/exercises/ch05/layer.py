"""5.4 EncoderLayer, from parts that are given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import layers, masks
from course_lib.exercises.ch05.common import (
    DOUBLE,
    NO_RETURN,
    NO_SUPER,
    alone,
    differ,
)
from course_lib.exercises.modules import build_and_use, use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

ELSEWHERE = "another place"
PARTS = ("feed_forward", "self_attention_residual", "feed_forward_residual")


def use_layer(
    answer: Callable[..., nn.Module], sizes: tuple[Any, ...], x: Tensor, *mask: Tensor
) -> dict[str, Any]:
    """As `use_module`; and in which of its parts does dropout act?"""
    module, seen = build_and_use(answer, sizes, x, *mask)
    plain, found = module.eval()(x.clone(), *mask), list[str]()
    there = {name: getattr(module, name, None) for name in PARTS if sizes[3]}
    parts = {name: part for name, part in there.items() if isinstance(part, nn.Module)}
    for name, part in parts.items():
        module.eval()
        part.train()
        found += [name] * differ(module(x.clone(), *mask), plain)
    module.train()
    for part in parts.values():
        part.eval()
    found += [ELSEWHERE] * (bool(sizes[3]) and differ(module(x.clone(), *mask), plain))
    return seen | {"dropout acts in": ", ".join(found) or "none"}


@dataclass(frozen=True)
class Parts:
    """What a layer consists of: two residual connections and two sublayers."""

    first: Any
    second: Any
    look: Function
    feed: Function


Way = Callable[[Parts, Tensor], Tensor]


class Spoiled(nn.Module):
    """A pre-norm encoder layer, with the switches of what goes wrong with it."""

    self_attention: Any
    feed_forward: Any
    self_attention_residual: Any
    feed_forward_residual: Any

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float,
        *,
        residual: Callable[..., nn.Module] = layers.PreNormResidual,
        names: tuple[str, str, str, str] = (
            *("self_attention", "feed_forward"),
            *("self_attention_residual", "feed_forward_residual"),
        ),
        shared: bool = False,
        heads: Callable[[int], int] = lambda num_heads: num_heads,
        drops: tuple[bool, bool, bool] = (True, True, True),
        masked: bool = True,
        read: str = "normed",
        way: Way = lambda p, x: p.second(p.first(x, p.look), p.feed),
    ) -> None:
        super().__init__()
        attention = layers.MultiHeadAttention(d_model, heads(num_heads))
        feed_forward = layers.FeedForward(d_model, d_ff, dropout * drops[0])
        first = residual(d_model, dropout * drops[1])
        second = first if shared else residual(d_model, dropout * drops[2])
        parts = (attention, feed_forward, first, second)
        for name, part in zip(names, parts, strict=True):
            setattr(self, name, part)
        self.names, self.masked, self.read, self.way = names, masked, read, way

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        attend, feed, first, second = (getattr(self, name) for name in self.names)

        def look(y: Tensor) -> Tensor:
            asks = x if self.read in ("raw", "raw query") else y
            context = x if self.read in ("raw", "raw context") else y
            return attend(asks, context, mask if self.masked else None)

        return self.way(Parts(first, second, look, feed), x)


class OneDropoutMore(Spoiled):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float) -> None:
        super().__init__(d_model, num_heads, d_ff, dropout)
        self.dropout = layers.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.dropout(super().forward(x, mask))


class WithFinalNorm(Spoiled):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float) -> None:
        super().__init__(d_model, num_heads, d_ff, dropout)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.norm(super().forward(x, mask))


class WithoutSuper(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, dropout: float) -> None:
        self.self_attention = layers.MultiHeadAttention(d_model, num_heads)


class WithoutReturn(Spoiled):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Any:
        super().forward(x, mask)


class ResultHandedOver(Spoiled):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.self_attention_residual(x, self.self_attention(x, x, mask))
        return self.feed_forward_residual(x, self.feed_forward(x))


class OneInput(Spoiled):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.self_attention_residual(x, self.self_attention)
        return self.feed_forward_residual(x, self.feed_forward)


class ThreeAtOnce(Spoiled):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, y, y, mask))
        return self.feed_forward_residual(x, self.feed_forward)


class MaskAsContext(Spoiled):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, mask))
        return self.feed_forward_residual(x, self.feed_forward)


def _case(
    sizes: tuple[int, int, int, float],
    *shape: int,
    mask: Callable[[], Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn((*shape, sizes[0]), generator=dice).round(decimals=1)
        return sizes, x.to(dtype), *([mask()] if mask else [])

    return draw


def _padded() -> Tensor:
    """A padding mask (B, 1, 1, T) for sentences of five words and of three."""
    return (torch.arange(5) < torch.tensor([[5], [3]]))[:, None, None, :]


def named(names: tuple[str, str, str, str]) -> Callable[..., nn.Module]:
    return alone(Spoiled, names=names)


NO_DROPOUT_THERE = (
    "The numbers are right, but in training what the two sublayers say is added without dropout. "
    "Were the residual connections told how much there is (their second argument), and does the "
    "addition happen in them, or by hand?"
)
OTHER_NAMES = (
    "The four parts have other names than asked for, or there are other parts. A saved model is a "
    "list of names and numbers, so names count. What is each of yours called?"
)

ADDED_ONCE_MORE: dict[str, Way] = {
    "first": lambda p, x: p.second(x + p.first(x, p.look), p.feed),
    "second": lambda p, x: (lambda y: y + p.second(y, p.feed))(p.first(x, p.look)),
    "both": lambda p, x: (lambda y: y + p.second(y, p.feed))(x + p.first(x, p.look)),
    "the words": lambda p, x: x + p.second(p.first(x, p.look), p.feed),
}

ENCODER_LAYER = Exercise(
    id="5.4",
    title="An encoder layer",
    signature="EncoderLayer(d_model, num_heads, d_ff, dropout)",
    shapes="x (B, T, D) -> (B, T, D)",
    reference=layers.EncoderLayer,
    use=use_layer,
    input_names=("sizes (d_model, num_heads, d_ff, dropout)", "x", "mask"),
    probes=(
        Probe(
            "one word, which can look at nothing but itself",
            _case((4, 2, 3, 0.0), 1, 1),
            "Compare yours with what is expected: first the parameters, by name and shape, then "
            "the output. Which is the first that differs?",
        ),
        Probe(
            "a batch of two, no mask",
            _case((12, 3, 20, 0.0), 2, 5),
            "Follow one word: what does each of the two sublayers read, and to what is added what "
            "it says?",
        ),
        Probe(
            "a causal mask",
            _case((6, 3, 8, 0.0), 2, 4, mask=lambda: masks.causal_mask(4)),
            "Which of the parts has to know the mask, and does it?",
        ),
        Probe(
            "a batch with padding",
            _case((8, 4, 9, 0.0), 2, 5, mask=_padded),
            "Which of the parts has to know the mask, and does it?",
        ),
        Probe(
            "dropout of one half",
            _case((8, 2, 12, 0.5), 2, 6),
            "Three parts have a dropout of their own. Which of yours were told how much?",
        ),
        Probe(
            DOUBLE,
            _case((6, 2, 8, 0.0), 2, 4, dtype=torch.float64),
            "The module was moved to double precision. Does your code make numbers of its own?",
        ),
    ),
    mistakes=(
        Mistake(
            "mask not passed on",
            partial(Spoiled, masked=False),
            "Without a mask it is right, and with one nothing changes. Who has to be told of it?",
        ),
        Mistake(
            "raw context",
            partial(Spoiled, read="raw context"),
            "The normed words ask, and they look at words that are not normed. Attention within "
            "one sentence reads one thing. Which of your names should stand there twice?",
        ),
        Mistake(
            "reads the raw stream",
            partial(Spoiled, read="raw"),
            "Attention reads the stream itself, and the normed copy that it is handed goes unused. "
            "Which name has the argument of your lambda, and which one is used in it?",
        ),
        Mistake(
            "raw query",
            partial(Spoiled, read="raw query"),
            "The words ask as they are, and look at normed ones. Attention within one sentence "
            "reads one thing. Which of your names should stand there twice?",
        ),
        Mistake(
            "feed-forward first",
            alone(Spoiled, way=lambda p, x: p.first(p.second(x, p.feed), p.look)),
            "Both parts are there, in the other order: each word thinks before it has looked. "
            "Which of them comes first?",
        ),
        Mistake(
            "side by side",
            alone(Spoiled, way=lambda p, x: p.first(x, p.look) + p.second(x, p.feed) - x),
            "Both sublayers read the stream as it came in. (Some models do that, to save time.) "
            "Here the feed-forward part reads what attention has already written to. What is the "
            "first argument of the second residual?",
        ),
        Mistake(
            "attention lost",
            alone(Spoiled, way=lambda p, x: p.second(x, p.feed)),
            "What attention found is not used. The second step begins with the x of before. Where "
            "does the result of the first go?",
        ),
        Mistake(
            "feed-forward lost",
            alone(Spoiled, way=lambda p, x: p.first(x, p.look)),
            "The layer ends after attention. Which part has nothing to do?",
        ),
        Mistake(
            "attention replaces",
            alone(Spoiled, way=lambda p, x: p.second(p.look(p.first.norm(x)), p.feed)),
            "What attention finds takes the place of the stream. Which part of yours adds it "
            "instead?",
        ),
        Mistake(
            "feed-forward replaces",
            alone(Spoiled, way=lambda p, x: p.feed(p.second.norm(p.first(x, p.look)))),
            "What the feed-forward part says takes the place of the stream. Which part of yours "
            "adds it instead?",
        ),
        Mistake(
            "feed-forward bare",
            alone(Spoiled, way=lambda p, x: (lambda y: y + p.feed(y))(p.first(x, p.look))),
            "The feed-forward part reads the stream without a norm: its own residual connection "
            "is not used. What does that do, besides adding?",
        ),
        Mistake(
            "stream of before",
            alone(Spoiled, way=lambda p, x: x + p.feed(p.second.norm(p.first(x, p.look)))),
            "The second step reads what attention wrote, and adds to the x of before, so what "
            "attention wrote is lost from the stream. To what should it add?",
        ),
        *(
            Mistake(
                f"added once more, {where}",
                alone(Spoiled, way=way),
                "x is added to what a residual connection returns. It has done that itself, so the "
                "stream is in the sum twice. What does it return?",
                group="added once more",
            )
            for where, way in ADDED_ONCE_MORE.items()
        ),
        Mistake(
            "attention twice",
            alone(Spoiled, way=lambda p, x: p.second(p.first(p.first(x, p.look), p.look), p.feed)),
            "Attention is asked twice, one time after the other. How many sublayers has a layer, "
            "and which?",
        ),
        Mistake(
            "post-norm",
            alone(Spoiled, residual=layers.PostNormResidual),
            "The norms stand after the sums. That is the layer of section 5.5. Which of the two "
            "residual connections is asked for here?",
        ),
        Mistake(
            "one residual for both",
            alone(Spoiled, shared=True),
            "There is one residual connection under two names, with one norm: `a = b = …` or "
            "`self.b = self.a` makes no second one. How many norms has a layer?",
        ),
        Mistake(
            "first residual twice",
            alone(Spoiled, way=lambda p, x: p.first(p.first(x, p.look), p.feed)),
            "Both sublayers go through the first residual connection, and the norm of the second "
            "is never used. Which one belongs to the feed-forward part?",
        ),
        Mistake(
            "second residual twice",
            alone(Spoiled, way=lambda p, x: p.second(p.second(x, p.look), p.feed)),
            "Both sublayers go through the second residual connection, and the norm of the first "
            "is never used. Which one belongs to attention?",
        ),
        Mistake(
            "residuals exchanged",
            alone(Spoiled, way=lambda p, x: p.first(p.second(x, p.look), p.feed)),
            "Each of the two sublayers goes through the residual connection of the other, so a "
            "saved model's norms would get to the wrong places. Which name belongs to which?",
        ),
        Mistake(
            "one residual around both",
            alone(Spoiled, way=lambda p, x: p.first(x, lambda y: p.feed(p.look(y)))),
            "One residual connection goes around both sublayers, so the feed-forward part reads "
            "nothing but what attention found, without the words. How many times is something "
            "added in a layer?",
        ),
        Mistake(
            "one head",
            partial(Spoiled, heads=lambda num_heads: 1),
            "There is a single head, however many are asked for. Who has to be told of "
            "`num_heads`?",
        ),
        Mistake(
            "no dropout in the feed-forward part",
            alone(Spoiled, drops=(False, True, True)),
            "The feed-forward part was not told how much dropout there is, and has none. What does "
            "its third argument do?",
        ),
        Mistake(
            "no dropout in the residuals",
            alone(Spoiled, drops=(True, False, False)),
            NO_DROPOUT_THERE,
            group="no dropout in the residuals",
        ),
        *(
            Mistake(
                f"no dropout in the {which} residual",
                alone(Spoiled, drops=(True, *drops)),
                "One of the two residual connections was not told how much dropout there is, and "
                "has none. Does the second argument stand in both?",
                group="no dropout in one residual",
            )
            for which, drops in {"first": (False, True), "second": (True, False)}.items()
        ),
        Mistake(
            "one dropout more",
            OneDropoutMore,
            "There is a dropout outside of the three parts that have one: what a sublayer says is "
            "struck out twice, or the stream itself loses features. Which line of yours can go?",
        ),
        Mistake(
            "a dropout of its own",
            lambda d_model, num_heads, d_ff, dropout: Spoiled(d_model, num_heads, d_ff, 0.1),
            "There is dropout even where none is asked for. Where do your parts learn how much?",
        ),
        Mistake(
            "four times as wide",
            lambda d_model, num_heads, d_ff, dropout: Spoiled(
                d_model, num_heads, 4 * d_model, dropout
            ),
            "`d_ff` is not used: there are always four times as many hidden features as the word "
            "has. That is the paper's choice. Who has to be told of `d_ff`?",
        ),
        Mistake(
            "no dropout",
            alone(Spoiled, drops=(False, False, False)),
            "`dropout` is not used: no part has any, and training changes nothing. Which three "
            "parts take it?",
        ),
        Mistake(
            "a norm at the end",
            WithFinalNorm,
            "There is a third norm, at the end. A layer ends in a sum; a norm comes after the "
            "*last* layer alone (section 5.6). What is left without it?",
        ),
        Mistake(
            "the result handed over",
            ResultHandedOver,
            "The residual connection wants the sublayer itself, to call it with the normed copy. "
            "It got a result, and a tensor cannot be called. How do you hand over a function?",
        ),
        Mistake(
            "attention handed over as it is",
            OneInput,
            "The residual connection calls a sublayer with one argument, and attention needs to be "
            "told what to look at, and the mask. Which small function of one argument calls it "
            "with all three?",
        ),
        Mistake(
            "query, key and value",
            ThreeAtOnce,
            "You hand attention the words three times, as PyTorch's own module wants them (query, "
            "key and value). That of chapter 3 takes what asks, what is looked at, and the mask. "
            "What stands in the mask's place in your call?",
        ),
        Mistake(
            "residuals bypassed",
            alone(
                Spoiled,
                way=lambda p, x: (lambda y: y + p.feed(p.second.norm(y)))(
                    x + p.look(p.first.norm(x))
                ),
            ),
            NO_DROPOUT_THERE,
            group="no dropout in the residuals",
        ),
        Mistake(
            "mask as context",
            MaskAsContext,
            "The second argument of attention is what it looks at, and there stands the mask. "
            "What do words of one sentence look at?",
        ),
        *(
            Mistake(" ".join(names), alone(Spoiled, names=names), OTHER_NAMES, group="other names")
            for names in (
                ("attn", "ff", "residual1", "residual2"),
                ("attention", "feed_forward", "attention_residual", "feed_forward_residual"),
                ("self_attn", "feed_forward", "residual1", "residual2"),
                ("self_attention", "feed_forward", "residual1", "residual2"),
            )
        ),
        Mistake("super forgotten", WithoutSuper, NO_SUPER),
        Mistake("return forgotten", WithoutReturn, NO_RETURN),
    ),
    hints=(
        "`__init__` makes four parts, `forward` has two lines: one for each sublayer, each of them "
        "`x = its residual(x, what to do)`.",
        "A residual connection calls what it is given with *one* argument, the normed copy. "
        "Attention needs it twice, and the mask: `lambda y: self.self_attention(y, y, mask)`.",
        "First `x = self.self_attention_residual(x, lambda y: …)`, then "
        "`return self.feed_forward_residual(x, self.feed_forward)`.",
    ),
)
