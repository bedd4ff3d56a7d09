"""5.2 FeedForward, a module."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib import layers
from course_lib.exercises.ch05.common import (
    BATCH,
    DOUBLE,
    NO_RETURN,
    NO_SUPER,
    Q_BATCH,
    alone,
    differ,
    has_zeros,
    how_it_drops,
    how_it_should_drop,
)
from course_lib.exercises.modules import build_and_use
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe


def use_feed_forward(
    answer: Callable[..., nn.Module], sizes: tuple[Any, ...], x: Tensor
) -> dict[str, Any]:
    """As `use_module`; and where does dropout act?"""
    module, seen = build_and_use(answer, sizes, x)
    read: dict[str, list[Tensor]] = {"up": [], "down": []}
    for name, inputs in read.items():
        part = getattr(module, name, None)
        if isinstance(part, nn.Module):
            part.register_forward_pre_hook(partial(_keep, inputs))
    trained, plain = module.train()(x.clone()), module.eval()(x.clone())
    seen_twice = isinstance(trained, Tensor) and read["down"]
    dropped, hidden = (read["down"][i] if seen_twice else None for i in (0, -1))
    return seen | {
        "dropout acts on the input": bool(read["up"]) and differ(read["up"][0], x),
        "dropout acts on the output": has_zeros(trained, within=True),
        "dropout acts before the output": not _only_scaled(trained, plain),
        "what training makes of hidden features": (
            how_it_drops(hidden, dropped)
            if sum(sizes[2:]) and hidden is not None and dropped is not None
            else how_it_should_drop(sum(sizes[2:]))  # nothing is seen, so nothing is said
        ),
    }


def _keep(seen: list[Tensor], part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    seen.append(inputs[0])


def _only_scaled(trained: Any, plain: Any) -> bool:
    """Is each number of the one a fixed multiple of the other's, or 0?"""
    if not (isinstance(trained, Tensor) and isinstance(plain, Tensor)):
        return True
    factors = (trained / plain)[trained != 0]
    return bool(((factors - factors[:1]).abs() < 1e-3).all())


def _struck_out(self: Any, hidden: Tensor) -> Tensor:
    """Dropout that forgets to make up for what it takes away."""
    return self.dropout(hidden) * (1 - self.dropout.p) if self.training else hidden


DROPS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "hidden": lambda self, hidden: self.dropout(hidden),
    "both": lambda self, hidden: self.dropout(hidden),
    "hidden twice": lambda self, hidden: self.dropout(self.dropout(hidden)),
    "not made up for": _struck_out,
    "whole words": lambda self, hidden: hidden * self.dropout(torch.ones_like(hidden[..., :1])),
    "whole features": lambda self, hidden: hidden * self.dropout(hidden.new_ones(hidden.shape[-1])),
}


class Spoiled(nn.Module):
    """A feed-forward network, with the switches of what goes wrong with it."""

    def __init__(
        self,
        d_model: int,
        d_ff: int,
        dropout: float = 0.0,
        *,
        names: tuple[str, str] = ("up", "down"),
        biases: tuple[bool, bool] = (True, True),
        before: Callable[[Tensor], Tensor] = lambda x: x,
        bend: Callable[[Tensor], Tensor] = F.relu,
        after: Callable[[Tensor], Tensor] = lambda x: x,
        drop: str = "hidden",
        residual: bool = False,
    ) -> None:
        super().__init__()
        setattr(self, names[0], nn.Linear(d_model, d_ff, bias=biases[0]))
        setattr(self, names[1], nn.Linear(d_ff, d_model, bias=biases[1]))
        self.dropout = layers.Dropout(dropout)
        self.names, self.drop, self.residual = names, drop, residual
        self.before, self.bend, self.after = before, bend, after

    def forward(self, x: Tensor) -> Tensor:
        up, down = (getattr(self, name) for name in self.names)
        hidden = self.bend(up(self.before(self.dropout(x) if self.drop == "input" else x)))
        if self.drop == "always":
            hidden = F.dropout(hidden, self.dropout.p)
        elif self.drop in DROPS:
            hidden = DROPS[self.drop](self, hidden)
        out = self.after(down(hidden))
        out = self.dropout(out) if self.drop in ("output", "both") else out
        return x + out if self.residual else out


