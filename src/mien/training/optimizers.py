"""Optimizers and learning rate schedules by the names that recipes use."""

from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from mien.training.recipe import OptimizerSettings, ScheduleSettings


def build_optimizer(network: nn.Module, settings: OptimizerSettings) -> Optimizer:
    """Return the optimizer; only weights of convolutions and linear layers decay, biases and norms do not."""
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return SGD(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.nesterov and settings.momentum > 0,
    )


def build_schedule(optimizer: Optimizer, settings: ScheduleSettings, *, steps: int) -> LRScheduler:
    """Return the schedule, to be stepped after each of ``steps`` batches."""
    if settings.name == "constant":
        return LambdaLR(optimizer, lambda _: 1.0)
    peaks = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, peaks, total_steps=steps, pct_start=settings.warmup, cycle_momentum=False)
