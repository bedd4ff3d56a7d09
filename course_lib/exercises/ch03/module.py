"""3.3 the class MultiHeadAttention."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib import layers
from course_lib.attention import attention, attention_weights, scaled_dot_scores
from course_lib.exercises.ch03.common import (
    DOUBLE,
    Q_DOUBLE,
    merge_by_view,
    merge_heads,
    split_by_view,
    split_heads,
)
from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw, drawn
from course_lib.exercises.spec import Exercise, Mistake, Probe
from course_lib.masks import causal_mask


def _masked_after(scores: Tensor, mask: Tensor | None) -> Tensor:
    weights = scores.softmax(-1)
    return weights if mask is None else weights.masked_fill(~mask, 0.0)


def _asks_and_answers(x: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return x, context, context


class Spoiled(nn.Module):
    """Multi-head attention, with the switches of what goes wrong with it."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        *,
        sources: Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]] = _asks_and_answers,
        projections: str = "qkv",
        split: Callable[[Tensor, int], Tensor] = split_heads,
        root: Callable[[Tensor, int], float] = lambda q, heads: math.sqrt(q.shape[-1]),
        weigh: Callable[[Tensor, Tensor | None], Tensor] = attention_weights,
        merge: Callable[[Tensor], Tensor] = merge_heads,
        project: bool = True,
    ) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"{num_heads} heads")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.sources, self.projections, self.split, self.root = sources, projections, split, root
        self.weigh, self.merge, self.project = weigh, merge, project

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        by_letter = {"q": self.q_proj, "k": self.k_proj, "v": self.v_proj}
        projected = [
            by_letter[letter](source)
            for letter, source in zip(self.projections, self.sources(x, context), strict=True)
        ]
        q, k, v = (self.split(t, self.num_heads) for t in projected)
        weights = self.weigh(q @ k.mT / self.root(q, self.num_heads), mask)
        found = self.merge(weights @ v)
        return self.out_proj(found) if self.project else found


