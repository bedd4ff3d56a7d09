from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.batching import make_source
from course_lib.decoding import consensus_decode, sample, split_generator
from course_lib.decoding.consensus import agreement, most_agreed
from course_lib.rouge import rouge_l

SOURCES = [[5, 6, 7, 8, 3], [4], [9, 3, 3], [10, 11, 4, 9, 5, 5, 7, 8], [3, 7]]
OUTPUTS = st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=8)


def dice(count, seed=0):
    return split_generator(torch.Generator().manual_seed(seed), count)


@given(OUTPUTS)
def test_agreement_is_rouge_l_of_tokens(outputs):
    one, other = outputs[0], outputs[-1]
    expected = rouge_l(" ".join(map(str, one)), " ".join(map(str, other)))
    if one or other:
        assert 100 * agreement(one, other) == pytest.approx(expected)
    else:
        assert agreement(one, other) == 1


@given(OUTPUTS)
def test_the_most_agreed_is_what_comparing_all_finds(outputs):
    means = [sum(agreement(one, other) for other in outputs) for one in outputs]
    best = means[outputs.index(most_agreed(outputs))]
    assert best == pytest.approx(max(means))


def test_what_is_drawn_twice_counts_twice():
    assert most_agreed([[1, 2], [3, 4], [3, 4]]) == [3, 4]
    assert most_agreed([[1, 2, 3], [1, 2, 9], [7, 2, 3], [8]]) == [1, 2, 3]


def test_of_equals_the_first():
    assert most_agreed([[1], [2], [3]]) == [1]
    assert most_agreed([[], []]) == []


def test_it_is_one_of_the_draws_and_the_same_for_the_same_seed(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    found = consensus_decode(model, src, dice(5), num_drawn=6, temperature=0.8)
    assert found == consensus_decode(model, src, dice(5), num_drawn=6, temperature=0.8)
    generators = dice(5)
    draws = [sample(model, src, generators, temperature=0.8) for _ in range(6)]
    for row, outputs in zip(found, zip(*draws, strict=True), strict=True):
        assert row in outputs
        assert row == most_agreed(outputs)
    assert len(Counter(map(tuple, found))) > 1


def test_one_draw_is_a_sample(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    alone = consensus_decode(model, src, dice(5), num_drawn=1, temperature=1.5)
    assert alone == sample(model, src, dice(5), temperature=1.5)
