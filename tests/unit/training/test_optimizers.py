import pytest
import torch

from mien.models import create_model
from mien.training.optimizers import build_optimizer, build_schedule
from mien.training.recipe import OptimizerSettings, ScheduleSettings


def test_only_weights_decay() -> None:
    network = create_model("vgg_se", width=4)
    decayed, plain = build_optimizer(network, OptimizerSettings(weight_decay=0.01)).param_groups
    assert decayed["weight_decay"] == 0.01
    assert plain["weight_decay"] == 0
    assert all(parameter.ndim > 1 for parameter in decayed["params"])
    assert all(parameter.ndim == 1 for parameter in plain["params"])
    assert len(decayed["params"]) + len(plain["params"]) == len(list(network.parameters()))


def test_frozen_weights_stay_out() -> None:
    network = create_model("vgg_se", width=4)
    for parameter in network.stages.parameters():
        parameter.requires_grad_(False)
    groups = build_optimizer(network, OptimizerSettings()).param_groups
    assert sum(len(group["params"]) for group in groups) == sum(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("nesterov", [True, False])
def test_settings_reach_the_optimizer(nesterov: bool) -> None:
    settings = OptimizerSettings(learning_rate=0.3, momentum=0.8, nesterov=nesterov)
    group = build_optimizer(create_model("vgg_se", width=4), settings).param_groups[0]
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.3, 0.8, nesterov)


def rates(settings: ScheduleSettings, steps: int = 100) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = build_schedule(optimizer, settings, steps=steps)
    result = []
    for _ in range(steps):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return result


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    result = rates(ScheduleSettings(warmup=0.2))
    peak = max(range(100), key=lambda step: result[step])
    assert 18 <= peak <= 20
    assert result[peak] == pytest.approx(0.1)
    assert result[0] == pytest.approx(0.1 / 25)
    assert result[-1] < 1e-5


def test_constant_stays() -> None:
    assert set(rates(ScheduleSettings(name="constant"))) == {0.1}
