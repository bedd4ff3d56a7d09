import pytest
import torch

from course_lib.batching import make_source
from course_lib.decoding import greedy_decode, length_limit, translate
from course_lib.tokenization import BOS_ID, EOS_ID


@pytest.fixture
def model(new_trainer):
    """Trained until it knows its four sentences."""
    trainer = new_trainer(steps=300)
    list(trainer.steps())
    return trainer.model.eval()


def decode_by_the_book(model, ids):
    """One sentence, no cache, the whole prefix read again for each token."""
    src, written = make_source([ids]), [BOS_ID]
    while len(written) <= length_limit(len(ids) + 1, model.config.max_len):
        token = model(src, torch.tensor([written]))[0, -1].argmax().item()
        if token == EOS_ID:
            break
        written.append(token)
    return written[1:]


def test_batched_and_cached_equals_one_by_one_and_uncached(model, pairs):
    sources = [source for source, _ in pairs] + [[7, 8, 9, 10, 11, 12], [20]]
    outputs = greedy_decode(model, make_source(sources))
    assert outputs == [decode_by_the_book(model, source) for source in sources]
    assert len({len(output) for output in outputs}) > 2  # they really leave at different times


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
    one_by_one = [translate(model, tokenizer, [sentence])[0] for sentence in sentences]
    assert translate(model, tokenizer, sentences, batch_tokens) == one_by_one


def test_a_sentence_that_never_ends_is_stopped(new_trainer):
    model = new_trainer().model
    with torch.no_grad():
        model.embedding.weight[EOS_ID] = 0  # a logit of 0 is never the largest
        model.decoder.norm.weight.zero_()
        model.decoder.norm.bias.copy_(model.embedding.weight[7])
    outputs = greedy_decode(model, make_source([[5, 6], [5] * 25]))
    assert [len(output) for output in outputs] == [2 * 3 + 10, 40]  # the second meets max_len


def test_too_long_a_sentence_is_refused(model, tokenizer):
    with pytest.raises(ValueError, match="longer than max_len=40"):
        translate(model, tokenizer, ["word " * 60])
