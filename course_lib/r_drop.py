"""R-Drop: a model that says something else with every dropout has not made up its mind.

Liang et al. (2021), section 2.1. Each sentence goes through the model twice, with other features
dropped each time, and beside the cross-entropy of both, the loss counts how far the two predictions
are apart.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.batching import Batch
from course_lib.models import Transformer
from course_lib.tokenization import PAD_ID

SLICE = 128  # pairs of rows whose logits fit into the cache


def r_drop_loss(model: Transformer, batch: Batch, label_smoothing: float, weight: float) -> Tensor:
    """Mean cross-entropy of two passes, plus `weight` / 2 times how far they are apart.

    That is half the sum over two passes in the paper, as our loss is a mean over tokens; `weight`
    is the paper's α. Returns a scalar.
    """
    src, target_in = batch.source.repeat(2, 1), batch.target_in.repeat(2, 1)
    first, second = model.decode(target_in, model.encode(src), src).chunk(2)
    real = batch.target_out != PAD_ID
    two_passes: Callable[..., Tensor] = _TwoPasses.apply
    return two_passes(
        torch.stack([first[real], second[real]]),
        model.embedding.weight,
        batch.target_out[real],
        label_smoothing,
        weight / 2,
    )


def divergence(logits: Tensor, others: Tensor) -> Tensor:
    """(KL(p ‖ q) + KL(q ‖ p)) / 2 = ½ Σ (p - q) (log p - log q), for each row. Not negative.

    Shapes: logits (..., V) twice, of p and of q. Returns (...).
    """
    log_p, log_q = logits.log_softmax(dim=-1), others.log_softmax(dim=-1)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(dim=-1) / 2


class _TwoPasses(torch.autograd.Function):
    """Output layer, cross-entropy and `divergence` in one, a slice at a time as in `fused_loss`.

    With d = log p - log q and w = weight / 2, the gradient by the logits of p is
    p (½ + w (d - Σ p d)) + w (p - q) - ½ target; for q it is the same with p and q swapped.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, targets: Tensor, label_smoothing: float, apart: float
    ) -> Tensor:
        on, off = (1 - label_smoothing) / 2, label_smoothing / 2 / len(weight)  # halves of a target
        w = apart / 2
        loss = x.new_zeros(())
        x_grad, weight_grad = torch.empty_like(x), torch.zeros_like(weight)
        for start in range(0, len(targets), SLICE):
            rows = slice(start, start + SLICE)
            index = targets[rows, None]
            log_p, log_q = ((x[i, rows] @ weight.T).log_softmax(dim=-1) for i in (0, 1))
            for log in (log_p, log_q):
                loss -= on * log.gather(1, index).sum() + off * log.sum()
            d = log_p - log_q
            p, q = log_p.exp_(), log_q.exp_()
            p_mean = (p * d).sum(dim=-1, keepdim=True)
            q_mean = (q * d).sum(dim=-1, keepdim=True)
            loss += w * (p_mean - q_mean).sum()
            difference = (p - q).mul_(w)
            p *= (d - p_mean).mul_(w).add_(0.5)
            q *= (q_mean - d).mul_(w).add_(0.5)
            for i, error, sign in ((0, p, 1), (1, q, -1)):
                error.add_(difference, alpha=sign).sub_(off)
                error.scatter_add_(1, index, error.new_full(index.shape, -on))
                x_grad[i, rows] = error @ weight
                weight_grad.addmm_(error.T, x[i, rows])
        ctx.save_for_backward(x_grad, weight_grad)
        return loss / len(targets)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        x_grad, weight_grad = ctx.saved_tensors
        scale = grads[0] / x_grad.shape[1]
        return x_grad * scale, weight_grad * scale, None, None, None
