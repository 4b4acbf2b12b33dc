"""Learning rate schedules by the names that recipes use, each after an optional linear warm-up."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    LambdaLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from mien.errors import RecipeError
from mien.training.optimizers import NotNegative, Positive, Share

Count = Annotated[int, Field(ge=1)]
Between = Annotated[float, Field(gt=0, lt=1)]
Rates = Annotated[tuple[Annotated[tuple[Count, Positive], Field(strict=False)], ...], Field(strict=False)]


@dataclass(frozen=True)
class RunLength:
    """How long a schedule has.

    Args:
        steps: Steps of the optimizer after the warm-up.
        steps_per_epoch: Steps in each epoch.
        warmup_steps: Steps before.
    """

    steps: int
    steps_per_epoch: int
    warmup_steps: int = 0


def constant(optimizer: Optimizer, length: RunLength) -> LRScheduler:
    """Return a rate that stays."""
    return LambdaLR(optimizer, lambda _: 1.0)


def step_list(optimizer: Optimizer, length: RunLength, *, rates: Rates) -> LRScheduler:
    """Return stated rates from stated epochs on, such as ``[[60, 0.001], [160, 0.0001]]``; epochs count from the start.

    Parts of the network with a rate of their own keep its proportion.
    """
    starts = [epoch * length.steps_per_epoch - length.warmup_steps for epoch, _ in sorted(rates)]
    factors = [1.0] + [rate / optimizer.defaults["lr"] for _, rate in sorted(rates)]
    return LambdaLR(optimizer, lambda step: factors[bisect_right(starts, step)])


def step(optimizer: Optimizer, length: RunLength, *, every: Count = 30, factor: Between = 0.1) -> LRScheduler:
    """Return a rate that is multiplied by ``factor`` every so many epochs after the warm-up."""
    return StepLR(optimizer, step_size=every * length.steps_per_epoch, gamma=factor)


def plateau(
    optimizer: Optimizer,
    length: RunLength,
    *,
    metric: Literal["validation_loss", "validation_accuracy"] = "validation_loss",
    factor: Between = 0.1,
    patience: Annotated[int, Field(ge=0)] = 10,
    min_change: NotNegative = 1e-4,
    min_rate: NotNegative = 0.0,
) -> LRScheduler:
    """Return a rate that is multiplied by ``factor`` when more than ``patience`` epochs did not better the metric.

    Differs: Keras lowers the rate one epoch sooner for the same patience.
    """
    return ReduceLROnPlateau(
        optimizer,
        mode="min" if metric == "validation_loss" else "max",
        factor=factor,
        patience=patience,
        threshold=min_change,
        threshold_mode="abs",
        min_lr=min_rate,
    )


def cosine(optimizer: Optimizer, length: RunLength, *, final_rate: NotNegative = 0.0) -> LRScheduler:
    """Return a rate that falls along half a cosine.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983.
    """
    return CosineAnnealingLR(optimizer, length.steps, eta_min=final_rate)


def cosine_restarts(
    optimizer: Optimizer,
    length: RunLength,
    *,
    first_epochs: Count = 10,
    multiplier: Count = 2,
    final_rate: NotNegative = 0.0,
) -> LRScheduler:
    """Return a rate that falls along half a cosine, again and again, each time ``multiplier`` times as long.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983.
    """
    return CosineAnnealingWarmRestarts(
        optimizer, first_epochs * length.steps_per_epoch, T_mult=multiplier, eta_min=final_rate
    )


def one_cycle(optimizer: Optimizer, length: RunLength, *, warmup: Between = 0.2) -> LRScheduler:
    """Return a rate that rises from a 25th for a share of all steps and falls to nothing, both along a cosine."""
    return OneCycleLR(optimizer, _peaks(optimizer), length.steps, pct_start=warmup, cycle_momentum=False)


def super_convergence(
    optimizer: Optimizer,
    length: RunLength,
    *,
    warmup: Annotated[float, Field(gt=0, le=0.5)] = 0.45,
    cycle_momentum: bool = True,
    low_momentum: Share = 0.85,
    high_momentum: Share = 0.95,
) -> LRScheduler:
    """Return a rate that rises from a 25th on a line, falls on a line as long, then vanishes; momentum goes against it.

    Source: Smith and Topin 2018, arXiv:1708.07120.
    """
    return OneCycleLR(
        optimizer,
        _peaks(optimizer),
        length.steps + 1,  # the step after the last would pass below 0
        pct_start=warmup,
        anneal_strategy="linear",
        cycle_momentum=cycle_momentum,
        base_momentum=low_momentum,
        max_momentum=high_momentum,
        three_phase=True,
    )


def _peaks(optimizer: Optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


SCHEDULES: Mapping[str, Callable[..., LRScheduler]] = {
    function.__name__: function
    for function in (constant, step_list, step, plateau, cosine, cosine_restarts, one_cycle, super_convergence)
}
"""Functions from an optimizer and a length to a schedule; their further arguments are what a recipe may set."""


def build_schedules(
    optimizer: Optimizer,
    name: str,
    *,
    steps: int,
    steps_per_epoch: int,
    warmup_steps: int = 0,
    warmup_epochs: float = 0.0,
    **options: Any,
) -> list[LRScheduler]:
    """Return what moves the rate: one schedule, for ``plateau`` two where there is a warm-up.

    All are to be stepped after each step of the optimizer, but `ReduceLROnPlateau`, which is after each validation.

    Args:
        optimizer: The optimizer.
        name: One of `SCHEDULES`.
        steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
        warmup_steps: Steps in which the rate first rises on a line to where the schedule begins.
        warmup_epochs: The same in epochs.
        options: Further arguments of the schedule.

    Raises:
        RecipeError: If the run is too short for it.
    """
    warmup = warmup_steps or round(warmup_epochs * steps_per_epoch)
    if warmup >= steps:
        raise RecipeError(f"schedule: a warm-up of {warmup} steps fills a run of {steps}; expected fewer")
    length = RunLength(steps - warmup, steps_per_epoch, warmup_steps=warmup)
    try:
        schedule = SCHEDULES[name](optimizer, length, **options)
    except ZeroDivisionError:  # torch's cycle whose rise is of one step
        raise RecipeError(
            f"schedule: {length.steps} steps are too few for {name!r}; train more epochs, or take smaller batches"
        ) from None
    if not warmup:
        return [schedule]
    rise = LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    if isinstance(schedule, ReduceLROnPlateau):
        return [rise, schedule]
    return [SequentialLR(optimizer, [rise, schedule], milestones=[warmup])]
