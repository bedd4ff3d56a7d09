import pytest
import torch

from course_lib.ensembles import train_together
from course_lib.reversal import Reverser, backwards


def test_a_row_and_the_same_from_the_right_to_the_left():
    digits, answers = backwards(7, torch.Generator().manual_seed(0))
    assert digits.shape == answers.shape == (7, 10)
    assert set(digits.flatten().tolist()) <= set(range(10))
    assert answers[:, 0].tolist() == digits[:, -1].tolist()
    assert answers[:, 3].tolist() == digits[:, 6].tolist()


@pytest.mark.parametrize("norm_first", [True, False])
def test_it_can_be_learned_by_two_layers(norm_first):
    torch.manual_seed(0)
    [model] = train_together(lambda: Reverser(2, norm_first), backwards, 1, steps=250)
    digits, answers = backwards(50, torch.Generator().manual_seed(1))
    assert (model(digits).argmax(-1) == answers).float().mean() > 0.95


def test_pre_norm_ends_in_a_norm_and_post_norm_does_not():
    assert isinstance(Reverser(1, norm_first=True).encoder.norm, torch.nn.LayerNorm)
    assert isinstance(Reverser(1, norm_first=False).encoder.norm, torch.nn.Identity)
