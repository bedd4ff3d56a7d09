from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.batching import make_source
from course_lib.decoding import consensus_decode, sample, split_generator
from course_lib.decoding.consensus import agreement, most_agreed
from course_lib.errors import CourseError
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


def drawn(model, src, counts, **options):
    """What `consensus_decode` chooses from, if it draws so many at a time: a list a sentence."""
    outputs = [[] for _ in src]
    generators = [split_generator(generator, len(counts)) for generator in dice(len(src))]
    for count, *own in zip(counts, *generators, strict=True):
        made = sample(model, src, own, num_drawn=count, **options)
        for i, of_sentence in enumerate(outputs):
            of_sentence += made[count * i :][:count]
    return outputs


def test_it_is_one_of_the_draws_and_the_same_for_the_same_seed(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    found = consensus_decode(model, src, dice(5), num_drawn=6, temperature=0.8)
    assert found == consensus_decode(model, src, dice(5), num_drawn=6, temperature=0.8)
    assert found == list(map(most_agreed, drawn(model, src, [6], temperature=0.8)))
    assert len(Counter(map(tuple, found))) > 1


def test_one_draw_is_a_sample(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    alone = consensus_decode(model, src, dice(5), num_drawn=1, temperature=1.5)
    assert alone == [outputs[0] for outputs in drawn(model, src, [1], temperature=1.5)]


def test_many_are_drawn_a_part_at_a_time(lively_model, monkeypatch):
    model, src = lively_model(), make_source(SOURCES)
    monkeypatch.setattr("course_lib.decoding.consensus.AT_ONCE", 4)
    found = consensus_decode(model, src, dice(5), num_drawn=10, temperature=1.0)
    assert found == list(map(most_agreed, drawn(model, src, [4, 4, 2], temperature=1.0)))


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2], [1, 3]])
def test_a_sentence_does_not_depend_on_its_batch(lively_model, order, monkeypatch):
    monkeypatch.setattr("course_lib.decoding.consensus.AT_ONCE", 3)
    model, generators = lively_model(), dice(5)
    together = consensus_decode(model, make_source(SOURCES), dice(5), num_drawn=8, temperature=1.5)
    src, own = make_source([SOURCES[i] for i in order]), [generators[i] for i in order]
    some = consensus_decode(model, src, own, num_drawn=8, temperature=1.5)
    assert some == [together[i] for i in order]


def test_of_none_there_is_no_consensus(lively_model):
    with pytest.raises(CourseError, match="num_drawn must be at least 1, got 0"):
        consensus_decode(lively_model(), make_source([[5]]), dice(1), num_drawn=0)
