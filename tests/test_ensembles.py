import torch
from torch import nn
from torch.testing import assert_close

from course_lib.ensembles import train_together
from course_lib.layers import MultiHeadAttention


class Reader(nn.Module):
    """Which of three classes is it, for each token?"""

    def __init__(self):
        super().__init__()
        self.look = MultiHeadAttention(6, 2)
        self.answer = nn.Linear(6, 3)

    def forward(self, x):
        return self.answer(self.look(x, x))


def same_for_all(size, dice):
    """The same batch for each model, whatever their number."""
    x = torch.randn(8, 5, 6, generator=torch.Generator().manual_seed(int(dice.initial_seed())))
    y = x[..., :3].argmax(-1)
    return x.repeat(size // 8, 1, 1), y.repeat(size // 8, 1)


def trained(num_models, steps=40):
    return train_together(Reader, same_for_all, num_models, steps, batch_size=8)


def test_a_model_learns_the_same_alone_and_in_company():
    [alone], together = trained(1), trained(3)
    for (name, a), b in zip(alone.named_parameters(), together[0].parameters(), strict=True):
        assert_close(a, b, msg=lambda text, name=name: f"{name}: {text}")
    assert not torch.allclose(alone.answer.weight, together[1].answer.weight)


def test_they_learn_and_leave_the_session_as_it_was():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    x, y = same_for_all(8, torch.Generator().manual_seed(0))
    for model in trained(2, steps=200):
        assert (model(x).argmax(-1) == y).float().mean() > 0.8
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_the_losses_of_each_step_are_told():
    told = []
    train_together(Reader, same_for_all, 2, steps=5, batch_size=8, watch=told.append)
    assert [losses.shape for losses in told] == [(2,)] * 5
    train_together(Reader, same_for_all, 1, steps=5, batch_size=8, watch=told.append)
    assert_close(told[5], told[0][:1])


def test_warm_up_makes_the_first_steps_small():
    def first_change(warmup):
        told = []
        train_together(Reader, same_for_all, 1, 100, 8, warmup=warmup, watch=told.append)
        return (told[1] - told[0]).abs().item()

    assert first_change(0) > 10 * first_change(100) > 0
