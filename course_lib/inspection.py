"""Look inside a model while it runs, without changing it."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.attention import DotProductAttention, attention_weights, scaled_dot_scores


@contextmanager
def record_attention(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """Record the attention weights of every call inside the `with` block.

    Gives a dictionary from the name of each attention module (`decoder.layers.3.cross_attention`)
    to its weights (B, H, Tq, Tk), one tensor for each call, detached. Training and decoding take
    the fused kernel, which never stores weights, so they are computed again from q, k, mask and
    bias.

        with record_attention(model) as weights:
            model(src, tgt)
        weights["encoder.layers.0.self_attention"][0]
    """
    record: dict[str, list[Tensor]] = {}

    def keep(
        name: str, module: nn.Module, args: tuple[Any, ...], options: dict[str, Any], _: Tensor
    ) -> None:
        given = inspect.signature(module.forward).bind(*args, **options).arguments
        with torch.no_grad():
            scores = scaled_dot_scores(given["q"], given["k"])
            weights = attention_weights(scores, given.get("mask"), given.get("bias"))
        record.setdefault(name, []).append(weights)

    hooks = [
        module.register_forward_hook(
            partial(keep, name.removesuffix(".attention")), with_kwargs=True
        )
        for name, module in model.named_modules()
        if isinstance(module, DotProductAttention)
    ]
    try:
        yield record
    finally:
        for hook in hooks:
            hook.remove()
