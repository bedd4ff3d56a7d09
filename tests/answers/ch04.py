"""Right answers to chapter 04, written as people write them: at least two for each exercise."""

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


RIGHT = {
    "4.1": [table_filled, table_by_loops, table_by_phase],
    "4.2": [shift_by_blocks, shift_filled, shift_by_diagonals],
    "4.3": [LearnedBySlice, LearnedByLookUp, LearnedWithTheFirstWordsNumber],
    "4.7": [add_rows, add_rows_with_an_axis_for_the_batch, add_after_turning],
}
