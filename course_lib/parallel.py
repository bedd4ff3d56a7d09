"""Data parallelism on the cores of one processor: the halves of a batch side by side.

Matrices as small as ours are soon multiplied, and two threads that share each of them mostly wait
for each other. Two threads with half of the sentences each meet once a step, when their gradients
are added (`benchmarks/training.py` has the gain). Each half draws its random numbers from a
generator of its own, so that they do not depend on which thread is first.
"""

import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from course_lib.batching import Batch

WORKERS = 2
# Cells of a batch times parameters; with less, the threads wait for each other's Python.
WORTH_IT = 1_000_000_000

_here = threading.local()


def random_source() -> torch.Generator | None:
    """Where this thread has its random numbers from. None is PyTorch's own generator."""
    return getattr(_here, "generator", None)


@contextmanager
def num_threads(count: int) -> Iterator[None]:
    """How many threads share an operation of PyTorch's, in the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def halves_apart(batches: Sequence[Batch], model: nn.Module) -> Iterator[None]:
    """In the block, `backward` cuts batches in two if that is worth it on this machine.

    All of a step belongs into the block: an operation that the threads shared would leave them
    waiting for the next one, in the way of the workers.
    """
    threads = torch.get_num_threads()
    parameters = list(model.parameters())
    cells = sum(batch.source.numel() + batch.target_in.numel() for batch in batches) / len(batches)
    large = cells * sum(p.numel() for p in parameters) >= WORTH_IT
    if threads < WORKERS or parameters[0].device.type != "cpu" or not large:
        yield
        return
    with num_threads(threads // WORKERS):
        _here.apart = True
        try:
            yield
        finally:
            _here.apart = False


def backward(
    loss_of: Callable[[Batch], Tensor], batches: Sequence[Batch], parameters: Iterable[nn.Parameter]
) -> float:
    """`loss_of(batch).backward()` for each batch. Returns the sum of the losses.

    `loss_of` gives the share of a batch, or of half a batch, in the whole loss.
    """
    parameters = list(parameters)
    total = 0.0
    if not getattr(_here, "apart", False):
        for batch in batches:
            loss = loss_of(batch)
            loss.backward()
            total += loss.item()
        return total

    def gradients(part: Batch, seed: int) -> tuple[float, tuple[Tensor, ...]]:
        _here.generator = torch.Generator().manual_seed(seed)
        try:
            loss = loss_of(part)
            return loss.item(), torch.autograd.grad(loss, parameters)
        finally:
            _here.generator = None

    parts = [part for batch in batches for part in batch.split(WORKERS)]
    seeds = torch.randint(2**62, (len(parts),)).tolist()
    for loss_value, grads in _pool().map(gradients, parts, seeds):
        total += loss_value
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = grad if parameter.grad is None else parameter.grad.add_(grad)
    return total


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """Threads that stay: starting new ones costs a tenth of a step."""
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="half")


if hasattr(os, "register_at_fork"):  # a forked process has no threads but its own
    os.register_at_fork(after_in_child=_pool.cache_clear)