class WithWeights(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Any:
        q = split_heads(self.q_proj(x), self.num_heads)
        k = split_heads(self.k_proj(context), self.num_heads)
        return super().forward(x, context, mask), attention_weights(scaled_dot_scores(q, k), mask)


class Headless(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.q_proj(x), self.k_proj(context), self.v_proj(context)
        return self.out_proj(attention(q, k, v, mask))


class Silent(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Any:
        super().forward(x, context, mask)


class Unprojected(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k = split_heads(x, self.num_heads), split_heads(context, self.num_heads)
        return self.out_proj(merge_heads(attention(q, k, k, mask)))


class Residual(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + super().forward(x, context, mask)


class Selfless(Spoiled):
    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        raise NameError("name 'num_heads' is not defined")


def use_heads(answer: type[nn.Module], sizes: tuple[int, int], *inputs: Any) -> dict[str, Any]:
    """As `use_module`; and does it refuse to cut 6 features into 4 heads, as it says?"""
    result = use_module(answer, sizes, *inputs)
    refused = False
    try:
        answer(6, 4)
    except Exception as error:
        refused = isinstance(error, ValueError)
    return result | {"refuses 6 features in 4 heads": refused}


def _alone(**switches: Any) -> Callable[[int, int], nn.Module]:
    """A mistake that is not looked for together with others: there would be too many pairs."""
    return lambda d_model, num_heads: Spoiled(d_model, num_heads, **switches)


def _case(
    batch: int,
    num_queries: int,
    num_keys: int,
    sizes: tuple[int, int],
    mask: Callable[[], Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Draw:
    draw = drawn((batch, num_queries, sizes[0]), (batch, num_keys, sizes[0]), dtype=dtype)
    return lambda dice: (sizes, *draw(dice), *([mask()] if mask else []))


def _lengths(*lengths: int, longest: int) -> Callable[[], Tensor]:
    """A padding mask (B, 1, 1, Tk) for sentences of these lengths."""
    return lambda: (torch.arange(longest) < torch.tensor(lengths)[:, None])[:, None, None, :]


def _in_two_ways() -> Tensor:
    """A mask of its own for each of two heads: (1, 2, Tq, Tk)."""
    allowed = causal_mask(3, 5)
    return torch.stack([allowed, ~allowed | torch.eye(3, 5, dtype=torch.bool)])[None]


Q_CONTEXT = (
    "Who asks, and who is asked? Follow `x` and `context` through your code: which of q, k and v "
    "comes from which?"
)
SPLIT_OR_MERGE = (
    "The shapes are right, and numbers of different tokens are mixed up: somewhere `view` or "
    "`reshape` does alone what needs a `transpose`, too. Do you use your `split_heads` and "
    "`merge_heads` for both ways?"
)

NO_HEADS = (
    "All features stay together, in one head, whatever `num_heads` says. Where does your code use "
    "the number of heads?"
)
NOT_MERGED = (
    "What comes out of the attention has the shape (B, H, Tq, Dh): every token has a row for each "
    "head. `out_proj`, and whoever calls the module, wants one row of D for each token. Which of "
    "the four steps is missing?"
)

MODULE = Exercise(
    id="3.3",
    title="Multi-head attention",
    signature="MultiHeadAttention(d_model, num_heads)",
    shapes="x (B, Tq, D), context (B, Tk, D) -> (B, Tq, D)",
    reference=layers.MultiHeadAttention,
    use=use_heads,
    input_names=("sizes", "x", "context", "mask"),
    smooth=2,
    probes=(
        Probe(
            "one head, two tokens that look at five",
            _case(3, 2, 5, (4, 1)),
            "With one head there is nothing to split. Does your module do attention between "
            "projected queries, keys and values, and then project what it found?",
        ),
        Probe(
            "two heads, a sentence that looks at another",
            _case(1, 3, 5, (8, 2)),
            "Print the shapes of q, k and v after the split. Are they (B, H, T, Dh)?",
        ),
        Probe("a batch of two, three heads", _case(2, 3, 5, (12, 3)), Q_CONTEXT),
        Probe(
            "a causal mask",
            _case(2, 3, 5, (8, 4), lambda: causal_mask(3, 5)),
            "Where in your code does the mask go, and what does True mean there?",
        ),
        Probe(
            "two sentences, the second of them padded",
            _case(2, 3, 5, (12, 4), _lengths(5, 2, longest=5)),
            "Does the mask meet scores of the shape (B, H, Tq, Tk)?",
        ),
        Probe(
            "a mask of its own for each head",
            _case(1, 3, 5, (8, 2), _in_two_ways),
            "Which axis of the mask belongs to the heads? Does it meet the heads of the scores?",
        ),
        Probe(DOUBLE, _case(2, 3, 5, (6, 3), dtype=torch.float64), Q_DOUBLE),
    ),
    mistakes=(
        Mistake(
            "output projection left out",
            partial(Spoiled, project=False),
            "What the heads found is put side by side and returned as it is: `out_proj` is never "
            "used. Which step mixes what the heads found?",
        ),
        Mistake(
            "projections left out",
            Unprojected,
            "The heads are cut from `x` and `context` as they are: `q_proj`, `k_proj` and `v_proj` "
            "are never used. How does a word get its three roles (chapter 2)?",
        ),
        Mistake(
            "weights, too",
            WithWeights,
            "You return two things, the result and the weights. Whoever calls the module expects "
            "the result alone, (B, Tq, D). Which of the two is that?",
        ),
        Mistake(
            "nothing returned",
            Silent,
            "`forward` ends and gives back `None`. What is missing in its last line?",
        ),
        Mistake(
            "x added",
            Residual,
            "`x` is added to what was found. That comes in chapter 5, and outside of this module. "
            "What is the last step of the four here?",
        ),
        Mistake(
            "num_heads without self",
            Selfless,
            "Inside `forward` nobody has heard of `num_heads`. The constructor has put the number "
            "away. Where, and under which name?",
        ),
        Mistake(
            "values from x",
            _alone(sources=lambda x, context: (x, context, x)),
            "The values are made from `x`, the sentence that asks. What is found should come from "
            "where one looks. Which of the two sentences is that?",
        ),
        Mistake(
            "keys from x",
            _alone(sources=lambda x, context: (x, x, context)),
            "The keys are made from `x`, the sentence that asks. In which of the two sentences "
            "does a query look around?",
        ),
        Mistake(
            "only self-attention",
            _alone(sources=lambda x, context: (x, x, x)),
            "`context` is never used: x looks at itself. What is asked when both are the same, and "
            "what when they differ?",
        ),
        Mistake(
            "x and context swapped",
            _alone(sources=lambda x, context: (context, x, x)),
            "`context` asks and `x` answers, so the result is as long as the wrong one of them. "
            "Each token of which sentence should get an answer?",
        ),
        Mistake(
            "keys and values swapped",
            _alone(projections="qvk"),
            "`k_proj` makes your values and `v_proj` your keys. Which of the two is compared with "
            "the queries?",
        ),
        Mistake(
            "values by k_proj",
            _alone(projections="qkk"),
            "`v_proj` is never used: the keys serve as values. Is what makes a word easy to find "
            "the same as what it has to say?",
        ),
        Mistake(
            "keys by q_proj",
            _alone(projections="qqv"),
            "`k_proj` is never used: queries and keys go through the same matrix, so what is like "
            "the query wins. *are* looks for a subject, not for another *are*. Which line makes "
            "the keys?",
        ),
        Mistake(
            "split by view alone",
            partial(Spoiled, split=split_by_view),
            SPLIT_OR_MERGE.replace("somewhere", "on the way into the heads"),
        ),
        Mistake(
            "merged by view alone",
            partial(Spoiled, merge=merge_by_view),
            SPLIT_OR_MERGE.replace("somewhere", "on the way out of the heads"),
        ),
        Mistake(
            "never split",
            _alone(split=lambda x, heads: x[:, None]),
            NO_HEADS,
            group="never split",
        ),
        Mistake("heads forgotten", Headless, NO_HEADS, group="never split"),
        Mistake(
            "not scaled",
            partial(Spoiled, root=lambda q, heads: 1.0),
            "The scores are not divided by √Dh. What becomes of a softmax over scores that large "
            "(chapter 1)?",
        ),
        Mistake(
            "root of the whole width",
            partial(Spoiled, root=lambda q, heads: math.sqrt(q.shape[-1] * heads)),
            "You divide by √D. A head's dot product adds up fewer numbers than that. How many "
            "features has one head?",
        ),
        Mistake(
            "divided by Dh",
            _alone(root=lambda q, heads: q.shape[-1]),
            "The scores are divided by Dh: at once, or by √Dh twice, since both the attention of "
            "chapter 1 and the fused kernel divide for you. A dot product has the variance Dh. "
            "What is its standard deviation?",
        ),
        Mistake(
            "mask ignored",
            partial(Spoiled, weigh=lambda scores, mask: scores.softmax(-1)),
            "The mask has no effect: every token looks at everything. (`masked_fill` gives a new "
            "tensor and leaves the old one as it was.) Where does your code hand the mask on?",
        ),
        Mistake(
            "mask inverted",
            partial(
                Spoiled,
                weigh=lambda scores, mask: attention_weights(
                    scores, None if mask is None else ~mask
                ),
            ),
            "Your queries see what they should not, and nothing else. True in the course's mask "
            "means *may attend*. Where is it turned round?",
        ),
        Mistake(
            "masked after the softmax",
            partial(Spoiled, weigh=_masked_after),
            "The mask comes after the softmax, and the weights of a query no longer sum to 1. "
            "What should hidden scores be before the softmax, so that their weights become 0?",
        ),
        Mistake(
            "softmax over the queries",
            _alone(
                weigh=lambda scores, mask: (
                    (scores if mask is None else scores.masked_fill(~mask, -math.inf))
                    .softmax(-2)
                    .nan_to_num()
                ),
            ),
            "The weights sum to 1 down the columns, over the queries. Among what does a query "
            "share out its attention?",
        ),
        Mistake(
            "merge forgotten",
            _alone(merge=lambda x: x),
            NOT_MERGED,
            group="not merged",
        ),
        Mistake(
            "merge and projection forgotten",
            _alone(merge=lambda x: x, project=False),
            NOT_MERGED,
            group="not merged",
        ),
        Mistake(
            "merged half of the way",
            _alone(merge=lambda x: x.transpose(1, 2)),
            "The axes after the transpose are (B, Tq, H, Dh), and there it ends: a token has still "
            "one row for each head, and `out_proj` wants one row of D. Which step is missing?",
        ),
        Mistake(
            "mean of the heads",
            _alone(merge=lambda x: x.mean(1)),
            "The heads are averaged, which leaves Dh features where `out_proj` expects D. What "
            "puts the heads side by side instead?",
        ),
    ),
    hints=(
        "Four steps, one line each: project and split (three times), attend, merge, project. The "
        "queries come from `x`, keys and values from `context`.",
        "`q = split_heads(self.q_proj(x), self.num_heads)`, and likewise k and v with their own "
        "projections. `attention.attention(q, k, v, mask)` works on any leading axes.",
        "The last line: `self.out_proj` of `merge_heads` of what attention found.",
    ),
)
