"""6.5 TiedEmbedding."""

import math
from typing import Any

import torch
from torch import Generator, Tensor, nn

from course_lib.exercises.modules import use_module
from course_lib.exercises.probes import Draw
from course_lib.exercises.spec import Exercise, Inputs, Mistake, Probe


class TiedEmbedding(nn.Module):
    """One matrix that turns ids into vectors, times √D, and vectors into a score for each id."""

    def __init__(self, vocab_size: int, d_model: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocab_size, d_model) * d_model**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.weight[ids] * math.sqrt(self.weight.shape[1])

    def logits(self, x: Tensor) -> Tensor:
        return x @ self.weight.T


class _OneMethod(nn.Module):
    """Calls one method of an answer, so that a probe sees what it does and what it reaches."""

    def __init__(self, inner: nn.Module, method: str):
        super().__init__()
        self.inner, self.method = inner, method

    def forward(self, given: Tensor) -> Any:
        return getattr(self.inner, self.method)(given)


def use_both(answer: Any, sizes: tuple[int, int], ids: Tensor, x: Tensor) -> dict[str, Any]:
    """As `use_module`, for each of the two methods."""
    results = {}
    for name, given in [("forward", ids), ("logits", x)]:
        seen = use_module(lambda *s, name=name: _OneMethod(answer(*s), name), sizes, given)
        results[name] = {
            k: v.replace("inner.", "") if isinstance(v, str) else v for k, v in seen.items()
        }
    return results


def _tied(
    factor: float | None = None, out: float = 1.0, of_vocab: bool = False
) -> type[TiedEmbedding]:
    class Tied(TiedEmbedding):
        def forward(self, ids: Tensor) -> Tensor:
            size = self.weight.shape[0 if of_vocab else 1]
            return self.weight[ids] * (math.sqrt(size) if factor is None else size**factor)

        def logits(self, x: Tensor) -> Tensor:
            return x @ self.weight.T * self.weight.shape[1] ** (out - 1)

    return Tied


class _Untied(TiedEmbedding):
    def __init__(self, vocab_size: int, d_model: int):
        super().__init__(vocab_size, d_model)
        self.output = nn.Parameter(torch.randn(vocab_size, d_model))

    def logits(self, x: Tensor) -> Tensor:
        return x @ self.output.T


class _Cut(TiedEmbedding):
    def logits(self, x: Tensor) -> Tensor:
        return x @ self.weight.detach().T


class _Probabilities(TiedEmbedding):
    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x).softmax(-1)


class _OutOfReach(TiedEmbedding):
    def forward(self, ids: Tensor) -> Tensor:
        return super().forward(ids).detach()


class _FreshLayer(TiedEmbedding):
    def logits(self, x: Tensor) -> Tensor:
        return nn.Linear(x.shape[-1], len(self.weight), bias=False, device=x.device)(x)


class _WrittenInto(TiedEmbedding):
    def forward(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            self.weight.mul_(math.sqrt(self.weight.shape[1]))
        return self.weight[ids]


class _EachToSizeOne(TiedEmbedding):
    def forward(self, ids: Tensor) -> Tensor:
        vectors = self.weight[ids]
        return vectors / vectors.std(-1, keepdim=True)


def _inputs(sizes: tuple[int, int], shape: tuple[int, int]) -> Draw:
    def draw(dice: Generator) -> Inputs:
        ids = torch.randint(0, sizes[0], shape, generator=dice)
        return sizes, ids, torch.randn((*shape, sizes[1]), generator=dice).round(decimals=1)

    return draw


TIE = Exercise(
    id="6.5",
    title="One matrix for both ends",
    signature="TiedEmbedding(vocab_size, d_model)",
    shapes="ids (B, T), x (B, T, D) -> (B, T, D)",
    input_names=("sizes", "ids", "x"),
    reference=TiedEmbedding,
    use=use_both,
    tolerance=1e-4,
    smooth=0,
    probes=(
        Probe(
            "one sentence of three words",
            _inputs((7, 4), (1, 3)),
            "d_model is 4, and √4 = 2. Which of the two results is multiplied by it?",
        ),
        Probe(
            "two sentences of five words",
            _inputs((11, 6), (2, 5)),
            "How many scores does each word get, and how many numbers has each vector?",
        ),
    ),
    mistakes=(
        Mistake(
            "no factor",
            _tied(factor=0.0),
            "The vectors are the rows of the matrix as they are, with features of size 1/√d. The "
            "positions, of size 0.71, would drown them. By what are they multiplied?",
        ),
        Mistake(
            "times d",
            _tied(factor=1.0),
            "You multiply by d_model. The features have the size 1/√d: what brings them to 1?",
        ),
        Mistake(
            "divided by the root",
            _tied(factor=-0.5),
            "You divide by √d_model, and small features become smaller. Which way should it go?",
        ),
        Mistake(
            "root of the vocabulary",
            _tied(of_vocab=True),
            "You multiply by the root of the vocabulary's size. Which axis of the matrix holds the "
            "features?",
        ),
        Mistake(
            "factor at both ends",
            _tied(out=1.5),
            "The logits are multiplied by √d_model, too, which makes the softmax sharp before "
            "anything was learned. At which end is the factor?",
        ),
        Mistake(
            "divided at the end",
            _tied(out=0.5),
            "The logits are divided by √d_model. That is done to scores of attention; here the "
            "matrix has small entries already. What is left to do?",
        ),
        Mistake(
            "a second matrix",
            _Untied,
            "There is a second matrix for the output. The point of tying is to use the first one "
            "twice. Which parameter should `logits` use?",
        ),
        Mistake(
            "cut off",
            _Cut,
            "`logits` uses a detached copy: the output layer would not learn. What does "
            "`.detach()` do to gradients?",
        ),
        Mistake(
            "vectors cut off",
            _OutOfReach,
            "The vectors are right, and no gradient comes back from them: the matrix would not "
            "learn from what it embeds. What cuts it off (`.data`, `.detach()`, "
            "`torch.tensor(…)`)?",
        ),
        Mistake(
            "a fresh layer each time",
            _FreshLayer,
            "`logits` makes a new layer with random weights at every call, which nothing can "
            "train. Which matrix should score the words?",
        ),
        Mistake(
            "the matrix itself multiplied",
            _WrittenInto,
            "`forward` writes into the matrix, so that it grows with every call. How do you "
            "multiply what comes out, and leave the matrix as it is?",
        ),
        Mistake(
            "each vector to size 1",
            _EachToSizeOne,
            "Every vector is divided by its own size, so that all words become equally long. Which "
            "number, the same for all, does it instead?",
        ),
        Mistake(
            "probabilities",
            _Probabilities,
            "These are probabilities, and the loss takes a softmax of its own. What is asked for, "
            "by the method's name?",
        ),
    ),
    hints=(
        "The rows of one matrix are the vectors of the words. `forward` picks rows, `logits` "
        "compares a vector with every row.",
        "`self.weight[ids]` picks rows. Comparing with every row is a matrix product with the "
        "matrix turned.",
        "The factor √d_model belongs to `forward` alone: `math.sqrt(self.weight.shape[1])`.",
    ),
)
