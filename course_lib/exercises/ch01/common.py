"""What the banks of this chapter share."""

import torch.nn.functional as F

SCORES = "q (..., Tq, D), k (..., Tk, D) -> (..., Tq, Tk)"
FUSED = {"F.scaled_dot_product_attention": F.scaled_dot_product_attention}
BY_HAND = "numbers small enough for paper"
DOUBLE = "double precision"
BATCH, HEADS = "a batch of two", "a batch of two, with three heads each"
Q_BATCH = "With a batch in front, which axis does each number in your code name? From which end?"
Q_DOUBLE = "Does your code make numbers of its own, and of which kind?"
KEYS_FIRST = (
    "You have a row for each key. The course keeps a row for each query and a column for each "
    "key, so that one row is what one query asks. Which of the two comes first in the product?"
)
