"""Who may look at whom: boolean masks, True = may attend.

A mask is broadcastable to (B, H, Tq, Tk), masks combine with `&`, and
`F.scaled_dot_product_attention` takes them unchanged. (`nn.MultiheadAttention` means the
opposite: there True hides.)
"""

import torch
from torch import Tensor


def padding_mask(ids: Tensor, pad_id: int) -> Tensor:
    """Every query may attend to the real tokens and to no padding.

    Shapes: ids (B, Tk) of token ids. Returns (B, 1, 1, Tk).
    """
    return (ids != pad_id)[:, None, None, :]


def causal_mask(
    num_queries: int, num_keys: int | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Every query may attend to its own position and to what came before.

    The queries are the last `num_queries` of `num_keys` positions (by default: all of them), so
    the mask also fits new tokens that are asked with the keys of earlier ones in a cache.

    Shapes: returns (Tq, Tk).
    Raises ValueError if there are fewer keys than queries.
    """
    num_keys = num_queries if num_keys is None else num_keys
    if num_keys < num_queries:
        raise ValueError(
            f"num_keys={num_keys} is smaller than num_queries={num_queries}: "
            "each query needs a key at its own position"
        )
    allowed = torch.ones(num_queries, num_keys, dtype=torch.bool, device=device)
    return allowed.tril(num_keys - num_queries)
