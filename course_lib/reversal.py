"""A small task for comparisons of encoders: say a row of digits backwards."""

import torch
from torch import Generator, Tensor, nn

from course_lib.layers import EncoderLayer
from course_lib.models import Encoder, init_weights
from course_lib.positions import SinusoidalPositions

NUM_DIGITS, LENGTH = 10, 10  # kinds of digits; digits in a row


def backwards(batch_size: int, dice: Generator) -> tuple[Tensor, Tensor]:
    """Rows of ten digits, and the same rows from the right to the left. Shapes: twice (B, 10)."""
    digits = torch.randint(NUM_DIGITS, (batch_size, LENGTH), generator=dice)
    return digits, digits.flip(-1)


class Reverser(nn.Module):
    """An encoder that says, at each place, which digit stands there in the reversed row.

    Each place has to find its partner by its position, and to hand on what that partner is.

    Shapes: digits (B, T) of whole numbers, T <= LENGTH. Returns logits (B, T, 10).
    """

    def __init__(self, num_layers: int, norm_first: bool, d_model: int = 32, num_heads: int = 4):
        super().__init__()
        self.embedding = nn.Embedding(NUM_DIGITS, d_model)
        self.positions = SinusoidalPositions(LENGTH, d_model)
        sizes = (d_model, num_heads, 4 * d_model, 0.0, norm_first)
        final_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.encoder = Encoder([EncoderLayer(*sizes) for _ in range(num_layers)], final_norm)
        self.answer = nn.Linear(d_model, NUM_DIGITS)
        init_weights(self)

    def forward(self, digits: Tensor) -> Tensor:
        x = self.embedding(digits) * self.embedding.embedding_dim**0.5
        return self.answer(self.encoder(self.positions(x)))
