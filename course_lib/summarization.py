"""From texts to summaries: what a summarizer is given to read, and what it writes."""

from collections.abc import Callable, Sequence
from functools import partial

from torch import Generator

from course_lib.baselines import words_of_name
from course_lib.decoding import greedy_decode, translate
from course_lib.models import Transformer
from course_lib.tokenization import Tokenizer

LONGEST = 64  # tokens: a summary is short, however long its text


def as_read(text: str) -> str:
    """A function with its name in words before it: `Read text`, then `def Path.read_text(…)`, …

    A pointer copies tokens, and *text* within `read_text` is cut into other tokens than *text*
    behind a space. So the name stands there once more, in words. A text that is no function stays
    as it is.
    """
    name = words_of_name(text)
    return f"{name.capitalize()}\n{text}" if name else text


def summarize(
    model: Transformer,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    decode: Callable[..., list[list[int]]] = greedy_decode,
    generator: Generator | None = None,
) -> list[str]:
    """A summary of each text, of which as much is read as the model can.

    Otherwise as `translate`; `decode` is told to write at most `LONGEST` tokens.
    """
    read = [as_read(text) for text in texts]
    return translate(model, tokenizer, read, partial(decode, longest=LONGEST), generator, cut=True)
