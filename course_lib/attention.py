"""Attention, from scores to output: how well does each key answer each query?

Shapes, here and everywhere: q (..., Tq, Dh), k (..., Tk, Dh), v (..., Tk, Dv), scores and weights
(..., Tq, Tk), with any leading axes, usually (B, H).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def dot_scores(q: Tensor, k: Tensor) -> Tensor:
    """Dot product of each query with each key. Luong et al. (2015), section 3.1."""
    return q @ k.transpose(-2, -1)


def scaled_dot_scores(q: Tensor, k: Tensor) -> Tensor:
    """Dot product over the square root of the head's size, so that its variance stays near 1.

    Vaswani et al. (2017), section 3.2.1.
    """
    return dot_scores(q, k) / math.sqrt(q.shape[-1])


def cosine_scores(q: Tensor, k: Tensor, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between each query and each key, from -1 to 1.

    A vector shorter than `eps` is divided by `eps`: a zero vector scores 0 with everything.
    Graves et al. (2014), section 3.3.1.
    """
    return dot_scores(F.normalize(q, dim=-1, eps=eps), F.normalize(k, dim=-1, eps=eps))


class AdditiveScores(nn.Module):
    """Scores from a small network: vᵀ tanh(W_q q + W_k k).

    Bahdanau et al. (2015), appendix A.1.2. Queries and keys may differ in size.

    Shapes: q (..., Tq, d_query), k (..., Tk, d_key). Returns (..., Tq, Tk).
    """

    def __init__(self, d_query: int, d_key: int, d_hidden: int):
        super().__init__()
        self.q_proj = nn.Linear(d_query, d_hidden, bias=False)
        self.k_proj = nn.Linear(d_key, d_hidden, bias=False)
        self.v = nn.Linear(d_hidden, 1, bias=False)

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        pairs = self.q_proj(q).unsqueeze(-2) + self.k_proj(k).unsqueeze(-3)  # (..., Tq, Tk, hidden)
        return self.v(torch.tanh(pairs)).squeeze(-1)


class BilinearScores(nn.Module):
    """Scores through a learned matrix: qᵀ W k, the "general" of Luong et al. (2015), section 3.1.

    Shapes: q (..., Tq, d_query), k (..., Tk, d_key). Returns (..., Tq, Tk).
    """

    def __init__(self, d_query: int, d_key: int):
        super().__init__()
        self.proj = nn.Linear(d_query, d_key, bias=False)

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return dot_scores(self.proj(q), k)


def attention_weights(
    scores: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
) -> Tensor:
    """Softmax over the keys of scores + bias, with hidden keys at exactly zero.

    Shapes: scores (..., Tq, Tk); mask (True = may attend) and bias broadcastable to it. Returns
    (..., Tq, Tk); each row sums to 1, or is all zeros if its query may attend to nothing.
    """
    if bias is not None:
        scores = scores + bias
    if mask is None:
        return scores.softmax(dim=-1)
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1)
    # A row of nothing but -inf has no softmax (0 / 0): such a query takes nothing from anywhere.
    return weights.masked_fill(~mask, 0.0)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
) -> Tensor:
    """Average the values, weighted by how well their keys answer each query: softmax(QKᵀ/√d_k) V.

    Vaswani et al. (2017), equation 1. The explicit form, to be read; `DotProductAttention` gives
    the same result without storing the weights.

    Shapes: q (..., Tq, Dh), k (..., Tk, Dh), v (..., Tk, Dv); mask (True = may attend) and bias
    (added to the scores) broadcastable to (..., Tq, Tk). Returns (..., Tq, Dv).
    """
    return attention_weights(scaled_dot_scores(q, k), mask, bias) @ v


class DotProductAttention(nn.Module):
    """`attention` by PyTorch's kernel: where, in a model, mask and bias meet the scores.

    Its fused form never stores the weights. This is the leaf of every model here, so
    `record_attention` hooks it and sees exactly q, k, v, mask and bias. It has no dropout (the
    CPU's fused kernel refuses it).

    Shapes: as `attention`, with exactly two leading axes (B, H).
    """

    def forward(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mask: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        if bias is not None:
            mask = bias if mask is None else bias.masked_fill(~mask, -math.inf)
        # Under autocast, too: in bfloat16 the CPU's kernel takes seven times as long to go back.
        dtype = torch.promote_types(q.dtype, torch.float32)
        with torch.autocast(q.device.type, enabled=False):
            return F.scaled_dot_product_attention(
                q.to(dtype), k.to(dtype), v.to(dtype), attn_mask=mask
            )
