from functools import partial

import pytest
import torch

from course_lib.decoding import WithoutRepeats, beam_search, greedy_decode
from course_lib.decoding.repeats import repeating


def groups(ids, n):
    return [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_exactly_the_tokens_that_would_repeat_are_found(n):
    torch.manual_seed(0)
    written = torch.randint(3, (40, 9))
    for length in range(10):
        found = repeating(written[:, :length], 4, n)
        for ids, forbidden in zip(written[:, :length].tolist(), found.tolist(), strict=True):
            before = set(groups(ids, n))
            continued = [groups([*ids, token], n)[-1:] for token in range(4)]
            assert forbidden == [bool(last) and last[0] in before for last in continued]


@pytest.mark.parametrize("decode", [greedy_decode, beam_search])
@pytest.mark.parametrize("n", [2, 3])
def test_nothing_is_written_twice(lively_model, decode, n):
    torch.manual_seed(0)
    src = torch.randint(3, 12, (12, 6))
    repeated = 0
    for seed in range(3):
        model = lively_model(seed)
        free = decode(model, src)
        blocked = decode(model, src, prefixes=partial(WithoutRepeats, n=n))
        for before, after in zip(free, blocked, strict=True):
            assert len(set(groups(after, n))) == len(groups(after, n))
            repeats = len(set(groups(before, n))) < len(groups(before, n))
            repeated += repeats
            if not repeats and decode is greedy_decode:
                assert after == before
    assert repeated > 5
