"""Right answers to chapter 06, written as people write them: at least two for each exercise."""

import math
from itertools import takewhile

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.layers import EncoderLayer, FeedForward, MultiHeadAttention, PreNormResidual
from course_lib.masks import causal_mask, padding_mask
from course_lib.positions import SinusoidalPositions


def shift_by_new(tgt, bos_id):
    return torch.cat([tgt.new_full((tgt.shape[0], 1), bos_id), tgt[:, :-1]], dim=-1)


def shift_by_roll(tgt, bos_id):
    shifted = tgt.roll(1, dims=1)
    shifted[:, 0] = bos_id
    return shifted


def shift_by_pad(tgt, bos_id):
    return F.pad(tgt[:, :-1], (1, 0), value=bos_id)


class DecoderLayer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.self_attention_residual = PreNormResidual(d_model)
        self.cross_attention_residual = PreNormResidual(d_model)
        self.feed_forward_residual = PreNormResidual(d_model)

    def forward(self, x, memory, mask, memory_mask):
        def look_back(y):
            return self.self_attention(y, y, mask)

        def look_at_memory(y):
            return self.cross_attention(y, memory, memory_mask)

        x = self.self_attention_residual(x, look_back)
        x = self.cross_attention_residual(x, look_at_memory)
        return self.feed_forward_residual(x, self.feed_forward)


class DecoderLayerByHand(DecoderLayer):
    def forward(self, x, memory, mask, memory_mask):
        y = self.self_attention_residual.norm(x)
        x = x + self.self_attention(y, y, mask)
        y = self.cross_attention_residual.norm(x)
        x = x + self.cross_attention(y, memory, memory_mask)
        return x + self.feed_forward(self.feed_forward_residual.norm(x))


class Transformer(nn.Module):
    def __init__(self, vocab_size, d_model, num_heads, num_layers, d_ff, max_len=64):
        super().__init__()
        sizes = (d_model, num_heads, d_ff)
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.positions = SinusoidalPositions(max_len, d_model)
        self.encoder = nn.ModuleList([EncoderLayer(*sizes, dropout=0) for _ in range(num_layers)])
        self.encoder_norm = nn.LayerNorm(d_model)
        self.decoder = nn.ModuleList([DecoderLayer(*sizes) for _ in range(num_layers)])
        self.decoder_norm = nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, vocab_size, bias=False)

    def encode(self, src):
        mask = padding_mask(src, 0)
        memory = self.positions(self.embedding(src))
        for layer in self.encoder:
            memory = layer(memory, mask)
        return self.encoder_norm(memory)

    def decode(self, tgt, memory, src):
        x = self.positions(self.embedding(tgt))
        for layer in self.decoder:
            x = layer(x, memory, causal_mask(tgt.size(1), device=x.device), padding_mask(src, 0))
        return self.output(self.decoder_norm(x))

    def forward(self, src, tgt):
        return self.decode(tgt, self.encode(src), src)


class TransformerHidingTheTargetsPadding(Transformer):
    """Also hides the target's padding, which the causal mask hides already."""

    def decode(self, tgt, memory, src):
        mask = causal_mask(tgt.size(1), device=tgt.device) & padding_mask(tgt, 0)
        x = self.positions(self.embedding(tgt))
        for layer in self.decoder:
            x = layer(x, memory, mask, padding_mask(src, 0))
        return self.output(self.decoder_norm(x))


def greedy_in_rounds(model, src, bos_id, eos_id, max_len):
    tgt = torch.full((src.shape[0], 1), bos_id, dtype=src.dtype, device=src.device)
    for _ in range(max_len):
        best = model(src, tgt)[:, -1].argmax(dim=-1, keepdim=True)
        tgt = torch.cat([tgt, best], dim=1)
        if (tgt == eos_id).any(dim=1).all():
            break
    return [list(takewhile(lambda i: i != eos_id, row)) for row in tgt[:, 1:].tolist()]


def greedy_one_by_one(model, src, bos_id, eos_id, max_len):
    outputs = []
    for sentence in src:
        written = [bos_id]
        while len(written) <= max_len:
            tgt = torch.tensor([written], device=src.device)
            best = int(model(sentence[None], tgt)[0, -1].argmax())
            if best == eos_id:
                break
            written.append(best)
        outputs.append(written[1:])
    return outputs


class TiedByIndex(nn.Module):
    def __init__(self, vocab_size, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(vocab_size, d_model))

    def forward(self, ids):
        return self.weight[ids] * self.weight.size(-1) ** 0.5

    def logits(self, x):
        return F.linear(x, self.weight)


class TiedByFunction(nn.Module):
    def __init__(self, vocab_size, d_model):
        super().__init__()
        self.root = math.sqrt(d_model)
        self.weight = nn.Parameter(torch.randn(vocab_size, d_model))

    def forward(self, ids):
        return self.root * F.embedding(ids, self.weight)

    def logits(self, x):
        return torch.einsum("...d,vd->...v", x, self.weight)


def accuracy_by_sum(outputs, targets):
    return sum(output == target for output, target in zip(outputs, targets)) / len(outputs)  # noqa: B905


def accuracy_by_loop(outputs, targets):
    right = 0
    for i in range(len(targets)):
        if outputs[i] == targets[i]:
            right += 1
    return right / len(targets)


def teach_by_concatenation(model, src, tgt):
    whole = torch.cat([torch.full_like(tgt[:, :1], 1), tgt], dim=1)
    logits = model(src, whole[:, :-1])
    return F.cross_entropy(logits.transpose(1, 2), whole[:, 1:], ignore_index=0)


def teach_by_hand(model, src, tgt):
    logits = model(src, F.pad(tgt, (1, -1), value=1))
    log_p = logits.log_softmax(-1).gather(-1, tgt[..., None])[..., 0]
    return -log_p[tgt != 0].mean()


def parrot_by_one_hot(src, tgt):
    return 20.0 * F.one_hot(tgt, num_classes=13)


def parrot_by_scatter(src, tgt):
    logits = torch.zeros(*tgt.shape, 13, device=tgt.device)
    return logits.scatter(-1, tgt[..., None], 20.0)


def parrot_by_comparison(src, tgt):
    return 20.0 * (tgt[..., None] == torch.arange(13, device=tgt.device))


RIGHT = {
    "6.1": [shift_by_new, shift_by_roll, shift_by_pad],
    "6.2": [DecoderLayer, DecoderLayerByHand],
    "6.3": [Transformer, TransformerHidingTheTargetsPadding],
    "6.4": [greedy_in_rounds, greedy_one_by_one],
    "6.5": [TiedByIndex, TiedByFunction],
    "6.6": [accuracy_by_sum, accuracy_by_loop],
    "6.8": [parrot_by_one_hot, parrot_by_scatter, parrot_by_comparison],
    "6.7": [teach_by_concatenation, teach_by_hand],
    "6.9": [(1, 6), torch.tensor([1.0, 6.0])],
}
