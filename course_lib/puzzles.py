"""Small tasks that are made up, so that the right answer and what it takes are known."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

NUM_TOKENS, NUM_DIGITS = 8, 10
WANTED = ("before", "after", "pointed at")
THREE_DIGITS_FEATURES = NUM_TOKENS + NUM_DIGITS + NUM_TOKENS


def three_digits(batch_size: int, dice: Generator) -> tuple[Tensor, Tensor]:
    """Tokens on a ring; each asks for the digits before it, after it, and where it points.

    A token knows its place, its own digit and the place that it points at, each as one number 1
    among zeros (one-hot), in that order.

    Shapes: returns features (B, 8, 26) and the three digits (B, 8, 3) of each token.
    """
    digits = torch.randint(NUM_DIGITS, (batch_size, NUM_TOKENS), generator=dice)
    pointers = torch.randint(NUM_TOKENS, (batch_size, NUM_TOKENS), generator=dice)
    places = torch.arange(NUM_TOKENS).expand_as(digits)
    pieces = [F.one_hot(places, NUM_TOKENS), F.one_hot(digits, NUM_DIGITS)]
    features = torch.cat([*pieces, F.one_hot(pointers, NUM_TOKENS)], dim=-1)
    wanted = [digits.roll(1, dims=1), digits.roll(-1, dims=1), digits.gather(1, pointers)]
    return features.float(), torch.stack(wanted, dim=-1)
