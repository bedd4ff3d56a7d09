import itertools

import pytest
import torch
from decoding_by_the_book import beam, exhaustive

from course_lib.batching import make_source
from course_lib.decoding import RereadPrefixes, beam_search, greedy_decode, score
from course_lib.decoding.beam import length_divisor
from course_lib.decoding.prefixes import Prefixes

SOURCES = [[5, 6, 7, 8, 3], [4], [9, 3, 3], [10, 11, 4, 9, 5, 5, 7, 8], [3, 7]]


def test_the_divisor_is_that_of_the_paper():
    assert length_divisor(1, 0.6) == 1
    assert length_divisor(7, 0.5) == pytest.approx(2**0.5)
    assert length_divisor(40, 0.0) == 1


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_that_holds_everything_finds_the_best_of_all_sentences(lively_model, seed, penalty):
    model = lively_model(seed, vocab_size=5, max_len=4)
    src = make_source([[3, 4]])
    best, best_score = exhaustive(model, src, penalty)
    # 4 words besides the end token, at most 3 before the last: 4 ** 3 open hypotheses times 5
    (found,) = beam_search(model, src, beam_size=4**3 * 5, length_penalty=penalty)
    assert found == best
    length = min(len(found) + 1, 4)
    reached = score(model, src, [found]).item() / length_divisor(length, penalty)
    assert reached == pytest.approx(best_score, abs=1e-12)


def test_a_narrow_beam_does_not_always_find_it(lively_model):
    missed = 0
    for seed in range(8):
        model, src = lively_model(seed, vocab_size=5, max_len=4), make_source([[3, 4]])
        missed += beam_search(model, src, 1, 0.6) != [exhaustive(model, src, 0.6)[0]]
    assert missed


@pytest.mark.parametrize(("beam_size", "penalty"), [(2, 0.0), (3, 0.6), (5, 1.0), (5, 3.0)])
@pytest.mark.parametrize("seed", range(4))
def test_batched_cached_and_ended_early_equals_the_textbook(lively_model, seed, beam_size, penalty):
    model = lively_model(seed)
    outputs = beam_search(model, make_source(SOURCES), beam_size, penalty)
    assert outputs == [beam(model, make_source([s]), beam_size, penalty) for s in SOURCES]


def test_these_models_are_worth_searching(lively_model):
    """The outputs above differ in length, and from greedy ones; beams end at different times."""
    outputs, greedy = [], []
    for seed in range(4):
        outputs += beam_search(lively_model(seed), make_source(SOURCES), 5, 1.0)
        greedy += greedy_decode(lively_model(seed), make_source(SOURCES))
    assert len({len(output) for output in outputs}) > 4
    assert sum(a != b for a, b in zip(outputs, greedy, strict=True)) > 0


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_greedy(lively_model, seed, penalty):
    model, src = lively_model(seed), make_source(SOURCES)
    assert beam_search(model, src, 1, penalty) == greedy_decode(model, src)


@pytest.mark.parametrize("seed", range(4))
def test_cached_equals_uncached(lively_model, seed):
    model, src = lively_model(seed), make_source(SOURCES)
    cached = beam_search(model, src, 3)
    assert beam_search(model, src, 3, prefixes=RereadPrefixes) == cached


def test_a_sentence_does_not_depend_on_its_batch(lively_model):
    model = lively_model()
    together = beam_search(model, make_source(SOURCES), 4)
    for size in (1, 2):
        for chosen in itertools.permutations(range(len(SOURCES)), size):
            outputs = beam_search(model, make_source([SOURCES[i] for i in chosen]), 4)
            assert outputs == [together[i] for i in chosen]


def test_a_high_penalty_makes_longer_sentences(lively_model):
    def words(penalty):
        outputs = [beam_search(lively_model(s), make_source(SOURCES), 5, penalty) for s in range(4)]
        return sum(len(output) for batch in outputs for output in batch)

    assert words(0.0) < words(1.0) < words(3.0)


def test_it_stops_when_nothing_open_can_win(lively_model):
    steps = []

    class Counted(Prefixes):
        def next_logits(self, tokens):
            steps.append(len(tokens))
            return super().next_logits(tokens)

    model, src = lively_model(), make_source(SOURCES)
    outputs = beam_search(model, src, 4, 0.0, Counted)
    assert len(steps) < model.config.max_len
    assert len(steps) >= max(map(len, outputs))
    assert steps[0] == len(SOURCES)  # one hypothesis each, then 4
    assert steps[1] == 4 * len(SOURCES)
    assert steps[-1] < steps[1]  # sentences left


@pytest.mark.parametrize(("beam_size", "penalty"), [(0, 1.0), (3, -0.5), (3, float("nan"))])
def test_impossible_settings_are_refused(lively_model, beam_size, penalty):
    with pytest.raises(ValueError, match=f"got {beam_size} and {penalty}"):
        beam_search(lively_model(), torch.tensor([[5, 2]]), beam_size, penalty)
