import pytest
import torch

from course_lib.batching import make_source
from course_lib.decoding import (
    RereadPrefixes,
    WithoutRepeats,
    greedy_decode,
    sample,
    split_generator,
)
from course_lib.decoding.prefixes import Prefixes
from course_lib.decoding.sampling import draw
from course_lib.tokenization import BOS_ID, EOS_ID

SOURCES = [[5, 6, 7, 8, 3], [4], [9, 3, 3], [10, 11, 4, 9, 5, 5, 7, 8], [3, 7]]
PROBS = torch.tensor([0.1, 0.05, 0.5, 0.02, 0.33], dtype=torch.float64)


def dice(count, seed=0):
    return split_generator(torch.Generator().manual_seed(seed), count)


def shares(**options):
    """How often each token is drawn, on a fine grid of numbers instead of random ones."""
    uniform = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    tokens = draw(PROBS.log().expand(10_000, -1), uniform, **options)
    return tokens.bincount(minlength=5) / 10_000


def test_each_token_is_drawn_as_often_as_its_probability_says():
    torch.testing.assert_close(shares().double(), PROBS, atol=1e-4, rtol=0)


def test_a_low_temperature_sharpens_and_a_high_one_flattens():
    for temperature in (0.5, 2.0):
        expected = PROBS ** (1 / temperature)
        found = shares(temperature=temperature).double()
        torch.testing.assert_close(found, expected / expected.sum(), atol=2e-4, rtol=0)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"top_k": 1}, [2]),
        ({"top_k": 3}, [0, 2, 4]),
        ({"top_k": 99}, [0, 1, 2, 3, 4]),
        ({"top_p": 0.4}, [2]),
        ({"top_p": 0.82}, [2, 4]),
        ({"top_p": 0.84}, [0, 2, 4]),  # the one that reaches p belongs to the nucleus
        ({"top_p": 0.84, "top_k": 2}, [2, 4]),
    ],
)
def test_only_the_allowed_are_drawn_and_in_proportion(options, allowed):
    expected = torch.zeros_like(PROBS)
    expected[allowed] = PROBS[allowed] / PROBS[allowed].sum()
    torch.testing.assert_close(shares(**options).double(), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("impossible", [0, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_impossible_is_never_drawn(impossible, dtype):
    ends = torch.tensor([2**-24, 1.0], dtype=dtype)
    logits = torch.tensor([0.0, 0.5, 1.0], dtype=dtype)
    logits[impossible] = -1e4
    for options in ({}, {"top_p": 0.999}):
        assert impossible not in draw(logits.expand(2, -1), ends, **options)


def test_one_allowed_word_is_greedy(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    assert sample(model, src, dice(5), top_k=1) == greedy_decode(model, src)


def test_the_same_seed_says_the_same_and_another_one_does_not(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    first = sample(model, src, dice(5))
    assert sample(model, src, dice(5)) == first
    assert sample(model, src, dice(5, seed=1)) != first


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2], [1, 3]])
def test_a_sentence_does_not_depend_on_its_batch(lively_model, order):
    model = lively_model()
    together = sample(model, make_source(SOURCES), dice(5))
    generators = dice(5)
    some = sample(model, make_source([SOURCES[i] for i in order]), [generators[i] for i in order])
    assert some == [together[i] for i in order]


@pytest.mark.parametrize("prefixes", [Prefixes, RereadPrefixes, WithoutRepeats])
def test_drawn_several_times_a_sentence_does_not_depend_on_its_batch(lively_model, prefixes):
    model = lively_model()

    def drawn(sentences, generators):
        options = {"temperature": 1.5, "prefixes": prefixes, "num_drawn": 4}
        outputs = sample(model, make_source(sentences), generators, **options)
        return [outputs[i : i + 4] for i in range(0, len(outputs), 4)]

    together = drawn(SOURCES, dice(5))
    alone = [drawn([s], [g])[0] for s, g in zip(SOURCES, dice(5), strict=True)]
    assert together == alone
    assert max(len(set(map(tuple, outputs))) for outputs in together) == 4


def test_drawn_several_times_cached_equals_uncached(lively_model):
    model, src = lively_model(), make_source(SOURCES)
    options = {"temperature": 1.5, "num_drawn": 6}
    cached = sample(model, src, dice(5), **options)
    assert cached == sample(model, src, dice(5), **options, prefixes=RereadPrefixes)


def test_the_more_are_drawn_the_nearer_to_the_model(lively_model):
    """How often a first token is drawn, against its probability."""
    model, src = lively_model(), make_source([SOURCES[0]])
    outputs = sample(model, src, dice(1), num_drawn=4_000, longest=1)
    first = torch.tensor([ids[0] if ids else EOS_ID for ids in outputs])
    probs = model(src, torch.tensor([[BOS_ID]]))[0, 0].softmax(dim=-1)
    found = first.bincount(minlength=len(probs)).to(probs) / len(first)
    torch.testing.assert_close(found, probs.detach(), atol=0.03, rtol=0)


def test_more_sentences_do_not_change_the_first_ones():
    few, many = dice(3), dice(50)
    assert [g.initial_seed() for g in few] == [g.initial_seed() for g in many[:3]]
    assert len({g.initial_seed() for g in many}) == 50


@pytest.mark.parametrize("seed", range(4))
def test_cached_equals_uncached(lively_model, seed):
    model, src = lively_model(seed), make_source(SOURCES)
    cached = sample(model, src, dice(5), temperature=1.5)
    reread = sample(model, src, dice(5), temperature=1.5, prefixes=RereadPrefixes)
    assert reread == cached


@pytest.mark.parametrize(
    "options", [{"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}]
)
def test_impossible_settings_are_refused(lively_model, options):
    with pytest.raises(ValueError, match="expected temperature above 0"):
        sample(lively_model(), make_source([[5]]), dice(1), **options)


def test_each_sentence_needs_a_generator(lively_model):
    with pytest.raises(ValueError, match="expected 2 generators, one a sentence, got 1"):
        sample(lively_model(), make_source([[5], [6]]), dice(1))
