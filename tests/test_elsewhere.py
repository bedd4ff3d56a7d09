import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.exercises.elsewhere import GPU, Elsewhere, is_marked, mark

MASK = torch.ones(3, 4).tril().bool()

RUNS = {
    "arithmetic": lambda x: x + 1 - x,
    "a single number": lambda x: x * torch.tensor(2.0),
    "the device asked for": lambda x: x + torch.arange(4, device=x.device),
    "moved to the device": lambda x: x + torch.arange(4).to(x.device),
    "moved by name": lambda x: x + torch.arange(4).to("cuda"),
    "moved to a tensor": lambda x: x + torch.arange(4).to(x),
    "made like it": lambda x: x + torch.zeros_like(x) + x.new_ones(4),
    "a pair": lambda x: x.max(-1, keepdim=True)[0] + x,
    "a mask": lambda x: x.masked_fill(MASK.to(x.device), 0.0),
    "an index": lambda x: x[torch.tensor([1, 0])],
    "another dtype": lambda x: x.to(torch.float64).float(),
    "the kernel": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "a module": lambda x: nn.MultiheadAttention(4, 2).to(x.device)(x, x, x)[0],
    "a module and a dtype": lambda x: nn.Linear(4, 4).to(device=x.device, dtype=x.dtype)(x),
}
STOPS = {
    "made without asking": lambda x: x + torch.arange(4),
    "a mask left behind": lambda x: x.masked_fill(MASK, 0.0),
    "joined": lambda x: torch.cat([x, torch.zeros(2, 3, 1)], -1),
    "chosen": lambda x: torch.where(torch.ones(4) > 0, x, 0.0),
    "the original of a moved one": lambda x: MASK.to(x.device) & MASK,
    "back to the CPU": lambda x: x.cpu() + x,
    "a module left behind": lambda x: nn.Linear(4, 4)(x),
}


@pytest.fixture
def x():
    return mark(torch.randn(2, 3, 4))


@pytest.mark.parametrize("code", RUNS.values(), ids=RUNS)
def test_code_that_asks_for_the_device_runs(x, code):
    with Elsewhere():
        assert is_marked(code(x))


@pytest.mark.parametrize("code", STOPS.values(), ids=STOPS)
def test_code_that_does_not_stops(x, code):
    with Elsewhere(), pytest.raises(RuntimeError, match="same device"):
        code(x)


def test_it_has_the_numbers_of_a_cpu(x):
    with Elsewhere():
        y = x @ x.mT + torch.ones(3, 3, device="cuda:0")
        assert torch.equal(y, x @ x.mT + 1)
    assert torch.equal(y, x @ x.mT + 1)
    assert y.device.type == "cpu"


def test_the_device_can_be_asked_for(x):
    with Elsewhere():
        assert (x.device, x.is_cuda, x.is_cpu) == (GPU, True, False)
        assert (MASK.device.type, MASK.is_cuda, MASK.is_cpu) == ("cpu", False, True)
        assert not is_marked(x.cpu())
        assert is_marked(MASK.cuda())
        with pytest.raises(TypeError, match=r"Tensor\.cpu"):
            x.numpy()
    assert not is_marked(MASK)
