from collections import Counter

import pytest

from course_lib.bpe_dropout import VARIANTS, BpeDropout
from course_lib.tokenization import Tokenizer
from course_lib.training import TrainingConfig

SOURCES = ["a man reads the newspaper", "the man's dogs run — über 3 fields", "dogs", "the man"]
TARGETS = ["ein Mann liest die Zeitung", "die Hunde laufen über 3 Felder", "Hunde", "der Mann"]


@pytest.fixture
def cut():
    tokenizer = Tokenizer.train(SOURCES * 3 + TARGETS * 3, vocab_size=340)
    whole = list(zip(tokenizer.encode_batch(SOURCES), tokenizer.encode_batch(TARGETS), strict=True))

    def make(p, **options):
        return BpeDropout(tokenizer, SOURCES, whole, p, **options)

    return tokenizer, whole, make


def test_without_dropout_it_cuts_as_the_tokenizer(cut):
    _, whole, make = cut
    assert make(0.0)(0) == whole


def test_other_pieces_and_the_same_text(cut):
    tokenizer, whole, make = cut
    dropped = make(0.3)
    seen = Counter()
    for epoch in range(20):
        assert [target for _, target in dropped(epoch)] == [target for _, target in whole]
        for (source, _), text in zip(dropped(epoch), SOURCES, strict=True):
            assert tokenizer.decode(source) == text
            seen[text, tuple(source)] += 1
    assert len([1 for text, _ in seen if text == SOURCES[0]]) > 10
    assert sum(map(len, (ids for _, ids in seen))) / len(seen) > len(whole[0][0])


def test_the_more_is_left_out_the_smaller_the_pieces(cut):
    _, _, make = cut

    def length(p):
        return sum(len(source) for epoch in range(5) for source, _ in make(p)(epoch))

    assert length(0.0) < length(0.1) < length(0.5) < length(0.999)
    alone = make(0.999999)(0)  # nothing is ever merged: every byte stands alone
    assert [len(source) for source, _ in alone] == [len(f" {s}".encode()) for s in SOURCES]


def test_a_seed_and_an_epoch_decide(cut):
    _, _, make = cut
    assert make(0.3)(4) == make(0.3)(4)
    assert make(0.3)(4) != make(0.3)(5)
    assert make(0.3)(4) != make(0.3, seed=1)(4)
    assert {len(ways) for ways in make(0.3).ways} == {VARIANTS}


def test_what_would_be_too_long_is_cut_as_ever(cut):
    _, whole, make = cut
    limit = max(len(source) for source, _ in whole) + 1
    pairs = [pair for epoch in range(10) for pair in make(0.5, max_len=limit)(epoch)]
    assert max(len(source) for source, _ in pairs) < limit
    assert whole[1] in pairs


def test_a_share_that_makes_no_sense():
    with pytest.raises(ValueError, match="bpe_dropout must be at least 0 and below 1, got 1"):
        TrainingConfig(1, bpe_dropout=1.0)