def _own(
    build: Callable[[Any, int, int], None], forward: Callable[[Any, Tensor], Any]
) -> Callable[..., nn.Module]:
    """A module with parts and a forward of its own."""

    class Wrong(nn.Module):
        def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
            super().__init__()
            build(self, d_model, d_ff)
            self.dropout = layers.Dropout(dropout)

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    return Wrong


def _up_and_down(self: Any, d_model: int, d_ff: int) -> None:
    self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)


def _turned(self: Any, d_model: int, d_ff: int) -> None:
    self.up, self.down = nn.Linear(d_ff, d_model), nn.Linear(d_model, d_ff)


def _never_wide(self: Any, d_model: int, d_ff: int) -> None:
    self.up, self.down = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)


def _only_up(self: Any, d_model: int, d_ff: int) -> None:
    self.up = nn.Linear(d_model, d_ff)


def _in_a_list(self: Any, d_model: int, d_ff: int) -> None:
    self.parts = [nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)]


def _in_a_row(self: Any, d_model: int, d_ff: int) -> None:
    self.net = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))


class InARow(nn.Module):
    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
        super().__init__()
        up, down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.net = nn.Sequential(up, nn.ReLU(), nn.Dropout(dropout), down)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def _four_times(self: Any, d_model: int, d_ff: int) -> None:
    _up_and_down(self, d_model, 4 * d_model)


def _with_norm(self: Any, d_model: int, d_ff: int) -> None:
    _up_and_down(self, d_model, d_ff)
    self.norm = nn.LayerNorm(d_model)


class WithoutSuper(nn.Module):
    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
        self.up = nn.Linear(d_model, d_ff)


class WithoutForward(nn.Module):
    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
        super().__init__()
        _up_and_down(self, d_model, d_ff)


def _dropped(self: Any, x: Tensor) -> Tensor:
    return self.down(self.dropout(self.up(x).relu()))


def _of_its_own(p: float, d_model: int, d_ff: int, dropout: float = 0.0) -> nn.Module:
    return Spoiled(d_model, d_ff, p)


