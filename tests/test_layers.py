import pytest
import torch
from torch import nn
from torch.testing import assert_close

from course_lib.layers import (
    DecoderLayer,
    Dropout,
    EncoderLayer,
    FeedForward,
    MultiHeadAttention,
    PostNormResidual,
    PreNormResidual,
    WordDropout,
)
from course_lib.masks import causal_mask
from course_lib.parity import copy_attention, copy_decoder_layer, copy_encoder_layer, randomize
from course_lib.positions import RotaryPositions

B, TQ, TK, D, H, F = 2, 5, 7, 12, 3, 20


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def key_mask():
    """Sentences of 7 and 4 tokens, padded to 7."""
    return (torch.arange(TK) < torch.tensor([[7], [4]]))[:, None, None, :]


def made(module, dtype=torch.float64):
    randomize(module)
    return module.to(dtype).eval()


def test_multi_head_attention_equals_torch(key_mask):
    ours = made(MultiHeadAttention(D, H))
    theirs = nn.MultiheadAttention(D, H, batch_first=True, dtype=torch.float64)
    copy_attention(ours, theirs)
    x, memory = torch.randn(B, TQ, D).double(), torch.randn(B, TK, D).double()
    hidden = ~key_mask[:, 0, 0]  # torch's key_padding_mask means the opposite: True hides
    expected, _ = theirs(x, memory, memory, key_padding_mask=hidden)
    assert_close(ours(x, memory, key_mask), expected)


def test_causal_self_attention_equals_torch():
    ours = made(MultiHeadAttention(D, H))
    theirs = nn.MultiheadAttention(D, H, batch_first=True, dtype=torch.float64)
    copy_attention(ours, theirs)
    x = torch.randn(B, TQ, D).double()
    expected, _ = theirs(x, x, x, attn_mask=~causal_mask(TQ))
    assert_close(ours(x, x, causal_mask(TQ)), expected)


@pytest.mark.parametrize("norm_first", [True, False])
def test_encoder_layer_equals_torch(norm_first, key_mask):
    ours = made(EncoderLayer(D, H, F, norm_first=norm_first))
    theirs = nn.TransformerEncoderLayer(D, H, F, batch_first=True, norm_first=norm_first).double()
    copy_encoder_layer(ours, theirs)
    x = torch.randn(B, TK, D).double()
    expected = theirs.eval()(x, src_key_padding_mask=~key_mask[:, 0, 0])
    real = key_mask[:, 0, 0]
    assert_close(ours(x, key_mask)[real], expected[real])


@pytest.mark.parametrize("norm_first", [True, False])
def test_decoder_layer_equals_torch(norm_first, key_mask):
    ours = made(DecoderLayer(D, H, F, norm_first=norm_first))
    theirs = nn.TransformerDecoderLayer(D, H, F, batch_first=True, norm_first=norm_first).double()
    copy_decoder_layer(ours, theirs)
    x, memory = torch.randn(B, TQ, D).double(), torch.randn(B, TK, D).double()
    expected = theirs.eval()(
        x, memory, tgt_mask=~causal_mask(TQ), memory_key_padding_mask=~key_mask[:, 0, 0]
    )
    assert_close(ours(x, memory, causal_mask(TQ), key_mask), expected)


def test_split_and_merge_are_inverse_and_split_keeps_features_together():
    attn, x = MultiHeadAttention(D, H), torch.randn(B, TQ, D)
    heads = attn.split_heads(x)
    assert heads.shape == (B, H, TQ, D // H)
    assert_close(heads[1, 2, 3], x[1, 3, 8:12])  # head 2 has features 8 … 11 of word 3
    assert_close(attn.merge_heads(heads), x)


def test_the_future_cannot_change_the_past():
    attn, x = MultiHeadAttention(D, H), torch.randn(1, TQ, D)
    changed = torch.cat([x[:, :3], torch.randn(1, 2, D)], dim=1)
    before, after = (attn(s, s, causal_mask(TQ)) for s in (x, changed))
    assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])  # proof that this test can fail


def test_without_positions_permuted_words_give_permuted_outputs():
    layer, x = made(EncoderLayer(D, H, F)), torch.randn(B, TQ, D).double()
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_close(layer(x[:, order]), layer(x)[:, order])


def test_rotary_positions_break_that_symmetry():
    layer = made(EncoderLayer(D, H, F, rotary=RotaryPositions(9, D // H)))
    x, order = torch.randn(B, TQ, D).double(), torch.tensor([3, 0, 4, 1, 2])
    assert not torch.allclose(layer(x[:, order]), layer(x)[:, order])


def test_num_heads_must_divide_d_model():
    with pytest.raises(ValueError, match="d_model=10 is not divisible by num_heads=3"):
        MultiHeadAttention(10, 3)


def test_feed_forward_sees_each_position_alone():
    feed_forward, x = FeedForward(D, F), torch.randn(B, TQ, D)
    assert_close(feed_forward(x)[:, 2:3], feed_forward(x[:, 2:3]))


def test_residuals_norm_before_or_after():
    pre, post, x = PreNormResidual(D), PostNormResidual(D), torch.randn(B, TQ, D)
    norm = torch.nn.functional.layer_norm
    assert_close(pre(x, torch.tanh), x + norm(x, [D]).tanh())
    assert_close(post(x, torch.tanh), norm(x + x.tanh(), [D]))


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_drops_the_right_share_and_keeps_the_mean(p):
    dropped = Dropout(p)(torch.ones(1000, 1001))
    share = round(p * 256) / 256
    assert_close((dropped == 0).float().mean().item(), share, rtol=0, atol=0.002)
    assert_close(dropped.mean().item(), 1.0, rtol=0, atol=0.005)
    assert_close(dropped.max().item(), 1 / (1 - share))


def test_dropout_is_independent_from_element_to_element():
    dropped = (Dropout(0.5)(torch.ones(4, 100_000)) == 0).double()
    neighbours = torch.corrcoef(torch.stack([dropped[0][:-1], dropped[0][1:]]))[0, 1]
    rows = torch.corrcoef(dropped) - torch.eye(4)
    assert max(neighbours.abs(), rows.abs().max()) < 0.02


def test_dropout_is_off_in_evaluation_and_seeded_in_training():
    x = torch.ones(3, 5)
    assert Dropout(0.9).eval()(x) is x
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(Dropout(0.5)(x))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("p", [-0.1, 1.0])
@pytest.mark.parametrize("layer", [Dropout, WordDropout])
def test_dropout_refuses_what_is_no_share(layer, p):
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        layer(p)


def test_word_dropout_hides_whole_tokens_and_leaves_the_others_alone():
    torch.manual_seed(0)
    x = torch.ones(100, 100, 4)
    kept = WordDropout(0.3)(x)
    assert ((kept == 0).all(dim=-1) | (kept == x).all(dim=-1)).all()
    assert_close((kept[..., 0] == 0).float().mean().item(), 0.3, rtol=0, atol=0.02)
    assert WordDropout(0.3).eval()(x) is x
    assert WordDropout(0.0)(x) is x


def test_gradients_of_a_decoder_layer_are_right():
    layer = made(DecoderLayer(4, 2, 6))
    x = torch.randn(1, 3, 4, dtype=torch.float64, requires_grad=True)
    memory = torch.randn(1, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: layer(a, b, causal_mask(3)), (x, memory))
