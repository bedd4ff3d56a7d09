"""What a decoder remembers while it writes: keys and values, so none is computed twice."""

from collections.abc import Callable

import torch
from torch import Tensor

Project = Callable[[Tensor, int], tuple[Tensor, Tensor]]


class KeyValueCache:
    """Keys and values of the tokens so far: grows with each call of `update`.

    Shapes: k, v (B, H, T, Dh), with T = `length`.
    """

    def __init__(self) -> None:
        self.k: Tensor | None = None
        self.v: Tensor | None = None

    @property
    def length(self) -> int:
        """Number of tokens in the cache, hence the position of the next one."""
        return 0 if self.k is None else self.k.shape[-2]

    def update(self, project: Project, context: Tensor) -> tuple[Tensor, Tensor]:
        """Project the new tokens, put them behind the old ones, and return all keys and values."""
        k, v = project(context, self.length)
        if self.k is not None and self.v is not None:
            k, v = torch.cat([self.k, k], dim=-2), torch.cat([self.v, v], dim=-2)
        self.k, self.v = k, v
        return k, v

    def keep(self, rows: Tensor) -> None:
        """Go on with these sequences of the batch, in this order: `rows` is an index (B_new,)."""
        if self.k is not None and self.v is not None:
            # On a CPU several times faster than self.k[rows]
            self.k, self.v = self.k.index_select(0, rows), self.v.index_select(0, rows)


class MemoryCache(KeyValueCache):
    """Keys and values of the encoder's output: projected once, at the first call of `update`."""

    def update(self, project: Project, context: Tensor) -> tuple[Tensor, Tensor]:
        if self.k is None or self.v is None:
            self.k, self.v = project(context, 0)
        return self.k, self.v


class LayerCache:
    """The two caches of a decoder layer."""

    def __init__(self) -> None:
        self.self_attention = KeyValueCache()
        self.cross_attention = MemoryCache()


class DecoderCache:
    """One `LayerCache` for each layer of a decoder."""

    def __init__(self, num_layers: int) -> None:
        self.layers = [LayerCache() for _ in range(num_layers)]

    @property
    def length(self) -> int:
        """Number of tokens written so far."""
        return self.layers[0].self_attention.length

    def keep(self, rows: Tensor) -> None:
        """Go on with these targets of the batch, in this order: `rows` is an index (B_new,)."""
        for layer in self.layers:
            layer.self_attention.keep(rows)

    def keep_sources(self, rows: Tensor) -> None:
        """Go on with these sources of the batch, in this order: `rows` is an index (B_new,)."""
        for layer in self.layers:
            layer.cross_attention.keep(rows)
