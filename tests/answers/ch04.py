"""Right answers to chapter 04, written as people write them: at least two for each exercise."""

import itertools
import math

import torch
from torch import nn


def table_filled(num_positions, d_model):
    table = torch.zeros(num_positions, d_model)
    position = torch.arange(num_positions).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * -(math.log(10000.0) / d_model))
    table[:, 0::2] = torch.sin(position * div_term)
    table[:, 1::2] = torch.cos(position * div_term)
    return table


def table_by_loops(num_positions, d_model):
    table = torch.empty(num_positions, d_model)
    for t in range(num_positions):
        for i in range(d_model // 2):
            angle = t / 10000 ** (2 * i / d_model)
            table[t, 2 * i], table[t, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


def table_by_phase(num_positions, d_model):
    feature = torch.arange(d_model)
    speed = 10000 ** (-2 * (feature // 2) / d_model)
    return torch.sin(torch.arange(num_positions)[:, None] * speed + feature % 2 * math.pi / 2)


def shift_by_blocks(k, d_model):
    blocks = []
    for i in range(d_model // 2):
        b = torch.tensor(k / 10000 ** (2 * i / d_model))
        rows = [torch.stack([b.cos(), b.sin()]), torch.stack([-b.sin(), b.cos()])]
        blocks.append(torch.stack(rows))
    return torch.block_diag(*blocks)


def shift_filled(k, d_model):
    matrix = torch.zeros(d_model, d_model)
    even = torch.arange(0, d_model, 2)
    angle = k * 10000 ** (-even / d_model)
    matrix[even, even] = matrix[even + 1, even + 1] = angle.cos()
    matrix[even, even + 1], matrix[even + 1, even] = angle.sin(), -angle.sin()
    return matrix


def shift_by_diagonals(k, d_model):
    angle = k * (10000 ** (-torch.arange(0, d_model, 2) / d_model)).repeat_interleave(2)
    sines = angle.sin()[:-1] * (torch.arange(d_model - 1) % 2 == 0)
    return angle.cos().diag() + sines.diag(1) - sines.diag(-1)


class LearnedBySlice(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Embedding(max_len, d_model)

    def forward(self, x):
        return x + self.table.weight[: x.shape[1]]


class LearnedByLookUp(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Embedding(num_embeddings=max_len, embedding_dim=d_model)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, x):
        batch_size, seq_len, _ = x.shape
        places = torch.arange(seq_len, device=x.device).expand(batch_size, seq_len)
        return x + self.table(places)


class LearnedWithTheFirstWordsNumber(nn.Module):
    def __init__(self, max_len, d_model):
        super().__init__()
        self.table = nn.Embedding(max_len, d_model)
        self.register_buffer("places", torch.arange(max_len), persistent=False)

    def forward(self, x, start=0):
        return self.table(self.places[start : start + x.size(1)]) + x


def add_rows(x, table):
    return x + table[: x.shape[1]]


def add_rows_with_an_axis_for_the_batch(x, table):
    return x + table[: x.size(-2)].unsqueeze(0)


def add_after_turning(x, table):
    return (x.transpose(0, 1) + table[: x.shape[1]][:, None]).transpose(0, 1)


def speeds(d):
    return 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def rotate_by_slices(x, start=0):
    place = torch.arange(start, start + x.shape[-2], dtype=torch.float64)
    theta = torch.outer(place, speeds(x.shape[-1]))
    cos, sin = theta.cos().to(x), theta.sin().to(x)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def rotate_complex(x, start=0):
    place = torch.arange(start, start + x.shape[-2], device=x.device)
    theta = place[:, None] * speeds(x.shape[-1]).to(x.device)
    turns = torch.polar(torch.ones_like(theta), theta)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)


def rotate_by_a_turned_copy(x, start=0):
    theta = torch.arange(start, start + x.size(-2)).unsqueeze(1) * speeds(x.size(-1))
    theta = theta.repeat_interleave(2, dim=-1)
    turned = torch.stack([-x[..., 1::2], x[..., 0::2]], dim=-1).reshape(x.shape)
    return x * theta.cos().to(x) + turned * theta.sin().to(x)


def alibi_by_broadcasting(num_heads, num_queries):
    slopes = 2.0 ** (-8 * torch.arange(1, num_heads + 1) / num_heads)
    place = torch.arange(num_queries)
    return -slopes[:, None, None] * (place[:, None] - place).abs()


def alibi_by_loops(num_heads, num_queries):
    bias = torch.zeros(num_heads, num_queries, num_queries)
    for h in range(num_heads):
        for i in range(num_queries):
            for j in range(num_queries):
                bias[h, i, j] = -abs(i - j) / 2 ** (8 * (h + 1) / num_heads)
    return bias


def alibi_by_einsum(num_heads, num_queries):
    place = torch.arange(num_queries, dtype=torch.float32)
    slopes = torch.tensor([(2 ** (-8 / num_heads)) ** h for h in range(1, num_heads + 1)])
    return torch.einsum("h,qk->hqk", slopes, -torch.cdist(place[:, None], place[:, None], p=1))


def equivariant_by_random_orders(f, x):
    for _ in range(30):
        order = torch.randperm(len(x))
        if not torch.allclose(f(x[order]), f(x)[order], atol=1e-6):
            return False
    return True


def equivariant_by_all_orders(f, x):
    before = f(x)
    orders = [list(order) for order in itertools.permutations(range(min(len(x), 5)))]
    orders = [order + list(range(5, len(x))) for order in orders]
    orders += [order[::-1] for order in orders[:3]]
    return all((f(x[o]) - before[o]).abs().max().item() < 1e-6 for o in orders)


def equivariant_by_matrices(f, x):
    errors = []
    for _ in range(50):
        p = torch.eye(len(x)).to(x)[torch.randperm(len(x))]
        errors.append((f(p @ x) - p @ f(x)).norm())
    return torch.stack(errors).max() < 1e-6


def batch_sentence_by_sentence(f, x):
    together = f(x)
    return all(torch.allclose(f(x[i : i + 1])[0], together[i], atol=1e-6) for i in range(len(x)))


def batch_by_an_empty_copy(f, x):
    alone = torch.empty_like(x)
    for i in range(x.shape[0]):
        alone[i] = f(x[i].unsqueeze(0)).squeeze(0)
    return (f(x) - alone).norm() < 1e-6


def batch_by_unbind(f, x):
    rows = [f(sentence[None]) for sentence in x.unbind(0)]
    return not ((torch.cat(rows) - f(x)).abs() > 1e-6).any()


RIGHT = {
    "4.1": [table_filled, table_by_loops, table_by_phase],
    "4.2": [shift_by_blocks, shift_filled, shift_by_diagonals],
    "4.3": [LearnedBySlice, LearnedByLookUp, LearnedWithTheFirstWordsNumber],
    "4.4": [rotate_by_slices, rotate_complex, rotate_by_a_turned_copy],
    "4.5": [alibi_by_broadcasting, alibi_by_loops, alibi_by_einsum],
    "4.6": [
        equivariant_by_random_orders,
        equivariant_by_all_orders,
        equivariant_by_matrices,
    ],
    "4.7": [add_rows, add_rows_with_an_axis_for_the_batch, add_after_turning],
    "4.8": [batch_sentence_by_sentence, batch_by_an_empty_copy, batch_by_unbind],
    "4.9": [(2048, 6144), torch.tensor([2048, 6144])],
}
