"""Optimizers by the names that recipes use, and what they move: groups of weights with their rate and decay."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import nn
from torch.optim import ASGD, SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, Optimizer, RAdam, RMSprop

from mien.errors import RecipeError, suggest

Groups = list[dict[str, Any]]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Betas = Annotated[tuple[Share, Share], Field(strict=False)]


def sgd(groups: Groups, *, learning_rate: float = 0.1, momentum: Share = 0.9, nesterov: bool = True) -> Optimizer:
    """Return stochastic gradient descent; with a momentum of 0 it is the plain one."""
    return SGD(groups, lr=learning_rate, momentum=momentum, nesterov=nesterov and momentum > 0)


def asgd(groups: Groups, *, learning_rate: float = 0.01, lambd: NotNegative = 1e-4, alpha: Share = 0.75) -> Optimizer:
    """Return averaged stochastic gradient descent, with a decay ``lambd`` and a rate that falls with power ``alpha``.

    Source: Polyak and Juditsky 1992. Differs: as in torch, the averages stay in its state; the weights that are judged
    are averaged as with every optimizer, by what `[training]` says.
    """
    return ASGD(groups, lr=learning_rate, lambd=lambd, alpha=alpha)


def adam(
    groups: Groups,
    *,
    learning_rate: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: Positive = 1e-8,
    amsgrad: bool = False,
) -> Optimizer:
    """Return Adam; with ``amsgrad`` it divides by the largest second moment so far."""
    return Adam(groups, lr=learning_rate, betas=betas, eps=eps, amsgrad=amsgrad)


def adamw(
    groups: Groups,
    *,
    learning_rate: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: Positive = 1e-8,
    amsgrad: bool = False,
) -> Optimizer:
    """Return Adam whose weight decay is decoupled by itself."""
    return AdamW(groups, lr=learning_rate, betas=betas, eps=eps, amsgrad=amsgrad)


def radam(
    groups: Groups, *, learning_rate: float = 1e-3, betas: Betas = (0.9, 0.999), eps: Positive = 1e-8
) -> Optimizer:
    """Return rectified Adam, which adapts once its second moment is known well enough."""
    return RAdam(groups, lr=learning_rate, betas=betas, eps=eps)


def nadam(
    groups: Groups,
    *,
    learning_rate: float = 2e-3,
    betas: Betas = (0.9, 0.999),
    eps: Positive = 1e-8,
    momentum_decay: NotNegative = 4e-3,
) -> Optimizer:
    """Return Adam with Nesterov momentum."""
    return NAdam(groups, lr=learning_rate, betas=betas, eps=eps, momentum_decay=momentum_decay)


def rmsprop(
    groups: Groups,
    *,
    learning_rate: float = 1e-3,
    alpha: Share = 0.99,
    eps: Positive = 1e-8,
    momentum: Share = 0.0,
    centered: bool = False,
) -> Optimizer:
    """Return RMSprop; ``centered`` divides by the deviation of the gradient and not by its size."""
    return RMSprop(groups, lr=learning_rate, alpha=alpha, eps=eps, momentum=momentum, centered=centered)


def adadelta(groups: Groups, *, learning_rate: float = 1.0, rho: Share = 0.9, eps: Positive = 1e-6) -> Optimizer:
    """Return Adadelta."""
    return Adadelta(groups, lr=learning_rate, rho=rho, eps=eps)


def adagrad(
    groups: Groups, *, learning_rate: float = 0.01, lr_decay: NotNegative = 0.0, eps: Positive = 1e-10
) -> Optimizer:
    """Return Adagrad."""
    return Adagrad(groups, lr=learning_rate, lr_decay=lr_decay, eps=eps)


OPTIMIZERS: Mapping[str, Callable[..., Optimizer]] = {
    function.__name__: function for function in (sgd, asgd, adam, adamw, radam, nadam, rmsprop, adadelta, adagrad)
}
"""Functions from groups of weights to an optimizer; their further arguments are what a recipe may set."""


def build_optimizer(
    network: nn.Module,
    name: str,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    decay: Literal["coupled", "decoupled"] = "coupled",
    decay_on: Literal["weights", "convolutions", "all"] = "weights",
    factors: Mapping[str, float] | None = None,
    **options: Any,
) -> Optimizer:
    """Return the optimizer of a network; weights that need no gradient stay out.

    Args:
        network: The network.
        name: One of `OPTIMIZERS`.
        learning_rate: The rate.
        weight_decay: How strongly weights are drawn to 0.
        decay: ``coupled`` adds it to the gradient; ``decoupled`` shrinks weights by rate times decay right before each
            step, as ``adamw`` does in any case.
        decay_on: What decays: ``weights`` of two and more dimensions, which leaves out biases and norms, kernels of
            ``convolutions`` alone, or ``all``.
        factors: What the rate of parts of the network is multiplied by, by their names, such as
            ``{"stages": 0.1}``; the longest name that fits counts. The group of the largest factor comes first.
        options: Further arguments of the optimizer.

    Raises:
        RecipeError: If the network has no part of a name in ``factors``.
    """
    groups = _group_weights(network, _decaying_weights(network, decay_on), factors or {})
    for group in groups:
        group["lr"] = learning_rate * group.pop("factor")
        group["weight_decay"] = weight_decay if group.pop("decays") else 0.0
    optimizer = OPTIMIZERS[name](groups, learning_rate=learning_rate, **options)
    if decay == "decoupled" and name != "adamw":
        _decouple_decay(optimizer)
    return optimizer


def _decaying_weights(network: nn.Module, decay_on: str) -> set[int]:
    """Return the ids of the weights that decay."""
    if decay_on == "convolutions":
        convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
        return {id(module.weight) for module in network.modules() if isinstance(module, convolutions)}
    return {id(weight) for weight in network.parameters() if weight.ndim > 1 or decay_on == "all"}


def _group_weights(network: nn.Module, decaying: set[int], factors: Mapping[str, float]) -> Groups:
    """Return the weights in groups that have a factor of the rate and whether they decay in common."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            part = max((part for part in factors if f"{name}.".startswith(f"{part}.")), key=len, default=None)
            factor = 1.0 if part is None else factors[part]
            groups.setdefault((factor, id(weight) in decaying), []).append(weight)
    parts = dict(network.named_modules()) | dict(network.named_parameters())
    for part in factors.keys() - parts.keys():
        raise RecipeError(f"the network has no part {part!r}{suggest(part, parts)}")
    return [
        {"params": groups[factor, decays], "factor": factor, "decays": decays}
        for factor, decays in sorted(groups, reverse=True)
    ]


def _decouple_decay(optimizer: Optimizer) -> None:
    """Take the decay out of the gradient: weights shrink by rate times decay between gradient and step."""
    for group in optimizer.param_groups:
        group["decoupled_decay"], group["weight_decay"] = group["weight_decay"], 0.0

    @torch.no_grad()
    def shrink(optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["decoupled_decay"])

    def before_step(optimizer: Optimizer, arguments: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        _, closure = (*arguments, options.get("closure"))[:2]
        if closure is None:
            shrink(optimizer)
            return None

        def closure_and_shrink() -> Any:
            loss = closure()  # the gradient is that of the weights as they were
            shrink(optimizer)
            return loss

        return arguments[:1], {"closure": closure_and_shrink}

    optimizer.register_step_pre_hook(before_step)