def _sized(sizes: tuple[Any, ...], *shape: int, dtype: torch.dtype = torch.float32) -> Draw:
    """The sizes of a module, and words of shape (*shape, d_model)."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn((*shape, sizes[0]), generator=dice).round(decimals=1)
        return sizes, x.to(dtype)

    return draw


OTHER_NAMES = (
    "The module has other parameters than `up` and `down`, each with weight and bias, or the same "
    "under other names. A saved model is a list of names and numbers, so names count. What is each "
    "of your parts called, and what is asked for?"
)
OTHER_BEND = (
    "There is a bend in the right place, of another kind. It has its friends, and some models use "
    "it. Which function does the formula name?"
)
FIRST_MAP = (
    "The first map that x meets was made for d_ff numbers, and a word has d_model. `nn.Linear` is "
    "told first how many come in, then how many go out. Are the two turned round, or does x meet "
    "the second map first?"
)
NO_BIAS = (
    "A bias is missing: some models leave them out, and this one has two. What does `nn.Linear` do "
    "by default?"
)

FEED_FORWARD = Exercise(
    id="5.2",
    title="Feed-forward",
    signature="FeedForward(d_model, d_ff, dropout=0.0)",
    shapes="x (..., T, D) -> (..., T, D)",
    reference=layers.FeedForward,
    use=use_feed_forward,
    input_names=("sizes (d_model, d_ff, dropout)", "x"),
    probes=(
        Probe(
            "one word, two features, three hidden ones",
            _sized((2, 3), 1),
            "Compare yours with what is expected: first the parameters, by name and shape, then "
            "the output. Which is the first that differs?",
        ),
        Probe(
            "four words",
            _sized((3, 7, 0.0), 4),
            "Each word goes through the same two maps, alone. What happens between the two?",
        ),
        Probe(BATCH, _sized((5, 6, 0.0), 2, 4), Q_BATCH),
        Probe(
            "dropout of one half",
            _sized((5, 12, 0.5), 2, 6),
            "Dropout acts in training only, and on the hidden features. What happens to yours in "
            "train() and in eval()?",
        ),
        Probe(
            DOUBLE,
            _sized((5, 6, 0.0), 4, dtype=torch.float64),
            "The module was moved to double precision. Does your code make numbers of its own?",
        ),
    ),
    mistakes=(
        Mistake(
            "no bend",
            partial(Spoiled, bend=lambda x: x),
            "There is nothing between the two maps, and two linear maps one after the other are a "
            "single linear map. What stands between them in the example of *dog* and *chase*?",
        ),
        Mistake(
            "bend at the end",
            partial(Spoiled, bend=lambda x: x, after=F.relu),
            "The ReLU comes after the second map, so no output is ever negative, and the two maps "
            "in front of it are as good as one. Between which two steps does it belong?",
        ),
        Mistake(
            "bend first",
            partial(Spoiled, bend=lambda x: x, before=F.relu),
            "The ReLU is applied to x, before any map: negative features are lost unread. Between "
            "which two steps does it belong?",
        ),
        Mistake(
            "bend twice",
            alone(Spoiled, after=F.relu),
            "A second ReLU follows the second map, so no output is ever negative. How could this "
            "part then ever lower a feature?",
        ),
        *(
            Mistake(name, alone(Spoiled, bend=bend), OTHER_BEND, group="another bend")
            for name, bend in {
                "gelu": F.gelu,
                "sigmoid": torch.sigmoid,
                "tanh": torch.tanh,
                "silu": F.silu,
                "leaky relu": F.leaky_relu,
            }.items()
        ),
        Mistake(
            "softmax",
            alone(Spoiled, bend=lambda x: x.softmax(-1)),
            "The hidden features are made into shares of 1. Here they should not compete. Which "
            "function keeps what is positive and drops the rest?",
        ),
        Mistake("sizes turned", _own(_turned, _dropped), FIRST_MAP, group="first map"),
        Mistake(
            "up left out",
            _own(_up_and_down, lambda self, x: self.down(self.dropout(x.relu()))),
            FIRST_MAP,
            group="first map",
        ),
        Mistake(
            "never wide",
            _own(_never_wide, _dropped),
            "`d_ff` is not used: the hidden features are as many as the word's. How many should "
            "come out of `up`, and go into `down`?",
        ),
        Mistake(
            "four times as wide",
            _own(_four_times, _dropped),
            "`d_ff` is not used: there are always four times as many hidden features as the word "
            "has. That is the paper's choice. How many are asked for?",
        ),
        Mistake(
            "only up",
            _own(_only_up, lambda self, x: self.dropout(self.up(x).relu())),
            "The result has d_ff features, and the word has d_model. How does it come back?",
        ),
        Mistake(
            "a plain list",
            _own(_in_a_list, lambda self, x: self.parts[1](self.parts[0](x).relu())),
            "The maps lie in a plain list, and a module does not look into lists: it has no "
            "parameters at all, so nothing would be trained or saved. How do `up` and `down` "
            "become its own?",
        ),
        *(
            Mistake(
                f"{first} and {second}",
                alone(Spoiled, names=(first, second)),
                OTHER_NAMES,
                group="other parameters",
            )
            for first, second in (
                ("linear1", "linear2"),
                ("fc1", "fc2"),
                ("w_1", "w_2"),
                ("w1", "w2"),
                ("lin1", "lin2"),
            )
        ),
        Mistake(
            "a sequential",
            _own(_in_a_row, lambda self, x: self.net(x)),
            OTHER_NAMES,
            group="other parameters",
        ),
        Mistake("a sequential with dropout", InARow, OTHER_NAMES, group="other parameters"),
        *(
            Mistake(name, alone(Spoiled, biases=biases), NO_BIAS, group="no bias")
            for name, biases in {
                "no bias up": (False, True),
                "no bias down": (True, False),
                "no bias at all": (False, False),
            }.items()
        ),
        Mistake(
            "a norm inside",
            _own(_with_norm, lambda self, x: _dropped(self, self.norm(x))),
            "There is a norm inside. It will get a place of its own in section 5.3, around this "
            "part and not in it. What is left without it?",
        ),
        Mistake(
            "residual inside",
            partial(Spoiled, residual=True),
            "x is added to the result. That comes in section 5.3, and there for every kind of "
            "part. What does this one return by itself?",
        ),
        Mistake(
            "no dropout",
            partial(Spoiled, drop="nowhere"),
            "Everything is right, but training changes nothing: there is no dropout. On which "
            "features should it act?",
        ),
        Mistake(
            "dropout on the output",
            partial(Spoiled, drop="output"),
            "The dropout acts on the output of the second map. (There will be one there too, in "
            "the residual connection.) On which features does this part have its own?",
        ),
        Mistake(
            "dropout twice",
            alone(Spoiled, drop="both"),
            "There is dropout on the hidden features and on the output. The one on the output "
            "belongs to the residual connection, which comes later. Which one is left here?",
        ),
        Mistake(
            "hidden dropout twice",
            alone(Spoiled, drop="hidden twice"),
            "Dropout acts on the hidden features two times, so three quarters of them are gone "
            "where one half was asked for. Where does the second one come from?",
        ),
        Mistake(
            "not made up for",
            alone(Spoiled, drop="not made up for"),
            "Features are struck out and the others stay as they are, so in training the sums are "
            "smaller than later, when all count. By what are the others multiplied?",
        ),
        Mistake(
            "whole words dropped",
            alone(Spoiled, drop="whole words"),
            "All features of a word are struck out together, or none. Hidden features should not "
            "learn to rely on each other. For how many numbers are dice thrown in your code?",
        ),
        Mistake(
            "whole features dropped",
            alone(Spoiled, drop="whole features"),
            "The same features are struck out in every word. Each word should lose others. For how "
            "many numbers are dice thrown in your code?",
        ),
        Mistake(
            "dropout on the input",
            alone(Spoiled, drop="input"),
            "The dropout acts on x, before the first map. On which features should it act: those "
            "of the word, or the hidden ones?",
        ),
        *(
            Mistake(
                f"dropout of {p}, always",
                partial(_of_its_own, p),
                "There is dropout even where none is asked for: without a number `nn.Dropout()` "
                "drops one half. Where does yours learn its share?",
                group="dropout of its own",
            )
            for p in (0.5, 0.1, 0.2)
        ),
        Mistake(
            "dropout always",
            alone(Spoiled, drop="always"),
            "Your dropout acts in eval(), too: the same word gets another answer each time. "
            "`F.dropout` does not know whether the module trains, unless it is told. Which class "
            "knows by itself?",
        ),
        Mistake("super forgotten", WithoutSuper, NO_SUPER),
        Mistake("return forgotten", _own(_up_and_down, lambda self, x: None), NO_RETURN),
        Mistake(
            "no forward",
            WithoutForward,
            "The module finds no `forward`. It is a method: it stands in the class, level with "
            "`__init__` and not inside it. How is yours spelt and indented?",
        ),
    ),
    hints=(
        "`__init__` makes three parts: a map from d_model to d_ff, a map back, `Dropout(dropout)`.",
        "In `forward`: up, then `F.relu` (or `.relu()`), then dropout, then down.",
        "`self.up = nn.Linear(d_model, d_ff)`, `self.down = nn.Linear(d_ff, d_model)`; and "
        "`self.down(self.dropout(F.relu(self.up(x))))`.",
    ),
)
