"""5.1 layer_norm, and 5.8, find the bug in norm_words."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.exercises.ch05.common import BATCH, BY_HAND, DOUBLE, Q_BATCH, Q_DOUBLE
from course_lib.exercises.probes import Draw, given
from course_lib.exercises.spec import Exercise, Function, Inputs, Invariant, Mistake, Probe

READY_MADE: dict[str, Function] = {
    "F.layer_norm": F.layer_norm,
    "torch.layer_norm": torch.layer_norm,
    "nn.LayerNorm": nn.LayerNorm,
}


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Each word with mean 0 and variance 1 over its features, then scaled and shifted."""
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, keepdim=True, correction=0)
    return (x - mean) / (variance + eps).sqrt() * weight + bias


def _in_root(variance: Tensor, eps: float) -> Tensor:
    return (variance + eps).sqrt()


def _mean_of_squares(x: Tensor, axes: tuple[int, ...] | None) -> Tensor:
    return x.square().mean(axes, keepdim=True)


def _spoiled(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    centre: bool = True,
    spread: Callable[[Tensor, tuple[int, ...] | None], Tensor] = _mean_of_squares,
    divisor: Callable[[Tensor, float], Tensor] = _in_root,
    axes: tuple[int, ...] | None = (-1,),
    weighted: bool = True,
    shifted: bool = True,
    finish: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda y, w, b: y * w + b,
) -> Tensor:
    """Layer norm, with the switches of what goes wrong with it."""
    centred = x - x.mean(axes, keepdim=True)
    normed = (centred if centre else x) / divisor(spread(centred, axes), eps)
    w = weight if weighted else torch.ones_like(weight)
    return finish(normed, w, bias if shifted else torch.zeros_like(bias))


def _unbiased(centred: Tensor, axes: tuple[int, ...] | None) -> Tensor:
    count = centred.numel() if axes is None else torch.tensor(centred.shape)[list(axes)].prod()
    return centred.square().sum(axes, keepdim=True) / (count - 1)


def _alone(**switches: Any) -> Function:
    """A mistake that is not looked for together with others: there would be too many pairs."""
    return lambda x, weight, bias, eps: _spoiled(x, weight, bias, eps, **switches)


