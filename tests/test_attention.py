import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from course_lib.attention import (
    AdditiveScores,
    BilinearScores,
    DotProductAttention,
    attention,
    attention_weights,
    cosine_scores,
    dot_scores,
    scaled_dot_scores,
)

B, H, TQ, TK, DH, DV = 2, 3, 5, 7, 4, 6


@pytest.fixture
def qkv():
    torch.manual_seed(0)
    return torch.randn(B, H, TQ, DH), torch.randn(B, H, TK, DH), torch.randn(B, H, TK, DV)


@pytest.fixture
def mask():
    """A mask with holes, and one query (batch 1, position 2) that may attend to nothing."""
    torch.manual_seed(1)
    mask = torch.rand(B, 1, TQ, TK) > 0.4
    mask[..., 0] = True
    mask[1, 0, 2] = False
    return mask


def one_by_one(score, q, k):
    """The scores of each query with each key, computed a pair at a time."""
    rows = [[score(q[:, :, i], k[:, :, j]) for j in range(TK)] for i in range(TQ)]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def test_dot_scores(qkv):
    q, k, _ = qkv
    assert_close(dot_scores(q, k), one_by_one(lambda a, b: (a * b).sum(-1), q, k))


def test_scaled_dot_scores(qkv):
    q, k, _ = qkv
    assert_close(scaled_dot_scores(q, k), one_by_one(lambda a, b: (a * b).sum(-1) / 2, q, k))


def test_cosine_scores(qkv):
    q, k, _ = qkv
    assert_close(
        cosine_scores(q, k), one_by_one(lambda a, b: F.cosine_similarity(a, b, dim=-1), q, k)
    )


def test_cosine_of_a_zero_vector_is_zero():
    scores = cosine_scores(torch.zeros(1, DH), torch.randn(TK, DH))
    assert_close(scores, torch.zeros(1, TK))


def test_additive_scores(qkv):
    q, _, _ = qkv
    scores = AdditiveScores(d_query=DH, d_key=DV, d_hidden=9)
    keys = torch.randn(B, H, TK, DV)
    expected = one_by_one(
        lambda a, b: scores.v(torch.tanh(scores.q_proj(a) + scores.k_proj(b))).squeeze(-1), q, keys
    )
    assert_close(scores(q, keys), expected)


def test_bilinear_scores(qkv):
    q, _, keys = qkv
    scores = BilinearScores(d_query=DH, d_key=DV)
    expected = torch.einsum("bhid,ed,bhje->bhij", q, scores.proj.weight, keys)
    assert_close(scores(q, keys), expected)


def test_weights_are_shares_of_what_may_be_seen(mask):
    weights = attention_weights(torch.randn(B, H, TQ, TK), mask)
    visible = mask.expand_as(weights)
    assert (weights[~visible] == 0).all()
    assert (weights[visible] > 0).all()
    sums = weights.sum(-1)
    assert_close(sums, visible.any(-1).float())


def test_attention_equals_the_fused_kernel(qkv):
    assert_close(attention(*qkv), F.scaled_dot_product_attention(*qkv))


@pytest.fixture(params=["explicit", "fused kernel"])
def form(request):
    """Attention by each of its ways."""
    return attention if request.param == "explicit" else DotProductAttention()


@pytest.mark.parametrize("with_bias", [False, True])
def test_the_fused_kernel_gives_the_same(qkv, mask, with_bias):
    bias, fused = torch.randn(H, TQ, TK) if with_bias else None, DotProductAttention()
    assert_close(fused(*qkv, mask, bias), attention(*qkv, mask, bias))
    assert_close(fused(*qkv, None, bias), attention(*qkv, None, bias))


def test_the_kernel_keeps_its_precision_under_autocast():
    torch.manual_seed(0)
    q, k, v = (torch.randn(B, H, TQ, 4) for _ in range(3))
    with torch.autocast("cpu", torch.bfloat16):
        kept = DotProductAttention()(q, k, v)
        short = DotProductAttention()(q.bfloat16(), k.bfloat16(), v.bfloat16())
    assert_close(kept, attention(q, k, v))
    assert_close(short, attention(q, k, v), rtol=0, atol=0.05)


@pytest.mark.parametrize("with_bias", [False, True])
def test_a_query_with_nothing_to_look_at_gets_zeros_and_a_finite_gradient(
    qkv, mask, form, with_bias
):
    inputs = [x.requires_grad_() for x in qkv]
    bias = torch.randn(H, TQ, TK) if with_bias else None
    out = form(*inputs, mask, bias)
    assert_close(out[1, :, 2], torch.zeros(H, DV))
    out.square().sum().backward()
    assert all(x.grad.isfinite().all() for x in inputs)


def test_gradients_are_right(form, mask):
    torch.manual_seed(0)
    sizes = [(TQ, DH), (TK, DH), (TK, DH)]
    inputs = [torch.randn(B, H, *s, dtype=torch.float64, requires_grad=True) for s in sizes]
    assert torch.autograd.gradcheck(lambda q, k, v: form(q, k, v, mask), inputs)


def test_scaling_keeps_the_variance_of_scores_near_one():
    torch.manual_seed(0)
    q, k = torch.randn(2, 400, 256)
    assert_close(dot_scores(q, k).var().item(), 256.0, rtol=0.05, atol=0)
    assert_close(scaled_dot_scores(q, k).var().item(), 1.0, rtol=0.05, atol=0)


def test_large_scores_do_not_overflow():
    weights = attention_weights(torch.tensor([[1e4, 0.0, -math.inf]]))
    assert_close(weights, torch.tensor([[1.0, 0.0, 0.0]]))
