"""5.7 parameter_table: who has how many parameters?"""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib import layers
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe
from course_lib.models import Encoder, count_parameters

Table = dict[str, int]


def parameter_table(module: nn.Module) -> Table:
    """How many numbers are trained in each part of a module, and in all of it."""
    table = {name: count_parameters(part) for name, part in module.named_children()}
    return table | {"total": count_parameters(module)}


def in_any_order(answer: Function, module: nn.Module) -> Any:
    """The rows by name: their order is the writer's own business. Also if the module is changed."""
    given = copy.deepcopy(module)
    table = answer(given)
    if not isinstance(table, dict):
        return table
    before, after = ([p.requires_grad for p in m.parameters()] for m in (module, given))
    changed = {} if before == after else {"(changed) requires_grad": after}
    return {name: table[name] for name in sorted(table, key=str)} | changed


def _numbers(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _children(module: nn.Module) -> dict[str, nn.Module]:
    return dict(module.named_children())


def _table(
    module: nn.Module,
    count: Callable[[nn.Module], int] = _numbers,
    parts: Callable[[nn.Module], dict[str, nn.Module]] = _children,
    total: Callable[[Table, nn.Module, Callable[[nn.Module], int]], Table] = (
        lambda table, module, count: {"total": count(module)}
    ),
    empty: bool = True,
) -> Table:
    """A table with the switches of what goes wrong with it."""
    table = {name: count(part) for name, part in parts(module).items()}
    if not empty:
        table = {name: number for name, number in table.items() if number}
    return table | total(table, module, count)


def _shared_twice(module: nn.Module) -> int:
    named = module.named_parameters(remove_duplicate=False)
    return sum(p.numel() for _, p in named if p.requires_grad)


def _rows_of(module: nn.Module) -> int:
    return sum(p.shape[0] for p in module.parameters() if p.requires_grad)


def _each_tensor(module: nn.Module) -> Table:
    return {n: p.numel() for n, p in module.named_parameters() if p.requires_grad} | {
        "total": _numbers(module)
    }


def _by_first_name(module: nn.Module) -> Table:
    table: Table = {}
    for name, parameter in module.named_parameters():
        part = name.split(".")[0]
        table[part] = table.get(part, 0) + parameter.numel() * parameter.requires_grad
    return table | {"total": sum(table.values())}


def _each_once(module: nn.Module) -> Table:
    seen: set[int] = set()
    table = {"total": _numbers(module)}
    for name, part in module.named_children():
        new = [p for p in part.parameters() if p.requires_grad and id(p) not in seen]
        seen |= {id(p) for p in new}
        table[name] = sum(p.numel() for p in new)
    return table


def _frozen_on_the_way(module: nn.Module) -> Table:
    table = parameter_table(module)
    module.requires_grad_(False)
    return table


class Scaled(nn.Module):
    """Two maps, and a weight of its own for each feature."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(7))
        self.up, self.down = nn.Linear(7, 4), nn.Linear(4, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.up(x * self.scale))


def _two_maps() -> nn.Module:
    return nn.ModuleDict({"up": nn.Linear(2, 3), "down": nn.Linear(3, 2)})


def _tied() -> nn.Module:
    """One matrix that two parts share."""
    read, write = nn.Embedding(9, 5), nn.Linear(5, 9, bias=False)
    write.weight = read.weight
    return nn.ModuleDict({"read": read, "write": write})


def _frozen() -> nn.Module:
    module = nn.ModuleDict({"fixed": nn.Linear(3, 4), "learned": nn.Linear(4, 6)})
    module["fixed"].requires_grad_(False)
    return module


def _with_buffers() -> nn.Module:
    return nn.ModuleDict({"map": nn.Linear(4, 6), "norm": nn.BatchNorm1d(6)})


def _stack() -> nn.Module:
    return Encoder([layers.EncoderLayer(6, 2, 8, 0.0) for _ in range(2)], nn.LayerNorm(6))


def _of(make: Callable[[], nn.Module]) -> Draw:
    def draw(dice: Generator) -> Inputs:
        return (make(),)

    return draw


PARAMETER_TABLE = Exercise(
    id="5.7",
    title="A table of parameters",
    signature="parameter_table(module)",
    shapes="module () -> ()",
    reference=parameter_table,
    library=(count_parameters,),
    use=in_any_order,
    smooth=0,
    probes=(
        Probe(
            "two maps, small enough to count",
            _of(_two_maps),
            "Which rows has the table, by name, and how many numbers are in a map from 2 to 3?",
        ),
        Probe(
            "an encoder layer",
            _of(lambda: layers.EncoderLayer(12, 3, 20, 0.1)),
            "Its parts are modules of modules. Are all numbers inside counted, and under the name "
            "of the part?",
        ),
        Probe(
            "an encoder of two layers",
            _of(_stack),
            "It has two parts, `layers` and `norm`. Which rows has your table?",
        ),
        Probe(
            "a part without parameters",
            _of(lambda: layers.FeedForward(4, 6, 0.1)),
            "Dropout trains nothing. Which number stands in its row?",
        ),
        Probe(
            "a module with a parameter of its own",
            _of(Scaled),
            "`scale` belongs to no part. Is it in the total?",
        ),
        Probe(
            "two parts that share a matrix",
            _of(_tied),
            "Each part has that matrix. How many numbers are there to train, in all?",
        ),
        Probe(
            "a part that is not trained",
            _of(_frozen),
            "Its parameters say `requires_grad=False`. How many numbers does training change?",
        ),
        Probe(
            "a part that also keeps numbers which are not trained",
            _of(_with_buffers),
            "The norm of a batch keeps running means: they are buffers. Are they parameters?",
        ),
    ),
    mistakes=(
        Mistake(
            "tensors counted",
            partial(_table, count=lambda m: sum(1 for p in m.parameters() if p.requires_grad)),
            "You count tensors: a matrix counts as one. How many numbers does a tensor hold?",
        ),
        Mistake(
            "rows counted",
            partial(_table, count=_rows_of),
            "You count the first axis of each tensor: the rows of a matrix, not its cells. What "
            "gives all of them?",
        ),
        Mistake(
            "no biases",
            partial(
                _table,
                count=lambda m: sum(
                    p.numel() for p in m.parameters() if p.requires_grad and p.dim() > 1
                ),
            ),
            "Only matrices are counted: biases and the weights of norms are vectors. Are they "
            "trained?",
        ),
        Mistake(
            "frozen counted",
            partial(_table, count=lambda m: sum(p.numel() for p in m.parameters())),
            "Parameters that are not trained are counted, too. How does a parameter say whether "
            "it wants a gradient?",
        ),
        Mistake(
            "state counted",
            partial(_table, count=lambda m: sum(t.numel() for t in m.state_dict().values())),
            "You count everything that is saved: buffers as well, frozen numbers, and what is "
            "shared more than once. Which method of a module hands out what is trained?",
        ),
        Mistake(
            "buffers counted",
            partial(_table, count=lambda m: _numbers(m) + sum(b.numel() for b in m.buffers())),
            "Buffers are counted as well. They are saved, and training does not change them by "
            "gradients. Which of the two is asked for?",
        ),
        Mistake(
            "not the parts of parts",
            partial(
                _table,
                count=lambda m: sum(
                    p.numel() for p in m.parameters(recurse=False) if p.requires_grad
                ),
            ),
            "A part that consists of parts counts as empty. How deep does your count go?",
        ),
        Mistake(
            "shared counted twice",
            partial(_table, count=_shared_twice),
            "A matrix that two parts share is in the total twice. `parameters()` hands it out "
            "once. How did it come in again?",
        ),
        Mistake(
            "total of the rows",
            partial(_table, total=lambda table, module, count: {"total": sum(table.values())}),
            "The total is the sum of the rows. It misses parameters that belong to no part, and "
            "has shared ones twice. Of what should the total be counted?",
        ),
        Mistake(
            "no total",
            partial(_table, total=lambda table, module, count: {}),
            "The rows are right, and the row `total` is missing. What is in it?",
        ),
        Mistake(
            "another name for the total",
            partial(_table, total=lambda table, module, count: {"Total": count(module)}),
            "The row of the whole is there under another name. Which one does the docstring give "
            "it, letter by letter?",
        ),
        Mistake(
            "empty parts left out",
            partial(_table, empty=False),
            "Parts without parameters are missing from the table. Which number would their row "
            "have?",
        ),
        Mistake(
            "all parts at all depths",
            partial(_table, parts=lambda m: {n: part for n, part in m.named_modules() if n}),
            "The parts of the parts have rows as well. `named_modules` goes all the way down. "
            "Which method stops after one step?",
        ),
        Mistake(
            "the module itself as a part",
            partial(_table, parts=lambda m: dict(m.named_modules())),
            "`named_modules` goes all the way down, and begins with the module itself, under an "
            "empty name. Which method hands out the direct parts alone?",
        ),
        Mistake(
            "each tensor",
            _each_tensor,
            "There is a row for each tensor. A row for each *part* is asked for. Which method "
            "hands out the parts, with their names?",
        ),
        Mistake(
            "numbered",
            lambda module: (
                {str(i): _numbers(part) for i, part in enumerate(module.children())}
                | {"total": _numbers(module)}
            ),
            "The rows are numbered. `children()` hands out parts without their names. Which method "
            "gives both?",
        ),
        Mistake(
            "names cut at the dot",
            _by_first_name,
            "You collect parameters by the first part of their names. So a part without any has no "
            "row, a parameter of the module itself has one, and what is shared is found once. "
            "Which method hands out the parts themselves?",
        ),
        Mistake(
            "shared in one row alone",
            _each_once,
            "A matrix that two parts share stands in the row of the first, and the second is told "
            "to have none. Both have it. Where is it to be counted once?",
        ),
        Mistake(
            "module changed",
            _frozen_on_the_way,
            "The table is right, and the module no longer wants gradients: whoever trains it next "
            "trains nothing. Which line changes it, where looking would do?",
        ),
        Mistake(
            "by class",
            lambda module: (
                {type(part).__name__: _numbers(part) for part in module.children()}
                | {"total": _numbers(module)}
            ),
            "Rows are named after classes, and two parts of one class share a row. Under which "
            "name does the module know its part?",
        ),
        Mistake(
            "only the number",
            lambda module: _numbers(module),
            "This is the total, as one number. What would a table say of each part?",
        ),
        Mistake(
            "values added up",
            partial(
                _table,
                count=lambda m: int(
                    sum(p.detach().abs().sum() for p in m.parameters() if p.requires_grad)
                ),
            ),
            "You add up what the parameters *are*. Which method says how many there are?",
        ),
    ),
    hints=(
        "`module.named_children()` hands out the direct parts with their names, "
        "`part.parameters()` all tensors inside, `tensor.numel()` how many numbers a tensor has.",
        "A small function that counts one module helps: you need it for each part, and once for "
        "the whole.",
        "`sum(p.numel() for p in part.parameters() if p.requires_grad)` for each part, and the "
        'same of `module` itself for "total".',
    ),
)