def _without_keepdim(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    variance = x.var(dim=-1, correction=0)
    return (x - x.mean(dim=-1)) / (variance + eps).sqrt() * weight + bias


def _rms(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * weight + bias


def _squares_not_centred(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    root = (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return (x - x.mean(-1, keepdim=True)) / root * weight + bias


def _mean_not_squared(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = x.square().mean(-1, keepdim=True) - mean
    return (x - mean) / (variance + eps).sqrt() * weight + bias


def _with_parameters(*shape: int, eps: float, dtype: torch.dtype = torch.float32) -> Draw:
    """Words, and a weight and a bias for their features; no weight is 0."""

    def draw(dice: Generator) -> Inputs:
        x, bias = torch.randn(shape, generator=dice) * 2 + 1, torch.randn(shape[-1], generator=dice)
        weight = torch.rand(shape[-1], generator=dice) + 0.5
        return *(t.round(decimals=1).to(dtype) for t in (x, weight, bias)), eps

    return draw


def _blanks(dice: Generator) -> Inputs:
    """Three words, the second of which has the same number everywhere."""
    x, weight, bias, eps = _with_parameters(3, 5, eps=1e-5)(dice)
    x[1] = 2.0
    return x, weight, bias, eps


def _has_mean_zero(y: Tensor, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> bool:
    return bool((((y - bias) / weight).mean(dim=-1).abs() < 1e-3).all())


def _is_not_too_large(y: Tensor, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> bool:
    return bool((((y - bias) / weight).square().mean(dim=-1) < 1 + 1e-3).all())


Q_EPS = (
    "Here eps is large enough to count. Where does it stand: is it added to the variance, or to "
    "the root of it?"
)
BATCH_AXES = (
    "You take mean and variance over words as well as features, so what comes out for a word "
    "depends on its neighbours. Which numbers belong to one word?"
)

LAYER_NORM = Exercise(
    id="5.1",
    title="Layer norm",
    signature="layer_norm(x, weight, bias, eps)",
    shapes="x (..., T, D), weight (D,), bias (D,) -> (..., T, D)",
    reference=layer_norm,
    forbidden=READY_MADE,
    smooth=2,
    invariants=(
        Invariant("before weight and bias, the features of a word have mean 0", _has_mean_zero),
        Invariant("before weight and bias, their mean square is at most 1", _is_not_too_large),
    ),
    probes=(
        Probe(
            BY_HAND,
            given([[2.0, 0.0, 2.0, 8.0]], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], more=(0.0,)),
            "The mean is 3 and the root of the variance is 3, too. What becomes of the 8?",
        ),
        Probe(
            "the same word with eps = 7, a weight and a bias",
            given([[2.0, 0.0, 2.0, 8.0]], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 1.0], more=(7.0,)),
            "The variance is 9, and 9 + 7 is 16. " + Q_EPS,
        ),
        Probe(
            "three words, five features",
            _with_parameters(3, 5, eps=0.5),
            "Each word has a mean and a variance of its own. Along which axis are they taken?",
        ),
        Probe(BATCH, _with_parameters(2, 3, 4, eps=0.1), Q_BATCH),
        Probe("four axes", _with_parameters(2, 3, 4, 5, eps=0.1), Q_BATCH),
        Probe(
            "a word whose features are all equal",
            _blanks,
            "The variance of that word is 0. What keeps its root from being 0, too?",
        ),
        Probe(DOUBLE, _with_parameters(3, 5, eps=0.1, dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "unbiased variance",
            partial(_spoiled, spread=_unbiased),
            "The squares are divided by one less than their number, as `x.var()` and `x.std()` do "
            "by default. That is meant for guessing at a crowd from a sample. Here the features "
            "are all there is. What divides them by their number (look for `correction`)?",
        ),
        Mistake(
            "eps outside the root",
            partial(_spoiled, divisor=lambda v, eps: v.sqrt() + eps),
            "eps is added to the root of the variance. With an eps of 0.00001 nobody notices, and "
            "a saved model would still say something a little different. Is it the root that is "
            "to be kept away from 0, or what stands under it?",
        ),
        Mistake(
            "eps forgotten",
            partial(_spoiled, divisor=lambda v, eps: v.sqrt()),
            "eps is not used. For a word whose features are all equal, you divide 0 by 0. Where "
            "should eps stand to prevent that?",
        ),
        Mistake(
            "eps as the least variance",
            partial(_spoiled, divisor=lambda v, eps: v.clamp(min=eps).sqrt()),
            "The variance is replaced by eps where it is smaller. That is safe, too, but another "
            "formula: here eps is *added*. What becomes of 9 and 7?",
        ),
        Mistake(
            "eps of its own choice",
            _alone(divisor=lambda v, eps: (v + 1e-5).sqrt()),
            "There is a fixed small number under the root, and `eps` is not used. Whoever calls "
            "this chooses it. What does your code do with it?",
        ),
        Mistake(
            "eps squared",
            _alone(divisor=lambda v, eps: (v + eps**2).sqrt()),
            "The *square* of eps is added to the variance. What does the formula add?",
        ),
        Mistake(
            "brackets forgotten",
            lambda x, weight, bias, eps: (
                x
                - x.mean(-1, keepdim=True)
                / (x.var(-1, keepdim=True, correction=0) + eps).sqrt()
                * weight
                + bias
            ),
            "Only the *mean* is divided by the root: division comes before subtraction. What has "
            "to be in brackets?",
        ),
        Mistake(
            "root forgotten",
            partial(_spoiled, divisor=lambda v, eps: v + eps),
            "You divide by the variance, and a variance is in squares: it is 9 where the numbers "
            "are about 3 from the mean. What is missing?",
        ),
        Mistake(
            "root of the root",
            partial(_spoiled, divisor=lambda v, eps: (v.sqrt() + eps).sqrt()),
            "The root is taken twice: a standard deviation is the root of the variance already. "
            "What stands under the root in the formula?",
        ),
        Mistake(
            "mean not squared",
            _mean_not_squared,
            "You compute the variance as mean of the squares less the mean. There is such a "
            "formula, but what it takes off is a square. The square of what?",
        ),
        Mistake(
            "mean not subtracted",
            partial(_spoiled, centre=False),
            "The numbers are divided and keep their mean. What should be taken off before the "
            "division?",
        ),
        Mistake(
            "root mean square",
            _rms,
            "This is another norm: it divides by the root of the mean square and leaves the mean "
            "alone (RMSNorm, which many language models use). Layer norm does one thing before. "
            "Which?",
        ),
        Mistake(
            "squares of the raw numbers",
            _squares_not_centred,
            "The mean is taken off above the fraction line, but below it stands the mean square "
            "of the numbers themselves. From where does a variance measure?",
        ),
        Mistake(
            "sum of squares",
            partial(_spoiled, spread=lambda c, axes: c.square().sum(axes, keepdim=True)),
            "Under the root stands the *sum* of the squares, so a word with many features comes "
            "out small. What makes a variance out of a sum?",
        ),
        Mistake(
            "mean distance",
            partial(_spoiled, spread=lambda c, axes: c.abs().mean(axes, keepdim=True).square()),
            "You divide by the mean distance from the mean. A variance takes squares first. In "
            "which order come square, mean and root?",
        ),
        Mistake(
            "weight forgotten",
            partial(_spoiled, weighted=False),
            "The weight is not used. After norming, each feature gets a size of its own back. "
            "What is done with the weight?",
        ),
        Mistake(
            "bias forgotten",
            partial(_spoiled, shifted=False),
            "The bias is not used. Where does it come in?",
        ),
        Mistake(
            "bias before weight",
            _alone(finish=lambda y, w, b: (y + b) * w),
            "The bias is added before the weight multiplies, so it is scaled as well. In which "
            "order do they come in the formula?",
        ),
        Mistake(
            "weight and bias exchanged",
            _alone(finish=lambda y, w, b: y * b + w),
            "Weight and bias have changed places: a bias of 0 wipes every word out. Which of the "
            "two multiplies?",
        ),
        Mistake(
            "weight divides",
            _alone(finish=lambda y, w, b: y / w + b),
            "You divide by the weight. A weight of 2 should make a feature twice as large. Which "
            "operation does that?",
        ),
        Mistake(
            "over the words",
            partial(_spoiled, axes=(-2,)),
            "Mean and variance are taken over the words, feature by feature, and a word alone has "
            "none. A word should be normed without looking at others. Which axis holds its "
            "features?",
        ),
        Mistake(
            "over the first axis",
            _alone(axes=(0,)),
            "Axis 0 is the words of a sentence, or the sentences of a batch. Which axis holds the "
            "features, counted from the end?",
        ),
        Mistake(
            "axis 1",
            _alone(axes=(1,)),
            "Axis 1 holds the features of a single sentence, and something else as soon as there "
            "is a batch. How do you name the last axis so that it stays the last?",
        ),
        Mistake(
            "over all numbers",
            partial(_spoiled, axes=None),
            "One mean and one variance are taken for the whole tensor. " + BATCH_AXES,
        ),
        Mistake("over words and features", _alone(axes=(-2, -1)), BATCH_AXES),
        Mistake(
            "keepdim forgotten",
            _without_keepdim,
            "`mean(dim=-1)` drops the last axis, so the means, one for each word, are laid along "
            "the wrong axis of x, or do not fit at all. Which argument keeps an axis of size 1?",
        ),
    ),
    hints=(
        "Four steps: the mean of each word; what is left when it is taken off; the variance, which "
        "is the mean square of that; divide by a root. Then weight and bias.",
        "`x.mean(dim=-1, keepdim=True)` has one number for each word and broadcasts. For the "
        "variance, square what is left over and take the mean in the same way.",
        "`(x - mean) / (variance + eps).sqrt()`, times `weight`, plus `bias`.",
    ),
)


def norm_words(x: Tensor, eps: float) -> Tensor:
    """Layer norm without weight and bias."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred / (variance + eps).sqrt()


def both_ways(answer: Function, x: Tensor, eps: float) -> dict[str, Any]:
    """What comes out, and the gradient that comes back."""
    leaf = x.detach().clone().requires_grad_()
    result = answer(leaf, eps)
    gradient = None
    if isinstance(result, Tensor) and result.requires_grad:
        upstream = torch.linspace(-1, 2, x.shape[-1], dtype=result.dtype, device=result.device)
        [gradient] = torch.autograd.grad((result * upstream).sum(), leaf)
    return {"output": answer(x, eps), "gradient": gradient}


def _norm_words(root: Callable[[Tensor, float], Tensor], correction: int = 0) -> Function:
    def wrong(x: Tensor, eps: float) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = centred.square().sum(dim=-1, keepdim=True) / (x.shape[-1] - correction)
        return centred / root(variance, eps)

    return wrong


def _words(*shape: int, eps: float, size: float = 1.0, dtype: torch.dtype = torch.float32) -> Draw:
    def draw(dice: Generator) -> Inputs:
        x = torch.randn(shape, generator=dice).round(decimals=1).to(dtype)
        return x * size, eps

    return draw


def _padded(dice: Generator) -> Inputs:
    """Four words, the last two of which are blanks: zeros."""
    x = torch.randn((4, 3), generator=dice).round(decimals=1)
    x[2:] = 0.0
    return x, 1e-5


NORM_WORDS = Exercise(
    id="5.8",
    title="Find the bug",
    signature="norm_words(x, eps)",
    shapes="x (..., T, D) -> (..., T, D)",
    reference=norm_words,
    forbidden=READY_MADE,
    use=both_ways,
    bug="eps outside the root",
    probes=(
        Probe(
            BY_HAND,
            given([[2.0, 0.0, 2.0, 8.0]], more=(0.0,)),
            "Was it not right before you began? The variance is 9.",
        ),
        Probe(
            "words as they usually are",
            _words(2, 3, 5, eps=1e-5, size=5.0),
            "Here eps hardly counts, and the broken form was right. What else has changed?",
        ),
        Probe(
            "a sentence with two blanks",
            _padded,
            "The variance of a blank is 0. How steep is the root at 0, and where must eps stand "
            "so that nobody takes that root?",
        ),
        Probe(
            "words with tiny features",
            _words(3, 5, eps=1e-5, size=1e-3),
            "Here the variance is smaller than eps. To what is eps added in the formula?",
        ),
        Probe("an eps that counts", _words(3, 5, eps=0.5), "To what is eps added in the formula?"),
        Probe(DOUBLE, _words(2, 4, 5, eps=1e-5, dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "eps outside the root",
            _norm_words(lambda v, eps: v.sqrt() + eps),
            "The outputs are fine, and the gradient of a blank is not a number: the root of a "
            "variance of 0 is infinitely steep, and what eps is added to afterwards makes no "
            "difference. What should the root be taken of?",
        ),
        Mistake(
            "eps nowhere",
            _norm_words(lambda v, eps: v.sqrt()),
            "Without eps a blank is divided by 0, and now its output is not a number either. The "
            "eps was not too much: it stood in the wrong place. Which place is right?",
        ),
        *(
            Mistake(
                name,
                wrong,
                "What you put in comes after the root of 0 was taken. It mends the output, and on "
                "the way back the gradient meets that root all the same: 0 times infinity. What "
                "must happen *before* the root?",
                group="mended afterwards",
            )
            for name, wrong in {
                "root kept from 0": _norm_words(lambda v, eps: v.sqrt().clamp(min=eps)),
                "NaN replaced": lambda x, eps: torch.nan_to_num(
                    _norm_words(lambda v, eps: v.sqrt())(x, eps)
                ),
            }.items()
        ),
        *(
            Mistake(
                f"another root for blanks, eps {where}",
                _norm_words(root),
                "Nothing is NaN any more. But blanks have a rule of their own now, and its slope "
                "is not that of a word that is nearly blank, so what comes back for them is wrong. "
                "Which place of eps serves all words alike?",
                group="a rule for blanks",
            )
            for where, root in {
                "outside": lambda v, eps: torch.where(v == 0, 1.0, v).sqrt() + eps,
                "under": lambda v, eps: (torch.where(v == 0, 1.0, v) + eps).sqrt(),
            }.items()
        ),
        Mistake(
            "eps of its own choice",
            _norm_words(lambda v, eps: (v + 1e-5).sqrt()),
            "Under the root stands a fixed number, and `eps` is not used. Whoever calls this "
            "chooses it. Which number belongs there?",
        ),
        Mistake(
            "eps squared",
            _norm_words(lambda v, eps: (v + eps**2).sqrt()),
            "It is under the root now, and it is the *square* of eps. What does the formula add?",
        ),
        Mistake(
            "no gradient at all",
            torch.no_grad()(norm_words),
            "The outputs are right, and no gradient comes back at all, so what stands before the "
            "norm learns nothing. Is there a `no_grad`, a `detach` or a `.data` in your code?",
        ),
        Mistake(
            "variance kept from 0",
            _norm_words(lambda v, eps: v.clamp(min=eps).sqrt()),
            "No gradient is lost any more. But this is another formula: a variance below eps is "
            "replaced by it, where PyTorch adds. What does a word with tiny features show?",
        ),
        Mistake(
            "eps twice",
            _norm_words(lambda v, eps: (v + eps).sqrt() + eps),
            "eps stands under the root, and outside as well. Which of the two is one too many?",
        ),
        Mistake(
            "root, square, root",
            _norm_words(lambda v, eps: (v.sqrt().square() + eps).sqrt()),
            "All outputs are right. But a root of the variance alone is still in your code, and "
            "the gradient of a blank passes through it. Which of the roots can go?",
        ),
        Mistake(
            "a tiny number in the root",
            _norm_words(lambda v, eps: (v + 1e-12).sqrt() + eps),
            "A second small number keeps the root from 0, and the gradient is a number now. But "
            "eps still stands outside. Could it do the job of that second number?",
        ),
        Mistake(
            "root lost",
            _norm_words(lambda v, eps: v + eps),
            "eps is added to the variance now, but the root is gone. What was the root for?",
        ),
        Mistake(
            "root of eps alone",
            _norm_words(lambda v, eps: v.sqrt() + eps**0.5),
            "The root is taken of both, one by one: √(a + b) is not √a + √b. What stands under "
            "one root?",
        ),
        *(
            Mistake(
                f"detached, eps {where} the root",
                _norm_words(root),
                "`.detach()` keeps the gradient from passing through the divisor, so there is no "
                "trouble there, and no gradient either: what comes back is that of another "
                "function. Can the root be made harmless instead of cut off?",
                group="detached",
            )
            for where, root in {
                "outside": lambda v, eps: (v.sqrt() + eps).detach(),
                "under": lambda v, eps: (v + eps).sqrt().detach(),
            }.items()
        ),
        Mistake(
            "unbiased",
            _norm_words(lambda v, eps: (v + eps).sqrt(), correction=1),
            "eps is in its place. The variance is now divided by one less than the number of "
            "features, as `var()` and `std()` do by default. Was it so before?",
        ),
        Mistake(
            "std of PyTorch",
            lambda x, eps: (
                (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, correction=0) + eps)
            ),
            "The blank is a number now, for PyTorch's `std` and `norm` take care of their own "
            "gradient at 0. But eps still stands outside the root. What does a word with tiny "
            "features show?",
        ),
        Mistake(
            "unbiased std of PyTorch",
            lambda x, eps: (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps),
            "This is the form of many published notebooks: `std` divides by one less than the "
            "number of features, and eps stands outside the root. Two steps away from the "
            "formula of section 5.1. Which two?",
        ),
    ),
    hints=(
        "Outputs are not all that a function hands on. What does `x.grad` say for a blank?",
        "The slope of √v is 1 / (2√v). At v = 0 that is infinite, whatever is added to the root "
        "afterwards.",
        "Add eps to the variance, and take the root of the sum.",
    ),
)
