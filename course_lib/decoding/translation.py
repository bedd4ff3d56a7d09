"""From sentences to sentences: similar lengths together, and the order kept."""

from collections.abc import Callable, Iterator, Sequence

from torch import Generator

from course_lib.batching import make_source
from course_lib.decoding.greedy import greedy_decode
from course_lib.decoding.sampling import split_generator
from course_lib.models import Transformer
from course_lib.tokenization import Tokenizer

# How to decode: a decoder, and the generator that it draws from, if it draws
Decoding = tuple[Callable[..., list[list[int]]], Generator | None]


def translate(
    model: Transformer,
    tokenizer: Tokenizer,
    sentences: Sequence[str],
    decode: Callable[..., list[list[int]]] = greedy_decode,
    generator: Generator | None = None,
    batch_tokens: int = 4_000,
    cut: bool = False,
) -> list[str]:
    """Translate sentences, similar lengths together, and return them in their own order.

    `decode` is `greedy_decode`, `beam_search`, `sample` or `consensus_decode`, or one of them with
    other options: `partial(beam_search, beam_size=10)`. The last two need a `generator`, of which
    each sentence gets a part of its own. `batch_tokens` bounds the source tokens of a batch. An
    empty sentence stays empty.
    Raises ValueError if a sentence is longer than the model's `max_len`, unless its end may be
    `cut` off.
    """
    device = model.embedding.weight.device
    ids = tokenizer.encode_batch(sentences)
    if cut:
        ids = [each[: model.config.max_len - 1] for each in ids]  # the end token needs a place
    own = None if generator is None else split_generator(generator, len(sentences))
    translations = [""] * len(sentences)
    filled = [i for i, sentence in enumerate(sentences) if sentence.strip()]
    for batch in similar_lengths(filled, [len(each) for each in ids], batch_tokens):
        source = make_source([ids[i] for i in batch]).to(device)
        outputs = decode(model, source, *([] if own is None else [[own[i] for i in batch]]))
        for i, output in zip(batch, outputs, strict=True):
            translations[i] = tokenizer.decode(output).strip()
    return translations


def similar_lengths(
    numbers: Sequence[int], lengths: Sequence[int], batch_tokens: int
) -> Iterator[list[int]]:
    """Cut the numbers of sentences into batches, the longest first; a batch is never empty.

    First the longest: if memory is too small, that shows at once.
    """
    waiting = sorted(numbers, key=lambda i: lengths[i])
    while waiting:
        size = max(1, batch_tokens // (lengths[waiting[-1]] + 1))  # one more for the end token
        yield waiting[-size:]
        del waiting[-size:]
