"""The contract of every optimizer and schedule: a tiny set is learnt, and numbers are those worked out by hand."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau

from mien.training.optimization_settings import OptimizerSettings, ScheduleSettings
from mien.training.optimizers import OPTIMIZERS, build_optimizer
from mien.training.schedules import SCHEDULES, build_schedules
from mien.training.sharpness import sharpen

QUICK_RATES = {"sgd": 0.05, "asgd": 0.1, "radam": 0.01, "adam": 0.01, "adamw": 0.01, "adagrad": 0.05, "rmsprop": 0.003}
"""Rates at which sixty steps suffice, where the default is made for thousands."""
STEPS, EPOCH = 60, 10
OPTIONS: dict[str, dict[str, Any]] = {
    "step_list": {"rates": [[2, 0.02], [4, 0.01]]},
    "step": {"every": 2, "factor": 0.5},
    "cosine_restarts": {"first_epochs": 2},
}


def stripes() -> tuple[Tensor, Tensor]:
    """Return noisy pictures of stripes across and stripes down, and which they are."""
    generator = torch.Generator().manual_seed(0)
    across = (torch.arange(8) % 2 * 2.0 - 1)[:, None].expand(8, 8)
    labels = torch.arange(40) % 2
    pictures = torch.stack([across, across.T])[labels] + 0.3 * torch.randn(40, 8, 8, generator=generator)
    return pictures[:, None], labels


def learn(optimizer_name: str, schedule_name: str, *, rho: float = 0.0) -> tuple[list[float], float]:
    """Return the losses of a tiny network on the stripes and its accuracy in the end."""
    torch.manual_seed(0)
    images, labels = stripes()
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    settings = {"name": optimizer_name}
    if optimizer_name in QUICK_RATES:
        settings["learning_rate"] = QUICK_RATES[optimizer_name]
    optimizer = build_optimizer(network, **OptimizerSettings(**settings).arguments)
    schedule = ScheduleSettings(name=schedule_name, **OPTIONS.get(schedule_name, {}))
    schedules = build_schedules(optimizer, **dict(schedule), steps=STEPS, steps_per_epoch=EPOCH)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        return loss.detach()

    losses = []
    for step in range(STEPS):
        losses.append(float(optimizer.step(sharpen(closure, network, rho=rho) if rho else closure)))
        for each in schedules:
            if not isinstance(each, ReduceLROnPlateau):
                each.step()
            elif (step + 1) % EPOCH == 0:
                each.step(losses[-1])
    return losses, float((network(images).argmax(1) == labels).float().mean())


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("rho", [0.0, 0.05])
def test_every_optimizer_learns(name: str, rho: float, say_covered: Callable[[str], None]) -> None:
    if name == next(iter(OPTIMIZERS)) and not rho:
        say_covered(f"optimizers that learn, alone and sharpness-aware: {len(OPTIMIZERS)}")
    losses, accuracy = learn(name, "constant", rho=rho)
    assert accuracy == 1
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_learns(name: str) -> None:
    losses, accuracy = learn("sgd", name)
    assert accuracy == 1
    assert losses[-1] < 0.3 * losses[0]


def move(optimizer_name: str, gradients: list[float], **settings: Any) -> float:
    """Return where a weight of 1 goes that is given gradients, at a rate of 0.1 and without decay unless stated."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    given = {"name": optimizer_name, "learning_rate": 0.1, "weight_decay": 0.0, **settings}
    optimizer = build_optimizer(network, **OptimizerSettings(**given).arguments)
    for gradient in gradients:
        network.weight.grad = torch.tensor([[gradient]])
        optimizer.step()
    return float(network.weight.detach())


