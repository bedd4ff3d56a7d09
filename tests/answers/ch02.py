"""Right answers to chapter 02, written as people write them: at least two for each exercise."""

import math

import torch
import torch.nn.functional as F


def project_by_transpose(x, w_q, w_k, w_v):
    return x @ w_q.T, x @ w_k.T, x @ w_v.T


def project_by_einsum(x, w_q, w_k, w_v):
    return tuple(torch.einsum("...td,kd->...tk", x, w) for w in (w_q, w_k, w_v))


def causal_by_comparison(seq_len):
    place = torch.arange(seq_len)
    return place[:, None] >= place[None, :]


def causal_by_negation(seq_len):
    return ~torch.triu(torch.ones(seq_len, seq_len), diagonal=1).bool()


def causal_by_loops(seq_len):
    return torch.tensor([[key <= query for key in range(seq_len)] for query in range(seq_len)])


def padding_by_none(ids, pad_id):
    return (ids != pad_id)[:, None, :]


def padding_by_negation(ids, pad_id):
    return ~(ids == pad_id).unsqueeze(1)


def padding_by_ne(ids, pad_id):
    return torch.ne(ids, pad_id).view(ids.shape[0], 1, ids.shape[1])


def weights_filled(scores, mask):
    weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)
    return torch.where(mask.any(dim=-1, keepdim=True), weights, torch.zeros_like(weights))


def weights_by_rows_that_see_something(scores, mask):
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1)
    return weights.masked_fill(~mask.any(dim=-1, keepdim=True), 0.0)


def weights_without_nan(scores, mask):
    return torch.nan_to_num(torch.where(mask, scores, -math.inf).softmax(dim=-1))


def weights_by_where(scores, mask):
    hidden = torch.full_like(scores, -math.inf)
    weights = F.softmax(torch.where(mask, scores, hidden), dim=-1)
    return weights.masked_fill(~mask, 0.0)


def cross_with_linear(x, context, w_q, w_k, w_v, mask=None):
    q, k, v = F.linear(x, w_q), F.linear(context, w_k), F.linear(context, w_v)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1) @ v


def cross_with_everything_visible(x, context, w_q, w_k, w_v, mask=None):
    scores = torch.einsum("...qk,...ck->...qc", x @ w_q.T, context @ w_k.T)
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    return weights_filled(scores / math.sqrt(w_q.shape[0]), mask) @ (context @ w_v.T)


def leak_by_random_words(attend, x, t):
    changed = x.clone()
    changed[t + 1 :] = torch.randn(x[t + 1 :].shape)
    return (attend(x) - attend(changed))[: t + 1].abs().max()


def leak_by_shift(attend, x, t):
    future = x[t + 1 :] + torch.rand_like(x[t + 1 :]) + 1
    before, after = attend(x), attend(torch.cat([x[: t + 1], future]))
    return max((before[i] - after[i]).abs().max().item() for i in range(t + 1))


def leak_by_the_largest_of_a_row(attend, x, t):
    changed = torch.cat([x[: t + 1], 10 * torch.randn_like(x[t + 1 :])])
    change = (attend(x) - attend(changed)).abs()
    return max(change[i].amax() for i in range(t + 1))


def look_back_filled(q, k, v):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    hidden = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(hidden, -math.inf).softmax(-1) @ v


def look_back_shared_out_again(q, k, v):
    powers = (q @ k.mT / math.sqrt(q.shape[-1])).exp().tril()
    return powers / powers.sum(-1, keepdim=True) @ v


def fused_by_tril(q, k, v):
    allowed = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool, device=q.device).tril()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)


def fused_is_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def fused_added(q, k, v):
    n = q.shape[-2]
    bias = torch.full((n, n), -math.inf, dtype=q.dtype, device=q.device).triu(1)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


RIGHT = {
    "2.1": [project_by_transpose, project_by_einsum],
    "2.2": [causal_by_comparison, causal_by_negation, causal_by_loops],
    "2.3": [padding_by_none, padding_by_negation, padding_by_ne],
    "2.4": [
        weights_filled,
        weights_by_rows_that_see_something,
        weights_without_nan,
        weights_by_where,
    ],
    "2.5": [cross_with_linear, cross_with_everything_visible],
    "2.6": [leak_by_random_words, leak_by_shift, leak_by_the_largest_of_a_row],
    "2.7": [look_back_filled, look_back_shared_out_again],
    "2.8": [fused_by_tril, fused_is_causal, fused_added],
    "2.9": [(15, 12), torch.tensor([15.0, 12.0])],
}
