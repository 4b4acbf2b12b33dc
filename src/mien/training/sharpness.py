"""Sharpness-aware minimisation around any optimizer: the gradient is taken where the loss nearby is worst."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


def sharpen(
    closure: Callable[[], Any],
    network: nn.Module,
    *,
    rho: float,
    is_adaptive: bool = False,
    again: Callable[[], Any] | None = None,
    generators: Iterable[torch.Generator] = (),
) -> Callable[[], Any]:
    """Return a closure that leaves the gradient of the worst point near the weights, and the weights as they were.

    The second pass draws the same random numbers as the first, and what a network keeps beside its weights, such as the
    statistics of batch norm, is that of the first.

    Source: Foret et al. 2021, arXiv:2010.01412; adaptive: Kwon et al. 2021, arXiv:2102.11600.

    Args:
        closure: Clears the gradients, computes them anew and returns the loss.
        network: The network that it trains.
        rho: How far away the worst point is sought.
        is_adaptive: Whether that distance is counted in shares of each weight.
        again: What computes the gradients at the worst point; None takes ``closure``.
        generators: Sources of randomness beside torch's own that the closure draws from.

    Returns:
        The closure; it returns the loss of the first pass.
    """
    sources = [(source.get_state, source.set_state) for source in (torch.default_generator, *generators)]
    device = next(network.parameters()).device
    if device.type != "cpu":
        of_device = torch.get_device_module(device)
        sources.append((of_device.get_rng_state, of_device.set_rng_state))

    def closure_at_the_worst_point() -> Any:
        states = [get_state() for get_state, _ in sources]
        loss = closure()
        with _moved_uphill(network, rho=rho, is_adaptive=is_adaptive), _kept_buffers(network):
            for (_, set_state), state in zip(sources, states, strict=True):
                set_state(state)
            (again or closure)()
        return loss

    return closure_at_the_worst_point


@contextmanager
def _moved_uphill(network: nn.Module, *, rho: float, is_adaptive: bool) -> Iterator[None]:
    """Move the weights by ``rho`` along their gradient for a block."""
    moving = [weight for weight in network.parameters() if weight.grad is not None]
    with torch.no_grad():
        before = [weight.clone() for weight in moving]
        units = [weight.abs() if is_adaptive else weight.new_ones(()) for weight in moving]
        gradients = [unit * weight.grad for unit, weight in zip(units, moving, strict=True) if weight.grad is not None]
        distance = rho / (nn.utils.get_total_norm(gradients) + 1e-12)
        for weight, unit, gradient in zip(moving, units, gradients, strict=True):
            weight.add_(unit * gradient * distance)
    try:
        yield
    finally:
        _put_back(moving, before)


@contextmanager
def _kept_buffers(network: nn.Module) -> Iterator[None]:
    buffers = list(network.buffers())
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        _put_back(buffers, before)


@torch.no_grad()
def _put_back(tensors: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)
