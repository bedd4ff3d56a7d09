"""The output layer and its loss in one: same value as `sequence_loss`, without the big matrix.

The logits of a batch are by far its largest matrix (1,500 tokens times 5,000 words), and PyTorch's
cross-entropy with label smoothing walks over it many times. Here a slice at a time is turned into
its loss and its gradient while it is still in the processor's cache (`benchmarks/training.py`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.tokenization import PAD_ID

SLICE = 256  # rows whose logits fit into the cache


def fused_sequence_loss(
    x: Tensor, weight: Tensor, targets: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """`sequence_loss(x @ weight.T, targets, label_smoothing)`, faster and in less memory.

    Under autocast the matrix products are made of numbers of its type, all else stays as it is.

    Shapes: x (..., D), weight (V, D), targets (...). Returns a scalar: the mean cross-entropy in
    nats over the targets that are not padding.
    """
    real = targets != PAD_ID
    slices: Callable[..., Tensor] = _LinearCrossEntropy.apply
    device = x.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
    with torch.autocast(device, enabled=False):
        x = x[real].to(weight.dtype)
        return slices(x, weight, targets[real], label_smoothing, dtype)


def add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a @ b, of whatever type a and b are."""
    if a.dtype == total.dtype:
        total.addmm_(a, b)
    else:
        total.add_(a @ b)


class _LinearCrossEntropy(torch.autograd.Function):
    """With p = softmax(x Wᵀ) and the smoothed target q, the gradient of the loss by the logits is
    p - q: known as soon as the loss is, so the backward pass has only to scale it.

    The large matrix goes no further than exp(logits): the totals of its rows are divided out of
    small matrices, and q, which is one constant but for the targets, never meets it.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        targets: Tensor,
        label_smoothing: float,
        dtype: torch.dtype,
    ) -> Tensor:
        # Every word has `off` of q, the target `on` besides.
        on, off = 1 - label_smoothing, label_smoothing / len(weight)
        right, all_alike = weight[targets], weight.sum(dim=0)
        loss = -on * (x * right).sum() - off * (x @ all_alike).sum()
        x_grad, weight_grad = torch.empty_like(x), torch.zeros_like(weight)
        short_x, short_weight = x.to(dtype), weight.to(dtype)  # under autocast; else the same ones
        for start in range(0, len(x), SLICE):
            rows = slice(start, start + SLICE)
            logits = (short_x[rows] @ short_weight.T).to(x.dtype)
            top = logits.amax(dim=-1, keepdim=True)
            exps = logits.sub_(top).exp_()
            total = exps.sum(dim=-1, keepdim=True)  # p = exps / total
            loss += (top + total.log()).sum()
            short_exps = exps.to(dtype)
            x_grad[rows] = short_exps @ short_weight / total
            add_product(weight_grad, short_exps.T, (x[rows] / total).to(dtype))
        x_grad -= on * right + off * all_alike
        weight_grad.sub_(off * x.sum(dim=0)).index_add_(0, targets, x, alpha=-on)
        ctx.save_for_backward(x_grad, weight_grad)
        return loss / len(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        x_grad, weight_grad = ctx.saved_tensors
        scale = grads[0] / len(x_grad)
        return x_grad * scale, weight_grad * scale, None, None, None
