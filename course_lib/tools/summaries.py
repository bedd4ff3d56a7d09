"""What `course summarize` reads and writes: functions of Python files, or one text."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from course_lib.decoding import Decoding
from course_lib.docstrings import example_from
from course_lib.errors import CourseError
from course_lib.models import Transformer
from course_lib.summarization import as_read, summarize
from course_lib.tokenization import Tokenizer


def function_source(where: str) -> str:
    """What there is to read of a function: `tree.py:Tree.insert`. The file is parsed, never run."""
    path, colon, name = where.rpartition(":")
    if not colon or not path or not name:
        raise CourseError(f"expected FILE.py:FUNCTION, as tree.py:Tree.insert, got {where!r}")
    return example_from(Path(path), name).source


def read_text(stream: BinaryIO) -> str:
    """All of a stream as one text. Raises CourseError if it is empty or not UTF-8."""
    try:
        text = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"the text is not valid UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    if not text.strip():
        raise CourseError("expected a text on standard input, got none: `course summarize < text`")
    return text


def summarize_texts(
    model: Transformer,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    say: Callable[[str], None],
    decoding: Decoding,
) -> list[str]:
    """A summary of each text, in one line. `say` gets a sentence about each that is cut."""
    limit = model.config.max_len - 1
    encoded = tokenizer.encode_batch([as_read(text) for text in texts])
    for number, ids in enumerate(encoded, start=1):
        if len(ids) > limit:
            last = tokenizer.decode(ids[limit - 8 : limit])
            unread = len(tokenizer.decode(ids[limit:]).split())
            say(
                f"note: text {number} has {len(ids):,} tokens, the model reads {limit}: the "
                f"{unread:,} words after {last!r} were not read"
            )
    summaries = summarize(model, tokenizer, texts, *decoding)
    return [" ".join(summary.split()) for summary in summaries]
