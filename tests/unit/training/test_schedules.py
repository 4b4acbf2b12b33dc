from typing import Any

import pytest
import torch
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LinearLR, ReduceLROnPlateau

from mien.errors import RecipeError
from mien.training.schedules import SCHEDULES, build_schedules


def optimizer_of(*rates: float, kind: type[Optimizer] = SGD, **options: Any) -> Optimizer:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return kind(groups, lr=rates[0], **options)


def follow(optimizer: Optimizer, name: str, *, steps: int, **options: Any) -> list[list[float]]:
    """Return the rates of all groups at each step of epochs of ten."""
    (schedule,) = build_schedules(optimizer, name, steps=steps, steps_per_epoch=10, **options)
    result = []
    for _ in range(steps):
        result.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return result


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    result = [rates[0] for rates in follow(optimizer_of(0.1), "one_cycle", steps=100)]
    peak = max(range(100), key=lambda step: result[step])
    assert 18 <= peak <= 20
    assert result[peak] == pytest.approx(0.1)
    assert result[0] == pytest.approx(0.1 / 25)
    assert result[-1] < 1e-5


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"plateau"}))
@pytest.mark.parametrize("warmup_steps", [0, 7])
def test_parts_of_a_network_keep_their_share_of_the_rate(name: str, warmup_steps: int) -> None:
    options: dict[str, Any] = {"rates": [(2, 0.01)]} if name == "step_list" else {}
    optimizer = optimizer_of(0.1, 0.02, momentum=0.9)
    for first, second in follow(optimizer, name, steps=50, warmup_steps=warmup_steps, **options):
        assert second == pytest.approx(0.2 * first)


def test_super_convergence_ends_above_nothing_and_moves_momentum_against_the_rate() -> None:
    optimizer = optimizer_of(0.1, momentum=0.9)
    (schedule,) = build_schedules(
        optimizer, "super_convergence", steps=100, steps_per_epoch=10, low_momentum=0.8, high_momentum=0.9
    )
    seen = []
    for _ in range(100):
        group = optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
        optimizer.step()
        schedule.step()
    assert all(momentum == pytest.approx(0.9 - 0.1 * (rate - 0.004) / 0.096) for rate, momentum in seen[:89])
    assert [momentum for _, momentum in seen[89:]] == pytest.approx([0.9] * 11)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.004 / 1e4)


def test_super_convergence_moves_the_first_beta() -> None:
    optimizer = optimizer_of(0.1, kind=AdamW)
    build_schedules(optimizer, "super_convergence", steps=100, steps_per_epoch=10)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.999)


def test_momentum_stays_where_it_is_not_to_cycle() -> None:
    optimizer = optimizer_of(0.1, momentum=0.7)
    follow(optimizer, "super_convergence", steps=30, cycle_momentum=False)
    assert optimizer.param_groups[0]["momentum"] == 0.7


def test_plateau_warms_up_beside_it() -> None:
    optimizer = optimizer_of(0.1)
    rise, plateau = build_schedules(
        optimizer, "plateau", steps=60, steps_per_epoch=10, warmup_epochs=1.5, patience=0, factor=0.5
    )
    assert isinstance(rise, LinearLR)
    assert isinstance(plateau, ReduceLROnPlateau)
    rates = []
    for step in range(40):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        rise.step()
        if step % 10 == 9:
            plateau.step(1.0)
    expected = [0.1 * (step + 1) / 16 for step in range(15)] + [0.1] * 5 + [0.05] * 10 + [0.025] * 10
    assert rates == pytest.approx(expected)


def test_plateau_does_not_go_below_the_smallest_rate() -> None:
    optimizer = optimizer_of(0.1)
    (plateau,) = build_schedules(optimizer, "plateau", steps=60, steps_per_epoch=10, patience=0, min_rate=0.04)
    for _ in range(5):
        plateau.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.04


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("cosine", {"warmup_steps": 60}, "schedule: a warm-up of 60 steps fills a run of 60; expected fewer"),
        ("plateau", {"warmup_epochs": 7.0}, "schedule: a warm-up of 70 steps fills a run of 60; expected fewer"),
        (
            "one_cycle",
            {"warmup": 1 / 60},
            "schedule: 60 steps are too few for 'one_cycle'; train more epochs, or take smaller batches",
        ),
    ],
)
def test_a_run_too_short_is_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build_schedules(optimizer_of(0.1), name, steps=60, steps_per_epoch=10, **settings)
    assert str(caught.value) == message


@pytest.mark.parametrize("warmup_steps", [0, 15])
@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"plateau"}))
def test_a_schedule_goes_on_from_its_state(name: str, warmup_steps: int) -> None:
    settings: dict[str, Any] = {"steps": 40, "steps_per_epoch": 10, "warmup_steps": warmup_steps}
    settings |= {"rates": [(2, 0.01)]} if name == "step_list" else {}
    whole = optimizer_of(0.1, momentum=0.9)
    (schedule,) = build_schedules(whole, name, **settings)
    for _ in range(20):
        whole.step()
        schedule.step()
    resumed = optimizer_of(0.1, momentum=0.9)
    (again,) = build_schedules(resumed, name, **settings)
    resumed.load_state_dict(whole.state_dict())
    again.load_state_dict(schedule.state_dict())
    for _ in range(20):
        assert resumed.param_groups[0]["lr"] == whole.param_groups[0]["lr"]
        for optimizer, each in ((whole, schedule), (resumed, again)):
            optimizer.step()
            each.step()
