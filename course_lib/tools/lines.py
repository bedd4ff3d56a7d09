"""What `course translate` reads and writes: one line out for each line in, whatever is in it."""

from collections.abc import Callable, Sequence
from functools import partial
from io import TextIOWrapper
from typing import Any, BinaryIO, TextIO

from torch import Generator

from course_lib.decoding import (
    Decoding,
    WithoutRepeats,
    beam_search,
    consensus_decode,
    greedy_decode,
    sample,
    translate,
)
from course_lib.errors import CourseError
from course_lib.models import Transformer
from course_lib.tokenization import Tokenizer


def choose_decoding(
    beam_size: int = 1,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    length_penalty: float | None = None,
    block_repeats: int = 0,
    consensus: int = 0,
) -> Decoding:
    """What `translate` needs: greedy as it stands, else a beam, or a way to draw and its seed.

    With `consensus`, so many are drawn, and the one that the others agree with most is kept. With
    `block_repeats`, no group of so many tokens is written twice.

    Raises CourseError if a beam and a way to draw are given together, or a length penalty without
    a beam.
    """
    if length_penalty is not None and beam_size == 1:
        raise CourseError("--length-penalty is for a beam: give --beam 5, too, or leave it out")
    given = {
        "--consensus": consensus or None,
        "--temperature": temperature,
        "--top-k": top_k,
        "--top-p": top_p,
    }
    names = [name for name, value in given.items() if value is not None]
    if names and beam_size > 1:
        raise CourseError(
            f"--beam searches and {', '.join(names)} draws at random: give one or the other"
        )
    options: dict[str, Any] = {}
    if block_repeats:
        options["prefixes"] = partial(WithoutRepeats, n=block_repeats)
    if names:
        options |= {"top_k": top_k, "top_p": 1.0 if top_p is None else top_p}
        if temperature is not None:
            options["temperature"] = temperature
        if consensus:
            options["num_drawn"] = consensus
        draw = consensus_decode if consensus else sample
        return partial(draw, **options), Generator().manual_seed(seed)
    if beam_size == 1:
        return (partial(greedy_decode, **options) if options else greedy_decode), None
    if length_penalty is not None:
        options["length_penalty"] = length_penalty
    return partial(beam_search, beam_size=beam_size, **options), None


def read_lines(stream: BinaryIO) -> list[str]:
    """The lines of a stream. Bytes that are not UTF-8 stay as marks, which `fault` finds."""
    lines = [line.decode("utf-8", "surrogateescape").rstrip("\r\n") for line in stream]
    return [line.removeprefix("\ufeff") if i == 0 else line for i, line in enumerate(lines)]


def fault(line: str, tokenizer: Tokenizer, max_len: int) -> str | None:
    """What keeps a line from being translated, if anything does."""
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"is not valid UTF-8 (character {error.start + 1}): save the text as UTF-8"
    length = len(tokenizer.encode(line))
    if length >= max_len:  # the end token needs a place too
        return f"has {length:,} tokens, the limit is {max_len - 1}: cut it in two"
    return None


def translate_lines(
    model: Transformer,
    tokenizer: Tokenizer,
    lines: Sequence[str],
    write: Callable[[str], None],
    complain: Callable[[str], None],
    decoding: Decoding = (greedy_decode, None),
) -> bool:
    """Translate lines and write them in order; one that can not be translated becomes empty.

    Returns False if there was such a line; `complain` gets a sentence about each.
    """
    faults = [fault(line, tokenizer, model.config.max_len) for line in lines]
    for number, found in enumerate(faults, start=1):
        if found:
            complain(f"line {number} {found}")
    fitting = ["" if found else line for line, found in zip(lines, faults, strict=True)]
    for translation in translate(model, tokenizer, fitting, *decoding):
        write(" ".join(translation.splitlines()))  # a model may write a line break
    return not any(faults)


def utf8_writer(stream: TextIO) -> Callable[[str], None]:
    """Print lines as UTF-8, which is also how they are read, whatever the system's own encoding."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8")
    return partial(print, file=stream)
