import torch
from torch import Generator

from course_lib.puzzles import THREE_DIGITS_FEATURES, three_digits


def test_each_token_asks_for_three_digits():
    features, wanted = three_digits(3, Generator().manual_seed(0))
    assert features.shape == (3, 8, THREE_DIGITS_FEATURES)
    places, digits, pointers = (x.argmax(-1) for x in features.split([8, 10, 8], dim=-1))
    for b in range(3):
        for t in range(8):
            assert places[b, t] == t
            neighbours = digits[b, t - 1], digits[b, (t + 1) % 8], digits[b, pointers[b, t]]
            assert wanted[b, t].tolist() == list(neighbours)


def test_the_same_dice_give_the_same_puzzles():
    one, other, fresh = (three_digits(2, Generator().manual_seed(s))[0] for s in (1, 1, 2))
    assert torch.equal(one, other)
    assert not torch.equal(one, fresh)
