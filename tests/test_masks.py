import pytest
import torch

from course_lib.masks import causal_mask, padding_mask


def test_padding_mask_shows_the_real_tokens():
    ids = torch.tensor([[5, 6, 0], [7, 0, 0]])
    expected = torch.tensor([[True, True, False], [True, False, False]])
    assert torch.equal(padding_mask(ids, pad_id=0), expected[:, None, None, :])


def test_causal_mask_is_the_lower_triangle():
    expected = torch.tensor([[True, False, False], [True, True, False], [True, True, True]])
    assert torch.equal(causal_mask(3), expected)


def test_causal_mask_of_new_tokens_is_the_end_of_the_whole_mask():
    assert torch.equal(causal_mask(2, 5), causal_mask(5)[-2:])


def test_causal_mask_needs_a_key_for_each_query():
    with pytest.raises(ValueError, match="num_keys=2 is smaller than num_queries=3"):
        causal_mask(3, 2)


def test_masks_combine():
    ids = torch.tensor([[5, 6, 0]])
    both = padding_mask(ids, 0) & causal_mask(3)
    assert both.shape == (1, 1, 3, 3)
    assert both.sum() == 5  # 1 + 2 + 2: the third key is padding