MU = [0.9 * (1 - 0.5 * 0.96 ** (step * 4e-3)) for step in (1, 2)]
FIRST_STEPS = {
    "sgd": 1 - 0.1 * (2 + 0.9 * 2),
    "asgd": 1 - 0.1 * (2 + 1e-4 * 1),
    "adam": 1 - 0.1,
    "adamw": 1 - 0.1,
    "radam": 1 - 0.1 * 2,
    "nadam": 1 - 0.1 * (MU[1] * 0.1 * 2 / (1 - MU[0] * MU[1]) + 2) / 2,
    "rmsprop": 1 - 0.1 * 2 / math.sqrt(0.01 * 2**2),
    "adadelta": 1 - 0.1 * math.sqrt(1e-6 / (0.1 * 2**2 + 1e-6)) * 2,
    "adagrad": 1 - 0.1,
}
"""Where a gradient of 2 takes a weight of 1 at a rate of 0.1, from the papers' formulas."""


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_step_is_the_papers(name: str) -> None:
    assert move(name, [2.0]) == pytest.approx(FIRST_STEPS[name], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "gradients", "expected"),
    [
        ("sgd", {"momentum": 0.0}, [2.0, 2.0], 1 - 0.1 * 4),
        ("sgd", {"nesterov": False}, [2.0, 2.0], 1 - 0.1 * (2 + 0.9 * 2 + 2)),
        ("sgd", {"momentum": 0.5}, [2.0], 1 - 0.1 * (2 + 0.5 * 2)),
        ("asgd", {"lambd": 0.5}, [2.0], 1 - 0.1 * (2 + 0.5)),
        ("asgd", {"lambd": 0.5, "alpha": 0.5}, [2.0, 0.0], 0.75 * (1 - 0.5 * 0.1 / (1 + 0.5 * 0.1) ** 0.5)),
        ("adam", {"betas": [0.5, 0.999]}, [2.0, 0.0], 0.9 - 0.1 * (0.5 / 0.75) / math.sqrt(4 * 0.999 / 1.999)),
        ("adam", {"eps": 2.0}, [2.0], 1 - 0.1 * 2 / 4),
        (
            "adam",
            {"amsgrad": True, "betas": [0.0, 0.5]},
            [2.0, 0.1],
            0.9 - 0.1 * 0.1 / math.sqrt(max(0.5 * 4, 0.25 * 4 + 0.5 * 0.01) / 0.75),
        ),
        ("adam", {"betas": [0.0, 0.5]}, [2.0, 0.1], 0.9 - 0.1 * 0.1 / math.sqrt((0.25 * 4 + 0.5 * 0.01) / 0.75)),
        ("nadam", {"momentum_decay": 0.0}, [2.0], 1 - 0.1 * (0.45 * 0.1 * 2 / (1 - 0.45**2) + 2) / 2),
        ("rmsprop", {"alpha": 0.75}, [2.0], 1 - 0.1 * 2),
        ("rmsprop", {"alpha": 0.75, "momentum": 0.5}, [2.0, 0.0], 1 - 0.1 * (2 + 0.5 * 2)),
        ("rmsprop", {"alpha": 0.5, "centered": True}, [2.0], 1 - 0.1 * 2 / math.sqrt(0.5 * 4 - (0.5 * 2) ** 2)),
        ("adadelta", {"rho": 0.0, "eps": 4.0}, [2.0], 1 - 0.1 * 2 * math.sqrt(4 / (4 + 4))),
        ("adagrad", {"lr_decay": 1.0}, [2.0, 2.0], 1 - 0.1 - 0.1 / 2 * 2 / math.sqrt(8)),
    ],
)
def test_an_option_does_what_its_formula_says(
    name: str, options: dict[str, Any], gradients: list[float], expected: float
) -> None:
    assert move(name, gradients, **options) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decoupled_decay_shrinks_before_the_step(name: str) -> None:
    moved = move(name, [2.0]) - 1
    if name == "asgd":
        moved += 0.1 * 1e-4 * (0.1 * 0.5)  # its own decay acts on the weight that has shrunk already
    assert move(name, [2.0], weight_decay=0.5, decay="decoupled") == pytest.approx(1 - 0.1 * 0.5 + moved, abs=1e-6)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - {"adamw"}))
def test_coupled_decay_joins_the_gradient(name: str) -> None:
    assert move(name, [2.0], weight_decay=0.5) == pytest.approx(move(name, [2.0 + 0.5 * 1]), abs=1e-6)


