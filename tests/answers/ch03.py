"""Right answers to chapter 03, written as people write them: at least two for each exercise."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def split_with_view(x, num_heads):
    batch, tokens, features = x.shape
    return x.view(batch, tokens, num_heads, features // num_heads).transpose(1, 2)


def split_with_chunks(x, num_heads):
    return torch.stack(x.chunk(num_heads, dim=-1), dim=1)


def split_head_by_head(x, num_heads):
    size = x.size(2) // num_heads
    heads = [x[:, :, h * size : (h + 1) * size].unsqueeze(1) for h in range(num_heads)]
    return torch.cat(heads, 1)


def merge_with_reshape(x):
    b, h, t, dh = x.shape
    return x.permute(0, 2, 1, 3).reshape(b, t, h * dh)


def merge_with_contiguous(x):
    return x.transpose(1, 2).contiguous().view(x.size(0), x.size(2), -1)


def merge_with_cat(x):
    return torch.cat(x.unbind(1), dim=-1)


class Parts(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("heads of unequal size")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)


class WithTheFusedKernel(Parts):
    def forward(self, x, context, mask=None):
        q = split_with_view(self.q_proj(x), self.num_heads)
        k = split_with_view(self.k_proj(context), self.num_heads)
        v = split_with_view(self.v_proj(context), self.num_heads)
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out_proj(merge_with_contiguous(found))


class ByHand(Parts):
    def forward(self, x, context, mask=None):
        batch, num_queries, d_model = x.shape
        size = d_model // self.num_heads
        q = self.q_proj(x).view(batch, num_queries, self.num_heads, size)
        k = self.k_proj(context).view(batch, -1, self.num_heads, size)
        v = self.v_proj(context).view(batch, -1, self.num_heads, size)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(size)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        found = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), v)
        return self.out_proj(found.reshape(batch, num_queries, d_model))


def count_formula(d_model, num_heads, bias=True):
    return 4 * d_model * (d_model + bias)


def count_modules(d_model, num_heads, bias=True):
    maps = [nn.Linear(d_model, d_model, bias=bias) for _ in range(4)]
    return sum(p.numel() for linear in maps for p in linear.parameters())


def count_head_by_head(d_model, num_heads, bias=True):
    d_head = d_model // num_heads
    total = 0
    for _ in range(num_heads):
        total += 3 * d_model * d_head
        if bias:
            total += 3 * d_head
    return total + d_model**2 + (d_model if bias else 0)


def flops_product_by_product(batch_size, num_queries, num_keys, d_model, num_heads):
    def product(n, m, p):
        return 2 * n * m * p

    d_head = d_model // num_heads
    one = 2 * product(num_queries, d_model, d_model) + 2 * product(num_keys, d_model, d_model)
    one += num_heads * product(num_queries, d_head, num_keys)
    one += num_heads * product(num_queries, num_keys, d_head)
    return batch_size * one


def flops_formula(b, tq, tk, d, h):
    return 4 * b * d * ((tq + tk) * d + tq * tk)


def mask_expanded(mask, num_heads, num_queries):
    hidden = mask.logical_not()
    if hidden.dim() == 2:
        return hidden
    batch, num_keys = hidden.shape[0], hidden.shape[-1]
    whole = hidden.expand(batch, num_heads, num_queries, num_keys)
    return whole.reshape(batch * num_heads, num_queries, num_keys)


def mask_by_repeating(mask, num_heads, num_queries):
    if mask.ndim == 2:
        return mask == False  # noqa: E712
    tables = []
    for sentence in mask:
        for head in range(num_heads):
            table = sentence[head if len(sentence) > 1 else 0]
            tables.append(table if len(table) > 1 else table.repeat(num_queries, 1))
    return ~torch.stack(tables)


def look_with_transpose(q, k, v, num_heads):
    d_head = q.shape[-1] // num_heads
    q, k, v = (x.view(x.shape[0], x.shape[1], num_heads, d_head).transpose(1, 2) for x in (q, k, v))
    found = F.scaled_dot_product_attention(q, k, v)
    return found.transpose(1, 2).reshape(q.shape[0], q.shape[2], num_heads * d_head)


def look_head_by_head(q, k, v, num_heads):
    heads = zip(*(x.chunk(num_heads, dim=-1) for x in (q, k, v)), strict=True)
    found = [(a @ b.mT / a.shape[-1] ** 0.5).softmax(-1) @ c for a, b, c in heads]
    return torch.cat(found, dim=-1)


RIGHT = {
    "3.1": [split_with_view, split_with_chunks, split_head_by_head],
    "3.2": [merge_with_reshape, merge_with_contiguous, merge_with_cat],
    "3.3": [WithTheFusedKernel, ByHand],
    "3.4": [count_formula, count_modules, count_head_by_head],
    "3.5": [flops_product_by_product, flops_formula],
    "3.6": [mask_expanded, mask_by_repeating],
    "3.7": [look_with_transpose, look_head_by_head],
    "3.8": [(23, 30), torch.tensor([23.0, 30.0])],
}
