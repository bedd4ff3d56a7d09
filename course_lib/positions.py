"""Where a word stands: attention alone cannot count, so positions are added, rotated or biased in.

Sinusoidal and learned positions are added to the embeddings, rotary positions turn queries and
keys, and ALiBi adds a bias to the scores. `start` is the position of the first token of the input:
0, or the length of the cache when earlier tokens are in one.
"""

import torch
from torch import Tensor, nn


def inverse_frequencies(d: int, base: float = 10_000.0) -> Tensor:
    """Angle per position for each pair of features: base^(-2i/d) for i = 0 … d/2 - 1.

    Shapes: returns (ceil(d / 2),), in radians per position.
    """
    return base ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def angles(num_positions: int, d: int, base: float = 10_000.0) -> Tensor:
    """Angle of each position in each pair of features: (T, ceil(d / 2)), float64, in radians."""
    positions = torch.arange(num_positions, dtype=torch.float64)
    return torch.outer(positions, inverse_frequencies(d, base))


def sinusoidal_table(num_positions: int, d_model: int, base: float = 10_000.0) -> Tensor:
    """Sine in the even features and cosine in the odd ones, from fast to slow waves.

    Vaswani et al. (2017), section 3.5. Returns (T, D).
    """
    theta = angles(num_positions, d_model, base)
    waves = torch.stack([theta.sin(), theta.cos()], dim=-1).flatten(
        -2
    )  # (T, D), one more if D is odd
    return waves[:, :d_model].to(torch.get_default_dtype())


class SinusoidalPositions(nn.Module):
    """Add `sinusoidal_table` to the embeddings.

    Shapes: x (B, T, D). Returns (B, T, D).
    """

    table: Tensor

    def __init__(self, max_len: int, d_model: int):
        super().__init__()
        # A buffer moves with the model; it is not persistent since it can always be computed.
        self.register_buffer("table", sinusoidal_table(max_len, d_model), persistent=False)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        return x + self.table[start : start + x.shape[1]]


class LearnedPositions(nn.Module):
    """Add a vector learned for each position. Gehring et al. (2017), section 3.1.

    Shapes: x (B, T, D). Returns (B, T, D).
    """

    def __init__(self, max_len: int, d_model: int):
        super().__init__()
        self.table = nn.Embedding(max_len, d_model)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        return x + self.table.weight[start : start + x.shape[1]]


class RotaryPositions(nn.Module):
    """Turn each pair of features by an angle that grows with the position (RoPE).

    The dot product of a turned query and a turned key depends on their distance alone.
    Su et al. (2021), section 3.2. Applied to queries and keys, never to values.

    Shapes: x (B, H, T, Dh). Returns (B, H, T, Dh).
    Raises ValueError if d_head is odd.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, max_len: int, d_head: int, base: float = 10_000.0):
        super().__init__()
        if d_head % 2:
            raise ValueError(f"d_head={d_head} is odd: rotary positions turn pairs of features")
        theta = angles(max_len, d_head, base)
        self.register_buffer("cos", theta.cos().to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("sin", theta.sin().to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        stop = start + x.shape[-2]
        cos, sin = self.cos[start:stop], self.sin[start:stop]  # (T, Dh/2)
        even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)  # (B, H, T, Dh/2) each
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def alibi_slopes(num_heads: int) -> Tensor:
    """How fast each head forgets distance: a geometric sequence. Press et al. (2022), section 3.

    Shapes: returns (H,). For a number of heads that is no power of two, the paper's own rule: the
    slopes of the next smaller power, then every other one of twice that power.
    """
    power = 2 ** (
        num_heads.bit_length() - 1
    )  # the largest power of two that is not above num_heads

    def geometric(n: int) -> Tensor:
        return 2.0 ** (-8.0 / n * torch.arange(1, n + 1))

    return torch.cat([geometric(power), geometric(2 * power)[0::2][: num_heads - power]])


def alibi_bias(num_heads: int, num_queries: int, num_keys: int | None = None) -> Tensor:
    """Minus slope times distance, to be added to the scores. Press et al. (2022), section 3.

    The queries are the last `num_queries` of `num_keys` positions (by default: all of them).
    Distance counts both ways, so an encoder can use it; under a causal mask only the past is left.

    Shapes: returns (H, Tq, Tk).
    """
    num_keys = num_queries if num_keys is None else num_keys
    keys = torch.arange(num_keys)
    queries = keys[num_keys - num_queries :]
    distance = (queries[:, None] - keys[None, :]).abs()
    return -alibi_slopes(num_heads)[:, None, None] * distance