def rates(schedule_name: str, *, steps: int = STEPS, peak: float = 0.1, **options: Any) -> list[float]:
    """Return the rate of each step of a run of epochs of ten steps."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=peak, momentum=0.9)
    settings = ScheduleSettings(name=schedule_name, **options)
    (schedule,) = build_schedules(optimizer, **dict(settings), steps=steps, steps_per_epoch=EPOCH)
    result = []
    for _ in range(steps):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return result


def on_a_line(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def on_a_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def of_super_convergence(step: int) -> float:
    rise = 0.4 * 61 - 1
    if step <= rise:
        return on_a_line(0.004, 0.1, step / rise)
    if step <= 2 * rise:
        return on_a_line(0.1, 0.004, step / rise - 1)
    return on_a_line(0.004, 0.004 / 1e4, (step - 2 * rise) / (60 - 2 * rise))


def of_one_cycle(step: int) -> float:
    rise = 0.2 * 60 - 1
    if step <= rise:
        return on_a_cosine(0.004, 0.1, step / rise)
    return on_a_cosine(0.1, 0.004 / 1e4, (step - rise) / (59 - rise))


CLOSED_FORMS: list[tuple[str, dict[str, Any], Callable[[int], float]]] = [
    ("constant", {}, lambda step: 0.1),
    ("step_list", {"rates": [[4, 0.001], [2, 0.03]]}, lambda step: [0.1, 0.1, 0.03, 0.03, 0.001, 0.001][step // 10]),
    ("step", {"every": 2, "factor": 0.3}, lambda step: 0.1 * 0.3 ** (step // 20)),
    ("cosine", {}, lambda step: on_a_cosine(0.1, 0, step / 60)),
    ("cosine", {"final_rate": 0.02}, lambda step: on_a_cosine(0.1, 0.02, step / 60)),
    (
        "cosine_restarts",
        {"first_epochs": 1, "multiplier": 2},
        lambda step: on_a_cosine(
            0.1, 0, step / 10 if step < 10 else (step - 10) / 20 if step < 30 else (step - 30) / 40
        ),
    ),
    (
        "cosine_restarts",
        {"first_epochs": 2, "multiplier": 1, "final_rate": 0.01},
        lambda step: on_a_cosine(0.1, 0.01, step % 20 / 20),
    ),
    ("one_cycle", {}, of_one_cycle),
    ("super_convergence", {"warmup": 0.4}, of_super_convergence),
]


@pytest.mark.parametrize(("name", "options", "closed_form"), CLOSED_FORMS)
def test_every_rate_is_that_of_the_closed_form(
    name: str, options: dict[str, Any], closed_form: Callable[[int], float]
) -> None:
    expected = [closed_form(step) for step in range(STEPS)]
    assert rates(name, **options) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_every_schedule_has_a_closed_form() -> None:
    assert {name for name, *_ in CLOSED_FORMS} == SCHEDULES.keys() - {"plateau"}


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"plateau", "step_list"}))
@pytest.mark.parametrize("warmup", [{"warmup_steps": 20}, {"warmup_epochs": 2.0}])
def test_a_warmup_rises_on_a_line_to_where_the_schedule_begins(name: str, warmup: dict[str, float]) -> None:
    alone = rates(name, **OPTIONS.get(name, {}))
    warmed = rates(name, steps=STEPS + 20, **OPTIONS.get(name, {}), **warmup)
    assert warmed[:20] == pytest.approx([alone[0] * (step + 1) / 21 for step in range(20)])
    assert warmed[20:] == pytest.approx(alone, rel=1e-9, abs=1e-12)


def test_the_epochs_of_a_list_count_from_the_start_of_the_warmup() -> None:
    warmed = rates("step_list", rates=[[3, 0.01]], warmup_steps=5)
    assert warmed == pytest.approx([0.1 * (step + 1) / 6 for step in range(5)] + [0.1] * 25 + [0.01] * 30)


@pytest.mark.parametrize(
    ("metric", "figures", "expected"),
    [
        ("validation_loss", [5, 4, 3.95, 3.9, 3.9, 3.6, 3.6], [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]),
        ("validation_accuracy", [0.5, 0.45, 0.45, 0.7, 0.6, 0.6], [0.1, 0.1, 0.05, 0.05, 0.05, 0.025]),
    ],
)
def test_plateau_lowers_the_rate_when_patience_ends(metric: str, figures: list[float], expected: list[float]) -> None:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    settings = ScheduleSettings(name="plateau", metric=metric, factor=0.5, patience=1, min_change=0.1)
    (schedule,) = build_schedules(optimizer, **dict(settings), steps=STEPS, steps_per_epoch=EPOCH)
    found = []
    for figure in figures:
        schedule.step(figure)
        found.append(optimizer.param_groups[0]["lr"])
    assert found == pytest.approx(expected)
