"""Several models trained at once, so that a comparison can show its spread over seeds."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from course_lib.parallel import num_threads

Batches = Callable[[int, Generator], tuple[Tensor, Tensor]]


def train_together(
    make_model: Callable[[], nn.Module],
    draw_batch: Batches,
    num_models: int = 5,
    steps: int = 900,
    batch_size: int = 32,
    learning_rate: float = 0.01,
    seed: int = 0,
    warmup: int = 50,
    watch: Callable[[Tensor], None] = lambda losses: None,
) -> list[nn.Module]:
    """Models that differ in their first weights and in what they see, trained with Adam.

    Their parameters are stacked and go through one computation, which is several times faster
    than one after another; no number of one model reaches another. The rate rises for `warmup`
    steps, then falls in a straight line to 0. `draw_batch(size, dice)` gives inputs and the
    classes that are right, of the shape of the model's output without its last axis. `watch`
    gets the losses of each step, one for each model.
    """
    dice = torch.Generator().manual_seed(seed)
    # The fused kernels cannot be stacked; the plain form of the same function can.
    with torch.random.fork_rng(devices=[]), num_threads(1), sdpa_kernel(SDPBackend.MATH):
        torch.manual_seed(seed)
        models = [make_model() for _ in range(num_models)]
        parameters, buffers = stack_module_state(models)

        def run(own: dict[str, Tensor], own_buffers: dict[str, Tensor], x: Tensor) -> Tensor:
            return functional_call(models[0], (own, own_buffers), (x,))

        optimizer = torch.optim.Adam(parameters.values(), lr=learning_rate)
        rate = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, (step + 1) / max(warmup, 1)) * (1 - step / steps)
        )
        for _ in range(steps):
            x, y = (
                t.unflatten(0, (num_models, -1)) for t in draw_batch(num_models * batch_size, dice)
            )
            logits = vmap(run)(parameters, buffers, x)
            each = F.cross_entropy(logits.flatten(0, -2), y.flatten(), reduction="none")
            losses = each.view(num_models, -1).mean(dim=1)
            watch(losses.detach())
            optimizer.zero_grad()
            losses.sum().backward()
            optimizer.step()
            rate.step()
    for index, model in enumerate(models):
        model.load_state_dict(
            {name: stack[index] for name, stack in parameters.items()}, strict=False
        )
    return models
