"""Consensus: draw several outputs, and keep the one that the others agree with most.

A single output says little about others that are nearly as likely. What was drawn stands for what
a human may have written; one that shares much with all of it is a safe bet, whichever it was.
Kumar and Byrne (2004) call that the minimum Bayes risk, Eikema and Aziz (2022) draw as here.
"""

from collections import Counter
from collections.abc import Sequence

from torch import Generator, Tensor

from course_lib.decoding.prefixes import Begin, Prefixes
from course_lib.decoding.sampling import sample, split_generator
from course_lib.errors import CourseError
from course_lib.models import Transformer
from course_lib.subsequences import longest_common_subsequence

AT_ONCE = 32  # draws of a sentence side by side: more take memory, fewer read the source again


def consensus_decode(
    model: Transformer,
    src: Tensor,
    generators: Sequence[Generator],
    num_drawn: int = 32,
    temperature: float = 0.7,
    top_k: int | None = None,
    top_p: float = 1.0,
    prefixes: Begin = Prefixes,
    longest: int | None = None,
) -> list[list[int]]:
    """Draw `num_drawn` outputs of each sentence with `sample`; of those, take the `most_agreed`.

    The lower the temperature, the more alike are the draws, and the fewer will do.

    Shapes and errors: as `sample`. Raises CourseError unless num_drawn >= 1.
    """
    if num_drawn < 1:
        raise CourseError(f"num_drawn must be at least 1, got {num_drawn}")
    parts = [min(AT_ONCE, num_drawn - begun) for begun in range(0, num_drawn, AT_ONCE)]
    dice = zip(*(split_generator(generator, len(parts)) for generator in generators), strict=True)
    drawn: list[list[list[int]]] = [[] for _ in src]  # of each sentence
    for count, own in zip(parts, dice, strict=True):
        outputs = sample(
            model, src, own, temperature, top_k, top_p, prefixes, longest, num_drawn=count
        )
        for i, of_sentence in enumerate(drawn):
            of_sentence += outputs[i * count : (i + 1) * count]
    return [most_agreed(outputs) for outputs in drawn]


def most_agreed(outputs: Sequence[Sequence[int]]) -> list[int]:
    """The output with the greatest mean `agreement` with all; of equals, the first."""
    votes = Counter(tuple(output) for output in outputs)

    def agreed(one: tuple[int, ...]) -> float:
        return sum(count * agreement(one, other) for other, count in votes.items())

    best = max(votes, key=agreed)
    return list(best)


def agreement(one: Sequence[int], other: Sequence[int]) -> float:
    """From 0 to 1: ROUGE-L's F1 (Lin 2004, section 3.1), of tokens. Two empty ones agree."""
    both = len(one) + len(other)
    return 2 * longest_common_subsequence(one, other) / both if both else 1.0
