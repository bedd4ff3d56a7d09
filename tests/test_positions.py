import math

import pytest
import torch
from torch.testing import assert_close

from course_lib.positions import (
    LearnedPositions,
    RotaryPositions,
    SinusoidalPositions,
    alibi_bias,
    alibi_slopes,
    sinusoidal_table,
)

B, H, T, D, DH = 2, 3, 5, 12, 8


@pytest.mark.parametrize("d_model", [12, 7])
def test_sinusoidal_table_is_the_papers_formula(d_model):
    table = sinusoidal_table(T, d_model)
    assert table.shape == (T, d_model)
    for position in range(T):
        for feature in range(d_model):
            angle = position / 10_000 ** (2 * (feature // 2) / d_model)
            expected = math.cos(angle) if feature % 2 else math.sin(angle)
            assert table[position, feature].item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", [SinusoidalPositions, LearnedPositions])
def test_positions_run_along_time_and_not_along_the_batch(kind):
    positions = kind(9, D)
    added = positions(torch.zeros(B, T, D))
    assert_close(added[0], added[1])
    assert not torch.allclose(added[0, 0], added[0, 1])


@pytest.mark.parametrize("kind", [SinusoidalPositions, LearnedPositions])
def test_added_positions_can_start_later(kind):
    positions, x = kind(9, D), torch.randn(B, T, D)
    assert_close(positions(x[:, 2:], start=2), positions(x)[:, 2:])


def test_tables_that_can_be_computed_are_not_saved():
    assert SinusoidalPositions(9, D).state_dict() == {}
    assert RotaryPositions(9, DH).state_dict() == {}


def test_rotary_turns_each_pair_by_its_angle():
    x = torch.randn(B, H, T, DH, dtype=torch.float64)
    as_complex = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
    exponent = torch.arange(0, DH, 2, dtype=torch.float64) / DH
    theta = torch.arange(T)[:, None] * 10_000.0**-exponent
    expected = torch.view_as_real(as_complex * torch.polar(torch.ones_like(theta), theta))
    assert_close(RotaryPositions(9, DH).double()(x), expected.flatten(-2), rtol=1e-5, atol=1e-6)


def test_rotary_keeps_lengths_and_leaves_only_the_distance():
    rotary = RotaryPositions(64, DH)
    q, k = torch.randn(2, 1, 1, 1, DH)
    assert_close(rotary(q, 17).norm(), q.norm())
    near, far = ((rotary(q, i) * rotary(k, i + 3)).sum() for i in (2, 50))
    assert_close(near, far, rtol=1e-4, atol=1e-5)
    other = (rotary(q, 2) * rotary(k, 9)).sum()
    assert not torch.allclose(near, other)


def test_rotary_can_start_later():
    rotary, x = RotaryPositions(9, DH), torch.randn(B, H, T, DH)
    assert_close(rotary(x[:, :, 2:], start=2), rotary(x)[:, :, 2:])


def test_rotary_needs_pairs():
    with pytest.raises(ValueError, match="d_head=7 is odd"):
        RotaryPositions(9, 7)


def test_alibi_slopes_are_the_papers():
    assert_close(alibi_slopes(8), torch.tensor([2.0**-i for i in range(1, 9)]))
    twelve = alibi_slopes(12)
    assert_close(twelve[:8], alibi_slopes(8))
    assert_close(twelve[8:], torch.tensor([2.0**-0.5, 2.0**-1.5, 2.0**-2.5, 2.0**-3.5]))


def test_alibi_is_minus_slope_times_distance():
    bias = alibi_bias(H, T)
    assert bias.shape == (H, T, T)
    for head, slope in enumerate(alibi_slopes(H)):
        for i in range(T):
            for j in range(T):
                assert bias[head, i, j].item() == pytest.approx(-slope.item() * abs(i - j))


def test_alibi_of_new_tokens_is_the_end_of_the_whole_bias():
    assert_close(alibi_bias(H, 2, T), alibi_bias(H, T)[:, -2:])
