"""5.6 Encoder, a stack of layers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import masks, models
from course_lib.exercises.ch05.common import DOUBLE, NO_RETURN, NO_SUPER
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe


class SmallLayer(nn.Module):
    """Stands in for an encoder layer: each word takes in the mean of those that it may see.

    The higher its number in the stack, the less it adds, so that their order shows.
    """

    def __init__(self, d_model: int, number: int) -> None:
        super().__init__()
        self.map, self.number = nn.Linear(d_model, d_model), number

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        seen = x.new_ones(x.shape[1], x.shape[1]) if mask is None else mask.to(x.dtype)
        return x + torch.tanh(self.map(seen / seen.sum(dim=-1, keepdim=True) @ x)) / self.number


def use_encoder(
    answer: Callable[..., nn.Module], sizes: tuple[int, int, bool], x: Tensor, *mask: Tensor
) -> dict[str, Any]:
    """As `use_module`, with layers and a final norm that are made here."""
    num_layers, d_model, norm = sizes

    stack: list[nn.Module] = [SmallLayer(d_model, i) for i in range(1, num_layers + 1)]
    handed_over = list(stack)

    def build() -> nn.Module:
        return answer(stack, nn.LayerNorm(d_model) if norm else nn.Identity())

    return use_module(build, (), x, *mask) | {"`layers` is left as it was": stack == handed_over}


def _stack(
    forward: Callable[[Any, Tensor, Tensor | None], Any],
    keep: Callable[[list[nn.Module]], Any] = nn.ModuleList,
    names: tuple[str, str] = ("layers", "norm"),
    initialised: bool = True,
) -> Callable[..., nn.Module]:
    """An encoder with something else in it."""

    class Wrong(nn.Module):
        def __init__(self, stack: list[nn.Module], norm: nn.Module) -> None:
            if initialised:
                super().__init__()
            setattr(self, names[0], keep(stack))
            if names[1]:
                setattr(self, names[1], norm)

        def forward(self, x: Tensor, mask: Tensor | None = None) -> Any:
            return forward(self, x, mask)

    return Wrong


def _through(
    names: tuple[str, str] = ("layers", "norm"),
    which: slice | None = None,
    masked: bool = True,
    before: bool = False,
    between: bool = False,
    after: bool = True,
    halfway: bool = False,
) -> Callable[[Any, Tensor, Tensor | None], Tensor]:
    """One layer after another, with the switches of what goes wrong on the way."""

    def forward(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
        norm = getattr(self, names[1]) if names[1] else nn.Identity()
        stack = list(getattr(self, names[0]))[which or slice(None)]
        x = norm(x) if before else x
        for layer in stack:
            x = layer(x, mask if masked else None)
            x = norm(x) if between else x
            if halfway:
                break
        return norm(x) if after else x

    return forward


def _from_the_start(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    result = x
    for layer in self.layers:
        result = layer(x, mask)
    return self.norm(result)


def _added_up(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for layer in self.layers:
        x = x + layer(x, mask)
    return self.norm(x)


def _around_layers(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for layer in self.layers:
        x = x + layer(self.norm(x), mask)
    return x


def _first_again(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for _ in self.layers:
        x = self.layers[0](x, mask)
    return self.norm(x)


def _first_masked(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for i, layer in enumerate(self.layers):
        x = layer(x, None if i else mask)
    return self.norm(x)


def _two_by_number(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    return self.norm(self.layers[1](self.layers[0](x, mask), mask))


def _popped(stack: list[nn.Module]) -> nn.ModuleList:
    return nn.ModuleList([stack.pop() for _ in range(len(stack))])


def _popped_in_order(stack: list[nn.Module]) -> nn.ModuleList:
    return nn.ModuleList([stack.pop(0) for _ in range(len(stack))])


def _all_of_them(self: Any, x: Tensor, mask: Tensor | None) -> list[Tensor]:
    results = []
    for layer in self.layers:
        x = layer(x, mask)
        results.append(self.norm(x))
    return results


def _nothing_returned(self: Any, x: Tensor, mask: Tensor | None) -> None:
    _through()(self, x, mask)


def _called_at_once(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    return self.norm(self.layers(x, mask))


def _case(
    sizes: tuple[int, int, bool],
    *shape: int,
    mask: Callable[[], Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn((*shape, sizes[1]), generator=dice).round(decimals=1)
        return sizes, x.to(dtype), *([mask()] if mask else [])

    return draw


PLAIN = (
    "The layers lie in a plain list, and a module does not look into lists: their parameters are "
    "not among its own, so no optimizer, no `to(device)` and no saved file would know of them. "
    "Which kind of list does a module look into?"
)
CALLED_AT_ONCE = (
    "The stack is called as if it were one module. `nn.ModuleList` only keeps modules; "
    "`nn.Sequential` calls them in a row, but hands over one argument, and there is a mask. What "
    "goes through them one by one?"
)
OTHER_NAMES = (
    "The parts have other names than `layers` and `norm`, or one of them is missing. A saved model "
    "is a list of names and numbers, so names count. What are yours called?"
)

ENCODER = Exercise(
    id="5.6",
    title="An encoder",
    signature="Encoder(layers, norm)",
    shapes="x (B, T, D) -> (B, T, D)",
    reference=models.Encoder,
    use=use_encoder,
    input_names=("sizes (layers, d_model, final norm)", "x", "mask"),
    probes=(
        Probe(
            "one layer",
            _case((1, 4, True), 1, 3),
            "Compare yours with what is expected: first the parameters, by name and shape, then "
            "the output. Which is the first that differs?",
        ),
        Probe(
            "three layers",
            _case((3, 6, True), 2, 5),
            "What does the second layer read, and what is normed when?",
        ),
        Probe(
            "three layers and a causal mask",
            _case((3, 6, True), 2, 4, mask=lambda: masks.causal_mask(4)),
            "Each layer looks anew. Does each of them know the mask?",
        ),
        Probe(
            "two layers of a kind that needs no final norm",
            _case((2, 4, False), 2, 3),
            "Here `norm` is `nn.Identity()`, which hands on what it gets. Does your encoder use "
            "the norm that it was given?",
        ),
        Probe(
            DOUBLE,
            _case((2, 6, True), 2, 5, dtype=torch.float64),
            "The module was moved to double precision. Which of its parts did not come along?",
        ),
    ),
    mistakes=(
        *(
            Mistake(f"a {keep.__name__}", _stack(_through(), keep=keep), PLAIN, group="plain")
            for keep in (list, tuple)
        ),
        Mistake(
            "mask not passed on",
            _stack(_through(masked=False)),
            "Without a mask it is right, and with one nothing changes. Who has to be told of it?",
        ),
        Mistake(
            "no final norm",
            _stack(_through(after=False)),
            "The norm is there and never used. The sum of a pre-norm stack has been growing, and "
            "nobody has normed it. Where does it come in?",
        ),
        Mistake(
            "norm first",
            _stack(_through(before=True, after=False)),
            "The norm comes before the first layer, which norms what it reads anyway. At which end "
            "is the stream that nobody has normed?",
        ),
        Mistake(
            "normed between the layers",
            _stack(_through(between=True, after=False)),
            "The norm is applied after *every* layer. A pre-norm stream is never normed on its "
            "way. How far is your line indented, and how far should it be?",
        ),
        Mistake(
            "normed twice",
            _stack(_through(before=True)),
            "The norm is applied before the first layer and after the last. Which one is in the "
            "picture?",
        ),
        Mistake(
            "normed between and at the end",
            _stack(_through(between=True)),
            "The norm is applied after every layer, and then once more. A pre-norm stream is never "
            "normed on its way. Which of the two is left?",
        ),
        Mistake(
            "each layer reads the beginning",
            _stack(_from_the_start),
            "Each layer gets the x of the beginning, so only the last one counts. What should the "
            "second layer read?",
        ),
        Mistake(
            "result not kept",
            _stack(lambda self, x, mask: self.norm(x)),
            "No layer has any effect: the words come out as they went in, normed. What becomes of "
            "what a layer returns?",
        ),
        Mistake(
            "residual around layers",
            _stack(_around_layers),
            "You norm what each layer reads, and add what it returns. All that is inside the "
            "layers. What is left to do outside?",
        ),
        Mistake(
            "one layer under many numbers",
            _stack(_through(), keep=lambda stack: nn.ModuleList([stack[0]] * len(stack))),
            "The list holds the first layer again and again, with one set of parameters. How many "
            "layers were you given?",
        ),
        Mistake(
            "added up",
            _stack(_added_up),
            "What a layer returns is added to the stream. A layer has done that itself, inside. "
            "What is it that it returns?",
        ),
        Mistake(
            "the first again and again",
            _stack(_first_again),
            "The first layer is used each time, and the others have nothing to do. What does your "
            "loop go over?",
        ),
        Mistake(
            "return in the loop",
            _stack(_through(halfway=True)),
            "The stack ends after its first layer. How far is your `return` indented?",
        ),
        Mistake(
            "first left out",
            _stack(_through(which=slice(1, None))),
            "The first layer is left out. At which number does your loop begin?",
        ),
        Mistake(
            "last left out",
            _stack(_through(which=slice(None, -1))),
            "The last layer is left out. At which number does your loop end?",
        ),
        Mistake(
            "backwards",
            _stack(_through(which=slice(None, None, -1))),
            "The layers are used from the last to the first. Which one should read the words?",
        ),
        *(
            Mistake(
                name,
                _stack(_through(), keep=keep),
                "The list that you were given is empty afterwards: `pop` takes things out, and "
                "whoever called you still has it. How do you go through a list and leave it?",
                group="list emptied",
            )
            for name, keep in {"popped": _popped, "popped from the front": _popped_in_order}.items()
        ),
        Mistake(
            "kept backwards",
            _stack(_through(), keep=lambda stack: nn.ModuleList(stack[::-1])),
            "The layers are kept from the last to the first. Which one should read the words?",
        ),
        Mistake(
            "mask for the first alone",
            _stack(_first_masked),
            "The first layer is told of the mask, and those after it are not. Each layer looks "
            "anew. Who has to be told?",
        ),
        Mistake(
            "normed twice at the end",
            _stack(lambda self, x, mask: self.norm(_through()(self, x, mask))),
            "The final norm is applied two times. How many times does it stand in your code?",
        ),
        Mistake(
            "numbers instead of a loop",
            _stack(_two_by_number),
            "Your code counts on two layers. How does it go through as many as there are?",
        ),
        Mistake(
            "all results",
            _stack(_all_of_them),
            "This returns what each layer gave, as a list. Which of these is asked for?",
        ),
        Mistake(
            "ModuleList called",
            _stack(_called_at_once),
            CALLED_AT_ONCE,
            group="called at once",
        ),
        Mistake(
            "Sequential called",
            _stack(_called_at_once, keep=lambda stack: nn.Sequential(*stack)),
            CALLED_AT_ONCE,
            group="called at once",
        ),
        *(
            Mistake(
                f"{names[0]} and {names[1] or 'nothing'}",
                _stack(_through(names), names=names),
                OTHER_NAMES,
                group="other names",
            )
            for names in (
                ("blocks", "norm"),
                ("layer", "norm"),
                ("layers", "final_norm"),
                ("layers", ""),
            )
        ),
        Mistake("super forgotten", _stack(_through(), initialised=False), NO_SUPER),
        Mistake("return forgotten", _stack(_nothing_returned), NO_RETURN),
    ),
    hints=(
        "Keep the layers where a module looks for its parts: `nn.ModuleList(layers)`.",
        "In `forward`, a loop: each layer reads what the one before it returned, and the mask.",
        "`x = layer(x, mask)` in the loop, and after it `return self.norm(x)`.",
    ),
)
