"""Right answers to chapter 05, written as people write them: at least two for each exercise."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.layers import Dropout, FeedForward, MultiHeadAttention, PreNormResidual


def norm_by_var(x, weight, bias, eps):
    mean = x.mean(-1, keepdim=True)
    var = x.var(-1, keepdim=True, unbiased=False)
    return weight * (x - mean) * torch.rsqrt(var + eps) + bias


def norm_by_squares(x, weight, bias, eps):
    centred = x - x.mean(dim=-1)[..., None]
    variance = (centred * centred).sum(-1, keepdim=True) / x.size(-1)
    return torch.addcmul(bias, centred / torch.sqrt(variance + eps), weight)


def norm_by_moments(x, weight, bias, eps):
    var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) / (var + eps) ** 0.5 * weight + bias


class FeedForwardPlain(nn.Module):
    def __init__(self, d_model, d_ff, dropout=0.0):
        super().__init__()
        self.up = nn.Linear(d_model, d_ff)
        self.down = nn.Linear(d_ff, d_model)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        hidden = self.up(x).clamp(min=0)
        return self.down(self.drop(hidden))


class FeedForwardFunctional(nn.Module):
    def __init__(self, d_model, d_ff, dropout=0.0):
        super().__init__()
        self.p = dropout
        self.down, self.up = nn.Linear(d_ff, d_model), nn.Linear(d_model, d_ff)
        self.relu = nn.ReLU()

    def forward(self, x):
        hidden = F.dropout(self.up(x), self.p, training=self.training)
        return self.down(self.relu(hidden))


def residual_in_steps(x, norm, sublayer):
    copied = norm(x)
    said = sublayer(copied)
    return x + said


def residual_added_to_what_is_said(x, norm, sublayer):
    return torch.add(sublayer(norm(x)), x)


class LayerInTwoLines(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.self_attention_residual = PreNormResidual(d_model, dropout)
        self.feed_forward_residual = PreNormResidual(d_model, dropout)

    def forward(self, x, mask=None):
        def look(y):
            return self.self_attention(y, y, mask)

        x = self.self_attention_residual(x, look)
        return self.feed_forward_residual(x, lambda y: self.feed_forward(y))


class LayerWithItsOwnFeedForward(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1):
        super().__init__()
        self.feed_forward = FeedForwardFunctional(d_model, d_ff, dropout)
        self.feed_forward_residual = PreNormResidual(d_model, dropout)
        self.self_attention_residual = PreNormResidual(d_model, dropout)
        self.self_attention = MultiHeadAttention(d_model, num_heads)

    def forward(self, x, mask=None):
        after = self.self_attention_residual(
            x, lambda words: self.self_attention(words, context=words, mask=mask)
        )
        return self.feed_forward_residual(after, self.feed_forward)


class PostNormPlain(nn.Module):
    def __init__(self, d_model, dropout=0.0):
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, sublayer):
        return self.norm(x + self.drop(sublayer(x)))


class PostNormFromPreNorm(PreNormResidual):
    def forward(self, x, sublayer):
        x = self.dropout(sublayer(x)) + x
        return self.norm(x)


class PostNormInSteps(nn.Module):
    def __init__(self, d_model, dropout=0.0):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.norm = nn.LayerNorm((d_model,))

    def forward(self, x, sublayer):
        said = sublayer(x)
        said = self.dropout(said)
        return self.norm(x.add(said))


class EncoderWithLoop(nn.Module):
    def __init__(self, layers, norm):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = norm

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)


class EncoderOfSequential(nn.Module):
    def __init__(self, layers, norm):
        super().__init__()
        self.norm = norm
        self.layers = nn.Sequential(*layers)

    def forward(self, x, mask=None):
        for i in range(len(self.layers)):
            x = self.layers[i](x, mask=mask)
        return self.norm(x)


class EncoderOfCopies(nn.Module):
    def __init__(self, layers, norm):
        super().__init__()
        self.layers = nn.ModuleList(copy.deepcopy(layer) for layer in layers)
        self.norm = copy.deepcopy(norm)

    def forward(self, x, mask=None):
        result = x
        for layer in self.layers:
            result = layer(result, mask)
        return self.norm(result)


def table_by_children(module):
    def count(part):
        return sum(p.numel() for p in part.parameters() if p.requires_grad)

    return {name: count(part) for name, part in module.named_children()} | {"total": count(module)}


def table_by_loops(module):
    table = {"total": 0}
    for parameter in module.parameters():
        if parameter.requires_grad:
            table["total"] += math.prod(parameter.shape)
    for name, part in module.named_children():
        table[name] = 0
        for parameter in part.parameters():
            table[name] += parameter.nelement() if parameter.requires_grad else 0
    return table


def words_root_of_sum(x, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps)


def words_rsqrt(x, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred * (centred.pow(2).mean(dim=-1, keepdim=True) + eps).rsqrt()


def words_by_std(x, eps):
    std = x.std(dim=-1, keepdim=True, correction=0)
    return (x - x.mean(dim=-1, keepdim=True)) / (std**2 + eps).sqrt()


def words_by_var(x, eps):
    variance, mean = torch.var_mean(x, dim=-1, keepdim=True, correction=0)
    return (x - mean) / (variance + eps) ** 0.5


def finite_by_grad(f, x):
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x).sum(), x)
    return bool(torch.isfinite(gradient).all())


def finite_by_backward(f, x):
    leaf = nn.Parameter(x.clone())
    f(leaf).sum().backward()
    return not (leaf.grad.isnan() | leaf.grad.isinf()).any().item()


def finite_by_vjp(f, x):
    _, gradient = torch.autograd.functional.vjp(lambda y: f(y).sum(), x)
    return gradient.abs().max().item() < math.inf


RIGHT = {
    "5.1": [norm_by_var, norm_by_squares, norm_by_moments],
    "5.2": [FeedForwardPlain, FeedForwardFunctional],
    "5.3": [residual_in_steps, residual_added_to_what_is_said],
    "5.4": [LayerInTwoLines, LayerWithItsOwnFeedForward],
    "5.5": [PostNormPlain, PostNormFromPreNorm, PostNormInSteps],
    "5.6": [EncoderWithLoop, EncoderOfSequential, EncoderOfCopies],
    "5.7": [table_by_children, table_by_loops],
    "5.8": [words_root_of_sum, words_rsqrt, words_by_std, words_by_var],
    "5.9": [finite_by_grad, finite_by_backward, finite_by_vjp],
    "5.10": [(3, 16), torch.tensor([3.0, 16.0])],
}
