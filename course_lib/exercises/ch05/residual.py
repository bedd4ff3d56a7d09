"""5.3 residual, and 5.5 PostNormResidual."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib import layers
from course_lib.exercises.ch05.common import (
    BATCH,
    BY_HAND,
    DOUBLE,
    NO_RETURN,
    NO_SUPER,
    Q_BATCH,
    Q_DOUBLE,
    alone,
    differ,
    has_zeros,
    how_it_drops,
    how_it_should_drop,
)
from course_lib.exercises.modules import build_and_use
from course_lib.exercises.probes import Draw, Named
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

HALVED = Named("half of each number", lambda x: x / 2)
PLUS_TEN = Named("10 more for each number", lambda x: x + 10)
NORM = Named("layer norm", lambda x: F.layer_norm(x, x.shape[-1:]))
TANH = Named("tanh of each number", torch.tanh)
MEAN = Named("the mean of all words, for each word", lambda x: x.mean(-2, True).expand_as(x))
SILENT = Named("zeros, whatever comes in", torch.zeros_like)


def residual(x: Tensor, norm: Function, sublayer: Function) -> Tensor:
    """The stream, and what a sublayer has to say about a normed copy of it."""
    return x + sublayer(norm(x))


def asked_once(answer: Function, x: Tensor, norm: Function, sublayer: Function) -> dict[str, Any]:
    """What comes out, and how often norm and sublayer were asked."""
    asked = {"norm": 0, "sublayer": 0}

    def counted(name: str, function: Function) -> Function:
        def ask(x: Tensor) -> Tensor:
            asked[name] += 1
            return function(x)

        return ask

    output = answer(x, counted("norm", norm), counted("sublayer", sublayer))
    return {"output": output} | {f"times that the {name} is used": n for name, n in asked.items()}


def _stream(
    *shape: int, norm: Named = NORM, sublayer: Named = TANH, dtype: torch.dtype = torch.float32
) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice).round(decimals=1).to(dtype)
        return x * 3 + 1, norm, sublayer

    return draw


RESIDUAL = Exercise(
    id="5.3",
    title="A residual connection",
    signature="residual(x, norm, sublayer)",
    shapes="x (..., T, D) -> (..., T, D)",
    reference=residual,
    library=(layers.PreNormResidual,),
    use=asked_once,
    probes=(
        Probe(
            BY_HAND,
            lambda dice: (torch.tensor([[2.0, 4.0]]), HALVED, PLUS_TEN),
            "Half of 2 is 1, and 10 more are 11. What is in the stream before, what afterwards?",
        ),
        Probe(
            "three words, layer norm, tanh",
            _stream(3, 5),
            "Write down what the norm gets, what the sublayer gets, and what is added to what.",
        ),
        Probe(BATCH, _stream(2, 3, 4, sublayer=MEAN), Q_BATCH),
        Probe(
            "a sublayer that has nothing to say",
            _stream(3, 4, sublayer=SILENT),
            "The sublayer returns zeros. What should then have happened to the stream?",
        ),
        Probe(DOUBLE, _stream(3, 4, sublayer=MEAN, dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "no residual",
            lambda x, norm, sublayer: sublayer(norm(x)),
            "What the sublayer says takes the place of the stream. A sublayer that returns zeros "
            "would wipe everything out. What should it be added to?",
        ),
        Mistake(
            "residual from the normed",
            lambda x, norm, sublayer: (lambda y: y + sublayer(y))(norm(x)),
            "You add to the *normed* copy, so the stream itself is normed away. The sublayer reads "
            "that copy. What does it write to?",
        ),
        Mistake(
            "norm at the end",
            lambda x, norm, sublayer: norm(x + sublayer(x)),
            "The norm comes last, and what leaves is normed. That is the other order, of section "
            "5.5. Here the stream is never normed itself. Who reads a normed copy?",
        ),
        Mistake(
            "not normed",
            lambda x, norm, sublayer: x + sublayer(x),
            "The norm is not used: the sublayer reads the stream as it is, and that grows from "
            "layer to layer. What should it read?",
        ),
        Mistake(
            "norm of what is said",
            lambda x, norm, sublayer: x + norm(sublayer(x)),
            "The sublayer reads the raw stream, and what it says is normed. It is the other way "
            "round. Which of the two comes first?",
        ),
        Mistake(
            "normed answer alone",
            lambda x, norm, sublayer: norm(sublayer(x)),
            "What the sublayer says is normed and takes the place of the stream. Who should read "
            "a normed copy, and what should the answer be added to?",
        ),
        Mistake(
            "normed on both sides",
            lambda x, norm, sublayer: x + norm(sublayer(norm(x))),
            "The sublayer reads a normed copy, and then its answer is normed once more. Some "
            "models do so, with two norms. How many does the formula have?",
        ),
        Mistake(
            "normed before and after",
            lambda x, norm, sublayer: norm(x + sublayer(norm(x))),
            "The sublayer reads a normed copy, which is right, and then the whole stream is normed "
            "as well. Which of the two norms is in the formula?",
        ),
        Mistake(
            "roles exchanged",
            lambda x, norm, sublayer: norm(x) + sublayer(x),
            "The normed copy goes into the sum and the raw stream into the sublayer. Which of them "
            "belongs where?",
        ),
        Mistake(
            "added before the sublayer",
            lambda x, norm, sublayer: sublayer(x + norm(x)),
            "The sum is made before the sublayer, so whatever it returns replaces the stream. At "
            "which end is x added?",
        ),
        Mistake(
            "norm alone",
            lambda x, norm, sublayer: x + norm(x),
            "The sublayer is never asked. What should read the normed copy?",
        ),
        Mistake(
            "subtracted",
            lambda x, norm, sublayer: x - sublayer(norm(x)),
            "You take away what the sublayer says. Which sign is in the formula?",
        ),
        Mistake(
            "multiplied",
            lambda x, norm, sublayer: x * sublayer(norm(x)),
            "You multiply, and a sublayer that returns zeros wipes the stream out. What leaves a "
            "number as it is when zero is combined with it?",
        ),
        Mistake(
            "averaged",
            lambda x, norm, sublayer: (x + sublayer(norm(x))) / 2,
            "You take the mean of both, so after ten layers a thousandth is left of the words. "
            "What does a sublayer do that *adds* to a stream?",
        ),
        Mistake(
            "the stream twice",
            lambda x, norm, sublayer: x + x + sublayer(norm(x)),
            "The stream is in the sum twice. How often does the formula have it?",
        ),
        Mistake(
            "sublayer twice",
            lambda x, norm, sublayer: x + sublayer(sublayer(norm(x))),
            "The sublayer reads its own answer. How often is it asked?",
        ),
        Mistake(
            "asked again",
            lambda x, norm, sublayer: x + sublayer(norm(x)) * 2 - sublayer(norm(x)),
            "The sum is right, and the sublayer was asked more than once for it. It is the costly "
            "part, and with dropout it answers differently each time. Can you keep its answer?",
        ),
        Mistake(
            "the norm handed over",
            lambda x, norm, sublayer: x + sublayer(norm),
            "The sublayer gets the norm itself, a function, and cannot compute with it. What does "
            "the norm have to be called with first?",
        ),
        Mistake(
            "side by side",
            lambda x, norm, sublayer: torch.cat([x, sublayer(norm(x))], dim=-1),
            "You put the two side by side, and the stream is twice as wide now. It should keep its "
            "size. What is to be done with two numbers that meet?",
        ),
    ),
    hints=(
        "Three steps: make a normed copy, let the sublayer read it, add what it says.",
        "The last step adds to `x` as it came in, not to the normed copy.",
        "It is one line: x plus the sublayer of the norm of x.",
    ),
)


def use_residual(
    answer: Callable[..., nn.Module], sizes: tuple[Any, ...], x: Tensor, sublayer: Named
) -> dict[str, Any]:
    """As `use_module`; and where does dropout act: before, on or after what the sublayer says?"""
    module, seen = build_and_use(answer, sizes, x, sublayer)
    heard, said, summed = list[Tensor](), list[Tensor](), list[Tensor]()

    def listening(y: Tensor) -> Tensor:
        heard.append(y)
        said.append(sublayer(y))
        return said[-1]

    norm = getattr(module, "norm", None)
    if isinstance(norm, nn.Module):
        norm.register_forward_pre_hook(lambda part, inputs: summed.append(inputs[0]))
    output = module.train()(x.clone(), listening)
    added = summed[-1] - x if summed and said else None
    silent = module.eval()(x.clone(), SILENT), module.train()(x.clone(), SILENT)
    return seen | {
        "times that the sublayer is used": len(heard),
        "dropout changes what the sublayer reads": any(has_zeros(y) for y in heard),
        "dropout changes a stream to which nothing is added": differ(*silent),
        "eps of its norm": getattr(norm, "eps", None),
        "zeros in the output while training": has_zeros(output),
        "what training makes of what the sublayer says": (
            how_it_drops(said[-1], added)
            if sum(sizes[1:]) and added is not None
            else how_it_should_drop(sum(sizes[1:]))  # nothing is seen, so nothing is said
        ),
    }


class Spoiled(nn.Module):
    """A post-norm residual connection, with the switches of what goes wrong with it."""

    def __init__(
        self,
        d_model: int,
        dropout: float = 0.0,
        *,
        formula: Callable[[Tensor, Function, Function], Tensor] = lambda x, n, f: n(x + f(x)),
        drop: str = "said",
        name: str = "norm",
        affine: bool = True,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        setattr(self, name, nn.LayerNorm(d_model, eps, elementwise_affine=affine))
        self.dropout = layers.Dropout(dropout)
        self.formula, self.drop, self.name = formula, drop, name

    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        norm = getattr(self, self.name)
        if self.drop == "stream":
            x = self.dropout(x)
        elif self.drop == "sum":
            plain_norm = norm

            def norm(y: Tensor) -> Tensor:
                return plain_norm(self.dropout(y))

        def said(y: Tensor) -> Tensor:
            if self.drop == "read":
                y = self.dropout(y)
            found = sublayer(y)
            if self.drop == "always":
                return F.dropout(found, self.dropout.p)
            if self.drop == "twice":
                return self.dropout(self.dropout(found))
            if self.drop == "whole words":
                return found * self.dropout(torch.ones_like(found[..., :1]))
            return self.dropout(found) if self.drop == "said" else found

        result = self.formula(x, norm, said)
        return self.dropout(result) if self.drop == "end" else result


class NormOnTheFly(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.d_model, self.dropout = d_model, layers.Dropout(dropout)

    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        norm = nn.LayerNorm(self.d_model, dtype=x.dtype, device=x.device)
        return norm(x + self.dropout(sublayer(x)))


class WrittenInto(Spoiled):
    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        x += self.dropout(sublayer(x))
        return getattr(self, self.name)(x)


class NeverAsked(Spoiled):
    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        return getattr(self, self.name)(x + self.dropout(x))


class WeightUnused(Spoiled):
    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        return F.layer_norm(x + self.dropout(sublayer(x)), x.shape[-1:])


class TwoNorms(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout = layers.Dropout(dropout)

    def forward(self, x: Tensor, sublayer: Function) -> Tensor:
        return self.norm2(x + self.dropout(sublayer(self.norm(x))))


class WithoutSuper(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.0) -> None:
        self.norm = nn.LayerNorm(d_model)


class WithoutReturn(Spoiled):
    def forward(self, x: Tensor, sublayer: Function) -> Any:
        super().forward(x, sublayer)


def _of_its_own(p: float, d_model: int, dropout: float = 0.0) -> nn.Module:
    return Spoiled(d_model, p)


def _module_case(
    sizes: tuple[Any, ...],
    *shape: int,
    sublayer: Named = TANH,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn((*shape, sizes[0]), generator=dice).round(decimals=1) + 0.05
        return sizes, x.to(dtype), sublayer

    return draw


Q_ORDER = "In which order come sublayer, sum and norm?"
OTHER_NAME = (
    "The norm is there, under another name than `norm`. A saved model is a list of names and "
    "numbers, so names count. What is yours called?"
)
NO_NORM_OF_ITS_OWN = (
    "The module has no weight and bias for its norm: nothing of it would be trained or saved. "
    "Where is a part made, so that it is there from the beginning, with parameters?"
)

POST_NORM = Exercise(
    id="5.5",
    title="Post-norm",
    signature="PostNormResidual(d_model, dropout=0.0)",
    shapes="x (..., T, D) -> (..., T, D)",
    reference=layers.PostNormResidual,
    library=(layers.PreNormResidual,),
    use=use_residual,
    input_names=("sizes (d_model, dropout)", "x", "sublayer"),
    probes=(
        Probe("two words, tanh", _module_case((3,), 2), Q_ORDER),
        Probe(BATCH, _module_case((5, 0.0), 2, 4, sublayer=MEAN), Q_BATCH),
        Probe(
            "a sublayer that has nothing to say",
            _module_case((5, 0.0), 4, sublayer=SILENT),
            "The sublayer returns zeros. What is left for the norm?",
        ),
        Probe(
            "dropout of one half",
            _module_case((7, 0.5), 3, 6, sublayer=PLUS_TEN),
            "Dropout acts on what the sublayer says, before it is added, and in training alone. "
            "On what does yours act?",
        ),
        Probe(DOUBLE, _module_case((5, 0.0), 4, sublayer=MEAN, dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "pre-norm",
            partial(Spoiled, formula=lambda x, n, f: x + f(n(x))),
            "This is pre-norm again: the sublayer reads a normed copy, and the stream is never "
            "normed. In the paper of 2017 the norm stands elsewhere. " + Q_ORDER,
        ),
        Mistake(
            "no residual",
            partial(Spoiled, formula=lambda x, n, f: n(f(x))),
            "What the sublayer says is normed and replaces the stream. What is missing in the sum?",
        ),
        Mistake(
            "norm of what is said",
            alone(Spoiled, formula=lambda x, n, f: x + n(f(x))),
            "You norm what the sublayer says, and then add. The paper norms something larger. What "
            "stands inside the brackets of its LayerNorm(…)?",
        ),
        Mistake(
            "norm of the stream",
            alone(Spoiled, formula=lambda x, n, f: n(x) + f(x)),
            "You norm the stream, and add what the sublayer says afterwards, so the sum itself is "
            "not normed. " + Q_ORDER,
        ),
        Mistake(
            "each of them normed",
            alone(Spoiled, formula=lambda x, n, f: n(x) + n(f(x))),
            "You norm both terms and add them afterwards, so the sum is twice as large and not "
            "normed. " + Q_ORDER,
        ),
        Mistake(
            "normed copy read",
            partial(Spoiled, formula=lambda x, n, f: n(x + f(n(x)))),
            "The sum is normed, which is right, and the sublayer reads a copy that was normed with "
            "the same norm before. What does it read in the paper?",
        ),
        Mistake(
            "two norms",
            TwoNorms,
            "There are two norms, one before and one after. The paper has one for each sublayer. "
            "Which of them?",
        ),
        Mistake(
            "not normed",
            partial(Spoiled, formula=lambda x, n, f: x + f(x)),
            "The norm is made and never used: no gradient reaches it. What should it be applied "
            "to?",
        ),
        Mistake(
            "subtracted",
            alone(Spoiled, formula=lambda x, n, f: n(x - f(x))),
            "You take away what the sublayer says. Which sign is in the formula?",
        ),
        Mistake(
            "sublayer of the normed sum",
            alone(Spoiled, formula=lambda x, n, f: n(f(x + f(x)))),
            "The sublayer is asked a second time, about the sum. How often is it asked?",
        ),
        Mistake(
            "no dropout",
            partial(Spoiled, drop="nowhere"),
            "Everything is right, but training changes nothing: there is no dropout. On what "
            "should it act?",
        ),
        Mistake(
            "dropout on the sum",
            alone(Spoiled, drop="sum"),
            "Dropout reaches the stream itself, and not what is added to it alone: it strikes out "
            "parts that no later layer can bring back. On which of the two terms of the sum should "
            "it act?",
        ),
        Mistake(
            "dropout at the end",
            partial(Spoiled, drop="end"),
            "Dropout comes last, after the norm, and strikes out parts of the stream itself. On "
            "which term of the sum should it act?",
        ),
        Mistake(
            "dropout on what is read",
            alone(Spoiled, drop="read"),
            "Dropout acts on what the sublayer reads. It should act on what it says. Which of the "
            "two is inside the other in your code?",
        ),
        Mistake(
            "dropout on the stream",
            alone(Spoiled, drop="stream"),
            "Dropout acts on x before anything else, so that the stream itself loses features. On "
            "which term of the sum should it act?",
        ),
        Mistake(
            "dropout twice",
            alone(Spoiled, drop="twice"),
            "What the sublayer says goes through dropout two times, so three quarters of it are "
            "gone where one half was asked for. How often does `dropout` stand in `forward`?",
        ),
        Mistake(
            "whole words dropped",
            alone(Spoiled, drop="whole words"),
            "All that the sublayer says of a word is struck out, or nothing. Some models do so, "
            "with whole layers. For how many numbers are dice thrown in your code?",
        ),
        Mistake(
            "written into x",
            WrittenInto,
            "The result is right, and x itself is changed: `+=` writes into the tensor that was "
            "handed over. Which way to write it makes a new one?",
        ),
        Mistake(
            "sublayer never asked",
            NeverAsked,
            "The sublayer is never asked. What is to be added to x?",
        ),
        Mistake(
            "norm without its numbers",
            WeightUnused,
            "The norm is applied without its weight and bias: they are there and not used, and no "
            "gradient reaches them. What does calling `self.norm` do that your line does not?",
        ),
        *(
            Mistake(
                f"eps {eps:g}",
                alone(Spoiled, eps=eps),
                "The order is right, and the norm has an eps of its own choice: some word comes "
                "out a little different. Which eps has `nn.LayerNorm` if you do not say?",
                group="another eps",
            )
            for eps in (1e-6, 1e-12)
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
            "Your dropout acts in eval(), too. `F.dropout` does not know whether the module "
            "trains, unless it is told. Which class knows by itself?",
        ),
        *(
            Mistake(name, alone(Spoiled, name=name), OTHER_NAME, group="another name")
            for name in ("ln", "layer_norm", "norm1", "layernorm")
        ),
        Mistake(
            "a norm in each call",
            NormOnTheFly,
            NO_NORM_OF_ITS_OWN,
            group="no parameters",
        ),
        Mistake(
            "a norm without parameters",
            alone(Spoiled, affine=False),
            NO_NORM_OF_ITS_OWN,
            group="no parameters",
        ),
        Mistake("super forgotten", WithoutSuper, NO_SUPER),
        Mistake("return forgotten", WithoutReturn, NO_RETURN),
    ),
    hints=(
        "The parts are those of `PreNormResidual`. Only their order in `forward` is another.",
        "The sublayer reads x as it is. What it says goes through dropout and is added to x. Then "
        "comes the norm.",
        "`self.norm(x + self.dropout(sublayer(x)))`.",
    ),
)
