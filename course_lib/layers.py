"""The parts of a Transformer layer: heads, feed-forward, residual connection, layers."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.attention import DotProductAttention
from course_lib.caches import KeyValueCache, LayerCache
from course_lib.parallel import random_source
from course_lib.positions import RotaryPositions


def keep_mask(x: Tensor, p: float) -> Tensor:
    """Random mask shaped like x: 1.0 with probability 1 - p, else 0.0, for p a multiple of 1/256.

    `bernoulli_` draws a number for each element; this cuts eight decisions from each 64-bit random
    word, which makes dropout several times cheaper on a CPU (`benchmarks/training.py`). They stay
    small integers: a comparison that gives booleans takes ten times as long.
    """
    words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64)
    # All 64 bits; the default leaves the sign bit at zero.
    words.random_(-(2**63), None, generator=random_source())
    pieces = words.view(torch.int8)[: x.numel()].view(x.shape)
    return pieces.ge_(round(p * 256) - 128).to(x.dtype)


class Dropout(nn.Module):
    """Set a share p of the features to zero in training and scale the rest by 1 / (1 - p).

    Srivastava et al. (2014). Like `nn.Dropout`, and faster on a CPU, where p is rounded to the
    nearest 1/256.
    Raises ValueError unless 0 <= p < 1.
    """

    def __init__(self, p: float):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.p)
        p = round(self.p * 256) / 256
        return x * keep_mask(x, p).mul_(1 / (1 - p))


class WordDropout(Dropout):
    """In training, hide a share p of the tokens: all features of such an embedding are zero.

    What is left is not scaled: a hidden token is one that says nothing, the others say what they
    always say. Sennrich and Zhang (2019), after Gal and Ghahramani (2016).

    Shapes: x (B, T, D). Returns (B, T, D).
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        draws = torch.rand(*x.shape[:-1], 1, generator=random_source(), device=x.device)
        return x * (draws >= self.p)


