"""Right answers to chapter 00, written as people write them: at least two for each exercise."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def shares_new_axis(table):
    return table / table.sum(1)[:, None]


def shares_row_by_row(table):
    return torch.stack([row / row.sum() for row in table])


def shares_turned(table):
    return (table.T / table.sum(dim=1)).T


def shares_normalize(table):
    return F.normalize(table, p=1, dim=1)


def sums_unsqueeze(a, b):
    return a.unsqueeze(1) + b.unsqueeze(0)


def sums_row_by_row(a, b):
    return torch.stack([x + b for x in a])


def sums_expanded(a, b):
    return a.view(-1, 1).expand(-1, len(b)) + b.repeat(len(a), 1)


def sums_cartesian(a, b):
    return torch.cartesian_prod(a, b).sum(-1).view(len(a), len(b))


class AffineLinear(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        bound = 1 / math.sqrt(d_in)
        self.weight = nn.Parameter(torch.empty(d_out, d_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(d_out).uniform_(-bound, bound))

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class AffineEinsum(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.register_parameter("bias", nn.Parameter(torch.ones(d_out)))
        self.register_parameter("weight", nn.Parameter(torch.zeros(d_out, d_in)))

    def forward(self, x):
        y = torch.einsum("...i,oi->...o", x, self.weight)
        return self.bias + y


class AffineSummed(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.Parameter(torch.rand((d_out, d_in)))
        self.bias = nn.Parameter(torch.rand(d_out))

    def forward(self, x):
        return (x.unsqueeze(-2) * self.weight).sum(-1) + self.bias


def center_new_axis(table):
    return table - table.mean(-1).unsqueeze(-1)


def center_sum(table):
    return table - table.sum(dim=-1, keepdim=True) / table.shape[-1]


def center_turned(table):
    return (table.mT - table.mean(-1)[..., None, :]).mT


RIGHT = {
    "0.1": [shares_new_axis, shares_row_by_row, shares_turned, shares_normalize],
    "0.2": [sums_unsqueeze, sums_row_by_row, sums_expanded, sums_cartesian],
    "0.3": [(9, 5), torch.tensor([9.0, 5.0])],
    "0.4": [(0.2, 0.25, 1.25), (1 / 5, 1 / 4, 5 / 4)],
    "0.5": [AffineLinear, AffineEinsum, AffineSummed],
    "0.6": [center_new_axis, center_sum, center_turned],
}
