import pytest
import torch
from torch.testing import assert_close

from course_lib.fused_loss import SLICE, fused_sequence_loss
from course_lib.tokenization import PAD_ID
from course_lib.training import sequence_loss

D, V = 6, 17


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(3, 5), (2, SLICE + 3)])
def test_value_and_gradients_equal_the_readable_form(label_smoothing, shape):
    torch.manual_seed(0)
    x = torch.randn(*shape, D, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(V, D, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(1, V, shape)
    targets[0, 2:] = PAD_ID
    results = []
    for loss in (
        fused_sequence_loss(x, weight, targets, label_smoothing),
        sequence_loss(x @ weight.T, targets, label_smoothing),
    ):
        results.append((loss, *torch.autograd.grad(3 * loss, (x, weight))))
    assert_close(results[0], results[1], rtol=1e-10, atol=1e-12)


def test_autocast_shortens_the_products_alone():
    torch.manual_seed(0)
    x = torch.randn(2, SLICE, D, requires_grad=True)
    weight = torch.randn(V, D, requires_grad=True)
    targets = torch.randint(1, V, (2, SLICE))
    whole, short = (
        (loss, *torch.autograd.grad(loss, (x, weight)))
        for loss in (
            fused_sequence_loss(x, weight, targets, 0.1),
            autocast_loss(x, weight, targets, 0.1),
        )
    )
    assert all(part.dtype == torch.float32 for part in short)
    assert_close(short, whole, rtol=0.02, atol=0.002)
    assert not torch.equal(short[1], whole[1])


def autocast_loss(*args):
    with torch.autocast("cpu", torch.bfloat16):
        return fused_sequence_loss(*args)


def test_padding_has_no_gradient():
    x = torch.randn(1, 3, D, requires_grad=True)
    fused_sequence_loss(x, torch.randn(V, D), torch.tensor([[4, 5, PAD_ID]]), 0.1).backward()
    assert (x.grad[0, :2] != 0).all()
    assert (x.grad[0, 2] == 0).all()
