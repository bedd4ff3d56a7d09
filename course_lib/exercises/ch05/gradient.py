"""5.9 has_finite_gradient: the probe that finds the bug of 5.8."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor

from course_lib.exercises.ch05.norm import norm_words
from course_lib.exercises.probes import Draw, Named, verdict
from course_lib.exercises.spec import Exercise, Function, Inputs, Mistake, Probe

EPS = 1e-5


def _eps_outside(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + EPS)


@dataclass(frozen=True, repr=False)
class AskedBefore(Named):
    """A function that is asked about right after another one, with the same x."""

    before: Named = field(default=Named("NaN", lambda x: x * torch.nan))


SQUARES = Named("the square of each number", torch.square)
BROKEN = Named("layer norm with eps outside the root", _eps_outside)
MENDED = Named("layer norm with eps under the root", lambda x: norm_words(x, EPS))
RECIPROCALS = Named("1 divided by each number", torch.reciprocal)
ROOTS = Named(
    "the root of how far each number is above the smallest", lambda x: (x - x.detach().min()).sqrt()
)
LOGARITHMS = Named(
    "the logarithm of each number, and 0 for a number that is not above 0",
    lambda x: torch.where(x > 0, x.log(), 0.0),
)
SOFTMAX = Named("softmax", lambda x: x.softmax(-1))
TOO_LARGE = Named("3e38 times what is 10 more than each number", lambda x: (x + 10) * 3e38)
ASKED_AFTER = AskedBefore("the square of each number", torch.square)


def ask(answer: Function, f: Named, x: Tensor) -> Any:
    """The verdict on f; before it, if that is wished, on another function and the same x."""
    if isinstance(f, AskedBefore):
        answer(f.before, x)
    return verdict(answer, f, x)


def _gradient(f: Named, x: Tensor) -> Tensor:
    leaf = x.detach().clone().requires_grad_()
    [gradient] = torch.autograd.grad(f(leaf).sum(), leaf)
    return gradient


def has_finite_gradient(f: Named, x: Tensor) -> bool:
    """Is the gradient of the sum of all outputs a number, for every number of x?"""
    return bool(_gradient(f, x).isfinite().all())


def _piled_up(f: Named, x: Tensor) -> bool:
    x.requires_grad_()
    f(x).sum().backward()
    assert x.grad is not None
    return bool(x.grad.isfinite().all())


def _small_step(f: Named, x: Tensor) -> bool:
    return bool(((f(x + 1e-3) - f(x)) / 1e-3).isfinite().all())


def _never_sent_back(f: Named, x: Tensor) -> bool:
    leaf: Any = x.detach().clone().requires_grad_()
    f(leaf).sum()
    return bool(leaf.grad.isfinite().all())


def _never_asked_for(f: Named, x: Tensor) -> bool:
    leaf: Any = x.detach().clone()
    f(leaf).sum().backward()
    return bool(leaf.grad.isfinite().all())


def _not_summed(f: Named, x: Tensor) -> bool:
    leaf: Any = x.detach().clone().requires_grad_()
    f(leaf).backward()
    return bool(leaf.grad.isfinite().all())


def _words(suspect: Named, *shape: int, blank: int | None = None) -> Draw:
    """Words, one of which may be a blank."""

    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice).round(decimals=1) + 0.05
        if blank is not None:
            x[blank] = 0.0
        return suspect, x

    return draw


Q_BLANK = "The last word is a blank. What is the gradient there, and do you look at it?"

GRADIENT_PROBE = Exercise(
    id="5.9",
    title="Does a gradient come back?",
    signature="has_finite_gradient(f, x)",
    shapes="x (T, D) -> ()",
    reference=has_finite_gradient,
    use=ask,
    smooth=0,
    probes=(
        Probe(
            "squares",
            _words(SQUARES, 2, 3),
            "The gradient of a square is twice the number. What did your probe look at?",
        ),
        Probe(
            "a norm that works, with a blank",
            _words(MENDED, 4, 3, blank=-1),
            "Every number of this gradient is finite. What did your probe look at?",
        ),
        Probe(
            "a norm that does not, without blanks",
            _words(BROKEN, 4, 3),
            "At these words nothing goes wrong. Do you ask about x, or about something else?",
        ),
        Probe("a norm that does not, with a blank", _words(BROKEN, 4, 3, blank=-1), Q_BLANK),
        Probe(
            "a norm that does not, with a blank in front",
            _words(BROKEN, 4, 3, blank=0),
            "The first word is a blank. What is the gradient there, and do you look at all of it?",
        ),
        Probe(
            "1 divided by each number, with a blank",
            _words(RECIPROCALS, 3, 2, blank=-1),
            Q_BLANK,
        ),
        Probe(
            "a blank alone",
            _words(BROKEN, 1, 4, blank=0),
            "Not a single number of this gradient is finite. What did your probe look at?",
        ),
        Probe(
            "roots",
            _words(ROOTS, 3, 2),
            "The root is infinitely steep at 0, which is where the smallest number stands. Print "
            "the gradient. Which numbers are no use to training?",
        ),
        Probe("logarithms that are hidden", _words(LOGARITHMS, 3, 2, blank=-1), Q_BLANK),
        Probe(
            "a softmax",
            _words(SOFTMAX, 3, 4),
            "The shares sum to 1 whatever x is, so this gradient is 0. Is 0 finite?",
        ),
        Probe(
            "outputs too large for a number",
            _words(TOO_LARGE, 3, 2),
            "The outputs are infinite, and the gradient is 3e38 everywhere. Which of "
            "the two is asked for?",
        ),
        Probe(
            "the second question about the same words",
            _words(ASKED_AFTER, 3, 4),
            "Your probe was asked about another function before, with the same x. What did it "
            "leave behind in x?",
        ),
    ),
    mistakes=(
        *(
            Mistake(
                name,
                wrong,
                "You look at what comes out, at x or also a small step beside it. That is one "
                "result of two. What comes *back*?",
                group="outputs looked at",
            )
            for name, wrong in {
                "outputs looked at": lambda f, x: bool(f(x).isfinite().all()),
                "a small step": _small_step,
            }.items()
        ),
        *(
            Mistake(
                name,
                wrong,
                "Your probe says no where the gradient is large, and finite all the same; or where "
                "outputs or a sum are not finite. The question is about each number of the "
                "gradient, and 3e38 is a number. Which of your conditions can go?",
                group="too strict",
            )
            for name, wrong in {
                "both looked at": lambda f, x: (
                    bool(f(x).isfinite().all()) and has_finite_gradient(f, x)
                ),
                "added up": lambda f, x: bool(_gradient(f, x).sum().isfinite()),
                "not too large": lambda f, x: bool(_gradient(f, x).abs().max() < 1e6),
            }.items()
        ),
        Mistake(
            "always yes",
            lambda f, x: _gradient(f, x).shape == x.shape,
            "Your probe says yes to everything: it sends a gradient back and looks at nothing that "
            "could be infinite or NaN. On what could it fail?",
        ),
        Mistake(
            "words of its own",
            lambda f, x: has_finite_gradient(f, torch.rand(3, 4) + 9),
            "Your probe makes words of its own, and asks about f there. f has its trouble at some "
            "words and not at others. At which should the gradient be taken?",
        ),
        Mistake(
            "only NaN",
            lambda f, x: not bool(_gradient(f, x).isnan().any()),
            "You look for NaN, and an infinite gradient passes. One step with it, and a weight is "
            "infinite, too. Which test knows both?",
        ),
        Mistake(
            "only infinity",
            lambda f, x: not bool(_gradient(f, x).isinf().any()),
            "You look for infinity, and NaN passes: it is neither finite nor infinite. Which test "
            "knows both?",
        ),
        Mistake(
            "one number is enough",
            lambda f, x: bool(_gradient(f, x).isfinite().any()),
            "One finite number is enough for you. How many of them must be?",
        ),
        Mistake(
            "the first word alone",
            lambda f, x: bool(_gradient(f, x)[0].isfinite().all()),
            "You look at the gradient of the first word. Which other words has x?",
        ),
        Mistake(
            "not zero",
            lambda f, x: has_finite_gradient(f, x) and bool(_gradient(f, x).abs().max() > 1e-6),
            "You also ask that the gradient is not 0. A gradient of 0 is a number. What is the "
            "question?",
        ),
        Mistake(
            "piled up",
            _piled_up,
            "The gradient is written into the x that was handed over, and `backward` *adds* to "
            "what stands there: the next question gets the sum of both. Whose gradient should it "
            "be?",
        ),
        Mistake(
            "never sent back",
            _never_sent_back,
            "`grad` is empty. `backward()` fills it, and only in the tensor that was told "
            "`requires_grad_()`, not in a copy that was made of it later. Which of the two is it?",
        ),
        Mistake(
            "no gradient asked for",
            _never_asked_for,
            "PyTorch keeps book only for tensors that want a gradient, and never under `no_grad`. "
            "How does a tensor say that it wants one, before f works on it?",
        ),
        Mistake(
            "not summed",
            _not_summed,
            "`backward` starts from one number, and f returns many. What makes one of them?",
        ),
        Mistake(
            "the other way round",
            lambda f, x: not has_finite_gradient(f, x),
            "Your answer is yes where something is no number, and no where all is well. Which of "
            "the two is asked for?",
        ),
    ),
    hints=(
        "Make a copy of x that wants a gradient, let f work on it, and send the sum back.",
        "`leaf = x.clone().requires_grad_()`, then `f(leaf).sum().backward()`. The gradient is in "
        "`leaf.grad`.",
        "`isfinite()` is False for NaN and for infinity; `.all()` asks every number.",
    ),
)
