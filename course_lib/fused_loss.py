"""The output layer and its loss in one: same value as `sequence_loss`, without the big matrix.

The logits of a batch are by far its largest matrix (1,500 tokens times 5,000 words), and PyTorch's
cross-entropy with label smoothing walks over it seven times. Here a slice at a time is turned into
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

    Shapes: x (..., D), weight (V, D), targets (...). Returns a scalar: the mean cross-entropy in
    nats over the targets that are not padding.
    """
    real = targets != PAD_ID
    slices: Callable[..., Tensor] = _LinearCrossEntropy.apply
    return slices(x[real], weight, targets[real], label_smoothing)


class _LinearCrossEntropy(torch.autograd.Function):
    """With p = softmax(x Wᵀ) and the smoothed target q, the gradient of the loss by the logits is
    p - q: known as soon as the loss is, so the backward pass has nothing left to do."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, targets: Tensor, label_smoothing: float
    ) -> Tensor:
        on, off = 1 - label_smoothing, label_smoothing / len(weight)  # q of the target; of any word
        loss = x.new_zeros(())
        x_grad, weight_grad = torch.empty_like(x), torch.zeros_like(weight)
        for start in range(0, len(x), SLICE):
            rows = slice(start, start + SLICE)
            index = targets[rows, None]
            log_p = torch.log_softmax(x[rows] @ weight.T, dim=-1)
            loss -= on * log_p.gather(1, index).sum() + off * log_p.sum()
            error = log_p.exp_().sub_(off)  # p - q, but for the targets themselves
            error.scatter_add_(1, index, error.new_full(index.shape, -on))
            torch.mm(error, weight, out=x_grad[rows])
            weight_grad.addmm_(error.T, x[rows])
        ctx.save_for_backward(x_grad / len(x), weight_grad / len(x))
        return loss / len(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x_grad, weight_grad = ctx.saved_tensors
        return x_grad * grads[0], weight_grad * grads[0], None, None
