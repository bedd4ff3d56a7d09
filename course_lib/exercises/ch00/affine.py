"""0.5 Affine, a small module."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.exercises.ch00.common import BATCH, DOUBLE, Q_BATCH
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe


class Affine(nn.Module):
    """x Wᵀ + b, as `nn.Linear` does it."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(d_out, d_in))
        self.bias = nn.Parameter(torch.zeros(d_out))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.bias


def _sized(d_in: int, d_out: int, *shape: int, dtype: torch.dtype = torch.float32) -> Draw:
    """The sizes of a module, and an input of shape (*shape, d_in)."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn((*shape, d_in), generator=dice).round(decimals=1).to(dtype)
        return (d_in, d_out), x

    return draw


def use(answer: Callable[..., nn.Module], sizes: tuple[int, int], x: Tensor) -> dict[str, Any]:
    """As `use_module`, with known numbers in tensors that are no parameters, too.

    Where these stand in for a parameter they are moved like one, so that it does not matter which
    product would stop at their dtype, and named.
    """
    instead: list[str] = []

    def build(*sizes: int) -> nn.Module:
        module = answer(*sizes)
        if getattr(module.forward, "__name__", "") == "_forward_unimplemented":
            raise AttributeError("the class has no method of the name `forward`")
        few = len(list(module.parameters())) < 2
        for kind, tensors in (("plain tensor", vars(module)), ("buffer", module.named_buffers())):
            for name, value in sorted(dict(tensors).items()):
                if isinstance(value, Tensor) and value.is_floating_point():
                    dice = torch.Generator().manual_seed(len(name))
                    value.data.copy_(torch.randn(value.shape, generator=dice))
                    if few:
                        value.data = value.data.to(x.dtype)
                        instead.append(f"{name} is a {kind}")
        return module

    result = use_module(cast(type[nn.Module], build), sizes, x)
    result["parameters"] = "; ".join([result["parameters"] or "none", *instead])
    reached = "parameters that a gradient reaches"
    return result | {reached: result[reached] or "none"}


def _module(
    forward: Callable[[Any, Tensor], Any] = lambda self, x: x @ self.weight.T + self.bias,
    weight: Callable[[int, int], Any] = lambda d_in, d_out: nn.Parameter(torch.randn(d_out, d_in)),
    bias: Callable[[int, int], Any] = lambda d_in, d_out: nn.Parameter(torch.zeros(d_out)),
    names: tuple[str, str] = ("weight", "bias"),
    initialised: bool = True,
    buffers: bool = False,
) -> type[nn.Module]:
    """An Affine with something else in it."""

    class Wrong(nn.Module):
        def __init__(self, d_in: int, d_out: int) -> None:
            if initialised:
                super().__init__()
            keep = self.register_buffer if buffers else partial(setattr, self)
            keep(names[0], weight(d_in, d_out))
            if names[1]:
                keep(names[1], bias(d_in, d_out))

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    Wrong.__name__ = Wrong.__qualname__ = "Affine"
    return Wrong


def plain_weight(d_in: int, d_out: int) -> Tensor:
    return torch.randn(d_out, d_in)


def plain_bias(d_in: int, d_out: int) -> Tensor:
    return torch.zeros(d_out)


def _no_forward() -> type[nn.Module]:
    class Wrong(nn.Module):
        def __init__(self, d_in: int, d_out: int) -> None:
            super().__init__()

    Wrong.__name__ = Wrong.__qualname__ = "Affine"
    return Wrong


def _no_init() -> type[nn.Module]:
    class Wrong(nn.Module):
        pass

    Wrong.__name__ = Wrong.__qualname__ = "Affine"
    return Wrong


def _renamed(weight: str, bias: str) -> type[nn.Module]:
    return _module(
        lambda self, x: x @ getattr(self, weight).T + getattr(self, bias), names=(weight, bias)
    )


def _ready_made(name: str) -> type[nn.Module]:
    class Wrong(nn.Module):
        def __init__(self, d_in: int, d_out: int) -> None:
            super().__init__()
            setattr(self, name, nn.Linear(d_in, d_out))

        def forward(self, x: Tensor) -> Tensor:
            return getattr(self, name)(x)

    return Wrong


NOT_TURNED = (
    "The last axis of x has d_in numbers, and x meets there a factor with d_out rows. Which shape "
    "has your weight, and which has the factor, after every turn (`.T` is one, and `F.linear` does "
    "one by itself)?"
)
PLAIN = (
    "The weight or the bias is an ordinary tensor, and the module does not list it: an optimizer "
    "would never see it, `to(device)` leave it behind, a saved file lack it. In what has a tensor "
    "to be wrapped, for a module to take it as its own?"
)
READY_MADE = (
    "There is an `nn.Linear` inside, which does the work under names of its own. It is what this "
    "exercise builds. Which two tensors does it hold, and what does it do with them?"
)
OTHER_NAMES = (
    "The module works, and its parameters have other names. A saved model is a list of names and "
    "numbers, so names count. Which two are asked for?"
)
TURNED_WEIGHT = (
    "The weight has a row for each input. Here, as in `nn.Linear`, it has a row for each output: "
    "(d_out, d_in). What has to be done to it, then, before it can be multiplied with x?"
)
FORWARD = (
    "`weight @ x` takes the columns of x, and its vectors are the rows. It fits only if x is a "
    "single vector. On which side must x stand, so that its last axis is the one that is summed "
    "up?"
)

AFFINE = Exercise(
    id="0.5",
    title="A module of your own",
    signature="Affine(d_in, d_out)",
    shapes="x (..., T, D_in) -> (..., T, D_out)",
    reference=Affine,
    forbidden={"nn.Linear": nn.Linear},
    use=use,
    input_names=("sizes (d_in, d_out)", "x"),
    probes=(
        Probe(
            "two numbers in, three out",
            _sized(2, 3, 1),
            "Compare yours with what is expected: first the parameters, by name and shape, "
            "then the output. Which is the first that differs?",
        ),
        Probe(
            "four vectors at once",
            _sized(5, 3, 4),
            "Each of the four rows of x becomes a row with three numbers. Which axis of x, and "
            "which of the weight, are summed up?",
        ),
        Probe(BATCH, _sized(5, 6, 2, 4), Q_BATCH),
        Probe("one vector, without further axes", _sized(4, 3), "How many axes has x here?"),
        Probe(
            DOUBLE,
            _sized(3, 5, 4, dtype=torch.float64),
            "The module was moved to double precision. Which of its tensors did not come along?",
        ),
    ),
    mistakes=(
        Mistake(
            "super forgotten",
            _module(initialised=False),
            "A module keeps a register of its parameters, and that does not exist yet. Which call "
            "must come first in `__init__`, before anything is put on `self`?",
        ),
        Mistake("weight plain", _module(weight=plain_weight), PLAIN, group="plain"),
        Mistake("bias plain", _module(bias=plain_bias), PLAIN, group="plain"),
        Mistake("both plain", _module(weight=plain_weight, bias=plain_bias), PLAIN, group="plain"),
        Mistake(
            "buffers",
            _module(
                weight=plain_weight,
                bias=plain_bias,
                buffers=True,
            ),
            "Buffers move and are saved with the module, and are not trained: no optimizer gets "
            "them. What are tensors called that training changes?",
        ),
        *(
            Mistake(f"nn.Linear as {name}", _ready_made(name), READY_MADE, group="ready-made")
            for name in ("linear", "layer", "fc", "lin", "proj")
        ),
        *(
            Mistake(
                f"{weight} and {bias}", _renamed(weight, bias), OTHER_NAMES, group="other names"
            )
            for weight, bias in (
                ("w", "b"),
                ("W", "b"),
                ("weights", "bias"),
                ("weight", "b"),
                ("weights", "biases"),
            )
        ),
        Mistake(
            "weight turned",
            _module(
                lambda self, x: x @ self.weight + self.bias,
                weight=lambda d_in, d_out: nn.Parameter(torch.randn(d_in, d_out)),
            ),
            TURNED_WEIGHT,
        ),
        Mistake(
            "not transposed",
            _module(lambda self, x: x @ self.weight + self.bias),
            NOT_TURNED,
            group="factor of the wrong shape",
        ),
        Mistake(
            "turned for F.linear",
            _module(lambda self, x: F.linear(x, self.weight.T, self.bias)),
            NOT_TURNED,
            group="factor of the wrong shape",
        ),
        Mistake(
            "turned twice over",
            _module(
                weight=lambda d_in, d_out: nn.Parameter(torch.randn(d_in, d_out)),
                bias=lambda d_in, d_out: nn.Parameter(torch.zeros(d_in)),
            ),
            NOT_TURNED,
            group="factor of the wrong shape",
        ),
        Mistake(
            "mm",
            _module(lambda self, x: torch.mm(x, self.weight.T) + self.bias),
            "`mm` multiplies two tables, and x may be a single vector, or have a batch in front. "
            "Which product leaves leading axes alone?",
        ),
        Mistake(
            "no forward",
            _no_forward(),
            "The module finds no `forward`. It is a method: it stands in the class, level with "
            "`__init__` and not inside it. How is yours spelt and indented?",
        ),
        Mistake(
            "no __init__",
            _no_init(),
            "The sizes went to the `__init__` of `nn.Module`, which takes none. Is there one of "
            "your own in the class, with two underscores on either side?",
        ),
        Mistake(
            "return forgotten",
            _module(lambda self, x: None),
            "`forward` comes to its end and returns nothing. Which word hands the result out?",
        ),
        Mistake(
            "reshaped",
            _module(lambda self, x: x @ self.weight.view(self.weight.shape[::-1]) + self.bias),
            "The weight has the right shape for the product, and its numbers stand in other "
            "places: `view` and `reshape` read on in the old order (exercise 0.3). What turns rows "
            "into columns?",
        ),
        Mistake(
            "weight first",
            _module(lambda self, x: self.weight @ x + self.bias),
            FORWARD,
        ),
        Mistake(
            "turned twice",
            _module(lambda self, x: (self.weight @ x.mT).mT + self.bias),
            "x is turned round and back, and that needs two axes: a single vector has one. Can x "
            "stay as it is, and the weight be turned?",
        ),
        Mistake(
            "number by number",
            _module(lambda self, x: x * self.weight + self.bias),
            "`*` multiplies cell by cell. Each output is a sum over all inputs, each times its "
            "weight. Which product multiplies and adds up?",
        ),
        Mistake(
            "bias not added",
            _module(lambda self, x: x @ self.weight.T),
            "The bias is there, and nothing uses it: no gradient reaches it. Where does it come "
            "in?",
        ),
        Mistake(
            "bias subtracted",
            _module(lambda self, x: x @ self.weight.T - self.bias),
            "The bias is subtracted. Training would find its way with that, but a model saved from "
            "`nn.Linear` would not work here. Which sign has the formula?",
        ),
        Mistake(
            "no bias",
            _module(lambda self, x: x @ self.weight.T, names=("weight", "")),
            "There is a weight and no bias. What does the module give for an x of zeros, and what "
            "should it be able to give?",
        ),
        Mistake(
            "bias of the inputs",
            _module(
                lambda self, x: (x + self.bias) @ self.weight.T,
                bias=lambda d_in, d_out: nn.Parameter(torch.zeros(d_in)),
            ),
            "The bias has a number for each input, and is added before the product. How many "
            "numbers does an output have, and where is the bias added?",
        ),
        Mistake(
            "bias as a table",
            _module(bias=lambda d_in, d_out: nn.Parameter(torch.zeros(1, d_out))),
            "The bias has an axis of size 1 in front. Broadcasting puts one there by itself, and "
            "`nn.Linear` has none. Which shape has one number for each output?",
        ),
        Mistake(
            "bias of one number",
            _module(bias=lambda d_in, d_out: nn.Parameter(torch.zeros(1))),
            "The bias is a single number, the same for all outputs. How many does it need, so that "
            "each output has its own?",
        ),
        Mistake(
            "detached",
            _module(lambda self, x: x @ self.weight.detach().T + self.bias.detach()),
            "The numbers are right, and no gradient reaches the parameters: training would change "
            "nothing. Somewhere between them and the result the history of the numbers is cut off "
            "(`torch.no_grad()`, `.detach()`, `.data`, `torch.tensor(…)`, a new `nn.Parameter` in "
            "`forward` and `requires_grad=False` all do that). What cuts it in your code?",
        ),
        Mistake(
            "weight detached",
            _module(lambda self, x: x @ self.weight.detach().T + self.bias),
            "The numbers are right, and no gradient reaches the weight: training would change the "
            "bias alone. Somewhere between the weight and the result the history of its numbers is "
            "cut off (`torch.no_grad()`, `.detach()`, `.data`, `torch.tensor(…)`, a new "
            "`nn.Parameter` in `forward` and `requires_grad=False` all do that). What cuts it in "
            "your code?",
        ),
        Mistake(
            "bias detached",
            _module(lambda self, x: x @ self.weight.T + self.bias.detach()),
            "The numbers are right, and no gradient reaches the bias: training would change the "
            "weight alone. What cuts the bias off from the result (`torch.no_grad()`, `.detach()`, "
            "`.data`, `torch.tensor(…)`, a new `nn.Parameter` in `forward`, "
            "`requires_grad=False`)?",
        ),
        Mistake(
            "relu at the end",
            _module(lambda self, x: (x @ self.weight.T + self.bias).relu()),
            "Your outputs are never negative: a ReLU follows the sum. Is it in the formula?",
        ),
        Mistake(
            "scaled",
            _module(lambda self, x: x @ self.weight.T / self.weight.shape[1] ** 0.5 + self.bias),
            "The product is divided by a root. It belongs into attention scores (chapter 1), or "
            "into the numbers that the weight starts with. Is it in the formula?",
        ),
    ),
    hints=(
        "`__init__` makes what the module keeps, `forward` uses it. Look at `Scale` above: which "
        "line makes a tensor into something that is trained?",
        "After `super().__init__()` make two parameters: `self.weight` of shape (d_out, d_in) and "
        "`self.bias` of shape (d_out,). In `forward`, x (…, d_in) needs a factor of shape "
        "(d_in, d_out).",
        "`x @ self.weight.T` has the shape (…, d_out), and the bias is added to it. Any starting "
        "numbers will do: `torch.randn` for the weight, `torch.zeros` for the bias.",
    ),
)
