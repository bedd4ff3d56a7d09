"""Sampling: draw each next token by its probability, or from the likely ones alone."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from course_lib.decoding.greedy import write
from course_lib.decoding.prefixes import Begin, Prefixes
from course_lib.errors import CourseError
from course_lib.models import Transformer


def split_generator(generator: Generator, count: int) -> list[Generator]:
    """Make `count` generators that draw independently, the same ones for the same seed."""
    seeds = torch.randint(2**63 - 1, (count,), generator=generator, device=generator.device)
    return [Generator().manual_seed(seed) for seed in seeds.tolist()]


def sample(
    model: Transformer,
    src: Tensor,
    generators: Sequence[Generator],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    prefixes: Begin = Prefixes,
    longest: int | None = None,
    num_drawn: int = 1,
) -> list[list[int]]:
    """Draw each token of each sentence with `draw`, and each sentence `num_drawn` times.

    Every sentence has a generator of its own (`split_generator`), so what it becomes does not
    depend on the others in its batch.

    Shapes: as `greedy_decode`, with B generators. Returns B * num_drawn lists, those of a sentence
    side by side.
    Raises CourseError as `draw`, and ValueError if there are not as many generators as sentences.
    """
    if len(generators) != len(src):
        raise ValueError(f"expected {len(src)} generators, one a sentence, got {len(generators)}")

    def choose(logits: Tensor, rows: Tensor) -> Tensor:
        # A number for each copy, open or not: what a sentence draws depends on itself alone.
        sentences, place = (rows // num_drawn).unique_consecutive(return_inverse=True)
        dice = (generators[i] for i in sentences.tolist())
        numbers = torch.stack([torch.rand(num_drawn, generator=die) for die in dice])
        uniform = 1 - numbers[place.cpu(), rows.cpu() % num_drawn]
        return draw(logits, uniform.to(logits), temperature, top_k, top_p)

    return write(model, src, choose, prefixes, longest, num_drawn)


def draw(
    logits: Tensor,
    uniform: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> Tensor:
    """Draw a token by its probability, with a number that is uniform above 0 and up to 1.

    The logits are divided by `temperature`. `top_k` allows only the k most likely tokens (Fan et
    al. 2018), `top_p` only the nucleus: the fewest most likely tokens whose probabilities sum to at
    least p (Holtzman et al. 2020).

    Shapes: logits (B, V), uniform (B,). Returns (B,).
    Raises CourseError unless temperature > 0, top_k >= 1 and 0 < top_p <= 1.
    """
    if not temperature > 0 or not 0 < top_p <= 1 or (top_k is not None and top_k < 1):
        raise CourseError(
            "expected temperature above 0, top_k at least 1 and top_p above 0 and at most 1, "
            f"got {temperature}, {top_k} and {top_p}"
        )
    probs, num_tokens = (logits / temperature).softmax(dim=-1), logits.shape[-1]
    if top_k is None and top_p == 1:
        tokens = torch.arange(num_tokens, device=logits.device).expand_as(probs)
    else:  # the most likely first
        probs, tokens = probs.topk(min(top_k or num_tokens, num_tokens))
    sums = probs.cumsum(dim=-1)
    # A token is in the nucleus if those before it do not reach p, so the first one always is.
    last = (sums - probs < top_p).sum(dim=-1, keepdim=True) - 1
    place = torch.searchsorted(sums, uniform[:, None] * sums.gather(-1, last))
    return tokens.gather(-1, place)[:, 0]
