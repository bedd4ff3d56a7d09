from functools import partial

import pytest
import torch
from decoding_by_the_book import greedy, next_log_probs

from course_lib.batching import make_source
from course_lib.decoding import (
    RereadPrefixes,
    beam_search,
    greedy_decode,
    sample,
    score,
    split_generator,
    translate,
)
from course_lib.decoding.prefixes import largest
from course_lib.tokenization import EOS_ID


@pytest.fixture
def model(new_trainer):
    """Trained until it knows its four sentences."""
    trainer = new_trainer(steps=300)
    list(trainer.steps())
    return trainer.model.eval()


SOURCES = [[5, 6, 7, 8, 3], [4], [9, 3, 3], [10, 11, 4, 9, 5, 5, 7, 8], [3, 7]]


@pytest.mark.parametrize("seed", range(6))
def test_batched_and_cached_equals_one_by_one_and_uncached(lively_model, seed):
    model = lively_model(seed)
    outputs = greedy_decode(model, make_source(SOURCES))
    assert outputs == [greedy(model, make_source([source])) for source in SOURCES]


def test_so_does_a_trained_model(model, pairs):
    sources = [source for source, _ in pairs] + [[7, 8, 9, 10, 11, 12], [20]]
    outputs = greedy_decode(model, make_source(sources))
    assert outputs == [greedy(model, make_source([source])) for source in sources]
    assert len({len(output) for output in outputs}) > 2  # they really leave at different times


@pytest.mark.parametrize("seed", range(4))
def test_cached_equals_uncached(lively_model, seed):
    model, src = lively_model(seed), make_source(SOURCES)
    cached = greedy_decode(model, src)
    assert greedy_decode(model, src, RereadPrefixes) == cached


@pytest.mark.parametrize("shape", [(3, 200), (2, 3, 64), (4, 65), (1, 5), (2, 2, 1000)])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_the_largest_are_those_of_topk(shape, k):
    for draw in range(20):
        dice = torch.Generator().manual_seed(draw)
        values = torch.randn(shape, generator=dice).log_softmax(-1)
        expected = values.topk(min(k, shape[-1]))
        top, places = largest(values, k)
        assert top.equal(expected.values)
        assert places.equal(expected.indices)


def test_the_score_is_the_sum_over_all_tokens(lively_model):
    model, outputs = lively_model(), [[7, 3], [], [5] * 16]
    scores = score(model, make_source([[5, 6, 7], [4], [8, 8]]), outputs)
    for source, output, found in zip([[5, 6, 7], [4], [8, 8]], outputs, scores, strict=True):
        src = make_source([source])
        whole = output if len(output) == 16 else [*output, EOS_ID]  # 16: the limit of [8, 8]
        expected = sum(
            next_log_probs(model, src, whole[:i])[token] for i, token in enumerate(whole)
        )
        torch.testing.assert_close(found, expected)


def test_a_trained_model_says_what_it_learned(model, tokenizer):
    sentences = ["the dog sleeps", "", "a man reads", "  "]
    assert translate(model, tokenizer, sentences) == ["der Hund schläft", "", "ein Mann liest", ""]


@pytest.mark.parametrize("batch_tokens", [1, 8, 2_000])
def test_batches_change_neither_order_nor_words(model, tokenizer, batch_tokens):
    sentences = [
        "a man reads",
        "two men read a red book",
        "the dog sleeps",
        "a dog runs in the park",
    ]
    for decode in (greedy_decode, partial(beam_search, beam_size=3)):
        one_by_one = [translate(model, tokenizer, [s], decode)[0] for s in sentences]
        assert translate(model, tokenizer, sentences, decode, None, batch_tokens) == one_by_one


@pytest.mark.parametrize("batch_tokens", [1, 8, 2_000])
def test_batches_do_not_change_what_is_drawn(model, tokenizer, batch_tokens):
    def draw(sentences, seed=0):
        dice = torch.Generator().manual_seed(seed)
        warm = partial(sample, temperature=3.0)
        return translate(model, tokenizer, sentences, warm, dice, batch_tokens)

    drawn = draw(["a man reads"] * 3 + ["the dog sleeps"])
    assert len(set(drawn)) == 4
    assert draw(["a man reads"] * 3) == drawn[:3]
    assert draw(["a man reads"] * 3, seed=1) != drawn[:3]


@pytest.mark.parametrize("decode", [greedy_decode, beam_search, sample])
def test_a_sentence_that_never_ends_is_stopped(endless_model, decode):
    def lengths(**options):
        dice = [split_generator(torch.Generator().manual_seed(0), 2)] if decode is sample else []
        outputs = decode(endless_model, make_source([[5, 6], [5] * 25]), *dice, **options)
        return [len(output) for output in outputs]

    assert lengths() == [2 * 3 + 10, 40]  # the second meets max_len
    assert lengths(longest=20) == [2 * 3 + 10, 20]
    assert lengths(longest=99) == [2 * 3 + 10, 40]


def test_too_long_a_sentence_is_refused(model, tokenizer):
    with pytest.raises(ValueError, match="longer than max_len=40"):
        translate(model, tokenizer, ["word " * 60])