class MultiHeadAttention(nn.Module):
    """Look at `context` with several heads at once, then mix what they found.

    Vaswani et al. (2017), section 3.2.2. `attn(x, x, mask)` is self-attention;
    `attn(x, memory, mask)` is cross-attention. With a `KeyValueCache`, `context` holds only what is
    new, and Tk of the mask counts what is cached, too; a `MemoryCache` reads it at the first call.

    Shapes: x (B, Tq, D), context (B, Tk, D), mask broadcastable to (B, H, Tq, Tk) with
    True = may attend, bias likewise. Returns (B, Tq, D).
    Raises ValueError if num_heads does not divide d_model.
    """

    def __init__(self, d_model: int, num_heads: int, rotary: RotaryPositions | None = None):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"d_model={d_model} is not divisible by num_heads={num_heads}")
        self.num_heads = num_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.rotary = rotary
        self.attention = DotProductAttention()

    def forward(
        self,
        x: Tensor,
        context: Tensor,
        mask: Tensor | None = None,
        bias: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        start = 0 if cache is None else cache.length
        q = self.turn(self.split_heads(self.q_proj(x)), start)  # (B, H, Tq, Dh)
        if cache is None:
            k, v = self.keys_values(context)  # (B, H, Tk, Dh)
        else:
            k, v = cache.update(self.keys_values, context)
        return self.out_proj(self.merge_heads(self.attention(q, k, v, mask, bias)))  # (B, Tq, D)

    def keys_values(self, context: Tensor, start: int = 0) -> tuple[Tensor, Tensor]:
        """Keys and values of `context`, whose first token stands at position `start`."""
        k = self.turn(self.split_heads(self.k_proj(context)), start)
        return k, self.split_heads(self.v_proj(context))

    def turn(self, x: Tensor, start: int) -> Tensor:
        """Rotary positions, if this module has them."""
        return x if self.rotary is None else self.rotary(x, start)

    def split_heads(self, x: Tensor) -> Tensor:
        """Cut the features into heads: (B, T, D) to (B, H, T, Dh)."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def merge_heads(self, x: Tensor) -> Tensor:
        """Put the heads side by side again: (B, H, T, Dh) to (B, T, D)."""
        return x.transpose(1, 2).flatten(-2)


class FeedForward(nn.Module):
    """Two linear maps with a ReLU between them, at each position alone.

    Vaswani et al. (2017), section 3.3.

    Shapes: x (B, T, D). Returns (B, T, D).
    """

    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0):
        super().__init__()
        self.up = nn.Linear(d_model, d_ff)
        self.down = nn.Linear(d_ff, d_model)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.dropout(F.relu(self.up(x))))


class PreNormResidual(nn.Module):
    """x + sublayer(norm(x)): the stream itself is never normed. Xiong et al. (2020)."""

    def __init__(self, d_model: int, dropout: float = 0.0):
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        return x + self.dropout(sublayer(self.norm(x)))


class PostNormResidual(PreNormResidual):
    """norm(x + sublayer(x)): the order of Vaswani et al. (2017), section 3.1."""

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward, each in a residual connection.

    Vaswani et al. (2017), section 3.1. `norm_first=False` gives the paper's own post-norm, and
    `ff_dropout=0` its dropout (section 5.4): none inside the feed-forward network.

    Shapes: x (B, T, D), mask and bias broadcastable to (B, H, T, T). Returns (B, T, D).
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        norm_first: bool = True,
        rotary: RotaryPositions | None = None,
        ff_dropout: float | None = None,
    ):
        super().__init__()
        residual = PreNormResidual if norm_first else PostNormResidual
        ff_dropout = dropout if ff_dropout is None else ff_dropout
        self.self_attention = MultiHeadAttention(d_model, num_heads, rotary)
        self.feed_forward = FeedForward(d_model, d_ff, ff_dropout)
        self.self_attention_residual = residual(d_model, dropout)
        self.feed_forward_residual = residual(d_model, dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        x = self.self_attention_residual(x, lambda y: self.self_attention(y, y, mask, bias))
        return self.feed_forward_residual(x, self.feed_forward)


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention, then feed-forward, each in a residual connection.

    Vaswani et al. (2017), section 3.1. `norm_first` and `ff_dropout` as in `EncoderLayer`.

    Shapes: x (B, Tq, D), memory (B, Tk, D), mask and bias broadcastable to (B, H, Tq, Tq), or to
    (B, H, Tq, length + Tq) with a cache; memory_mask to (B, H, Tq, Tk). Returns (B, Tq, D). If x
    has N times as many rows as memory (in beam search), each N of them share a row of memory.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        dropout: float = 0.1,
        norm_first: bool = True,
        rotary: RotaryPositions | None = None,
        ff_dropout: float | None = None,
    ):
        super().__init__()
        residual = PreNormResidual if norm_first else PostNormResidual
        ff_dropout = dropout if ff_dropout is None else ff_dropout
        self.self_attention = MultiHeadAttention(d_model, num_heads, rotary)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.feed_forward = FeedForward(d_model, d_ff, ff_dropout)
        self.self_attention_residual = residual(d_model, dropout)
        self.cross_attention_residual = residual(d_model, dropout)
        self.feed_forward_residual = residual(d_model, dropout)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        bias: Tensor | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        self_cache = None if cache is None else cache.self_attention
        cross_cache = None if cache is None else cache.cross_attention
        x = self.self_attention_residual(
            x, lambda y: self.self_attention(y, y, mask, bias, self_cache)
        )
        x = self.cross_attention_residual(
            x, lambda y: self.ask_memory(y, memory, memory_mask, cross_cache)
        )
        return self.feed_forward_residual(x, self.feed_forward)

    def ask_memory(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, cache: KeyValueCache | None
    ) -> Tensor:
        """Cross-attention. Rows that share a memory ask it together, as if they were one row."""
        queries = x.reshape(len(memory), -1, x.shape[-1])  # (B, N * Tq, D)
        return self.cross_attention(queries, memory, mask, None, cache).reshape(x.shape)
