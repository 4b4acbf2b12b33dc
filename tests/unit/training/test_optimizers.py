from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import NAdam, Optimizer, RAdam

from mien.errors import RecipeError
from mien.models import create_model
from mien.training.optimizers import build_optimizer


def build(network: nn.Module, name: str = "sgd", **settings: Any) -> Optimizer:
    return build_optimizer(network, name, **{"learning_rate": 0.1, **settings})


def test_only_weights_decay() -> None:
    network = create_model("vgg_se", width=4)
    decayed, plain = build(network, weight_decay=0.01).param_groups
    assert decayed["weight_decay"] == 0.01
    assert plain["weight_decay"] == 0
    assert all(parameter.ndim > 1 for parameter in decayed["params"])
    assert all(parameter.ndim == 1 for parameter in plain["params"])
    assert len(decayed["params"]) + len(plain["params"]) == len(list(network.parameters()))


@pytest.mark.parametrize(
    ("decay_on", "names"),
    [
        ("weights", {"0.weight", "3.weight"}),
        ("convolutions", {"0.weight"}),
        ("all", {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"}),
    ],
)
def test_what_decays_is_chosen(decay_on: str, names: set[str]) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    groups = build(network, weight_decay=0.01, decay_on=decay_on).param_groups
    decayed = {id(weight) for group in groups if group["weight_decay"] == 0.01 for weight in group["params"]}
    assert {name for name, weight in network.named_parameters() if id(weight) in decayed} == names


def test_frozen_weights_stay_out() -> None:
    network = create_model("vgg_se", width=4)
    for parameter in network.stages.parameters():
        parameter.requires_grad_(False)
    groups = build(network).param_groups
    assert sum(len(group["params"]) for group in groups) == sum(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("nesterov", [True, False])
def test_options_reach_the_optimizer(nesterov: bool) -> None:
    group = build(create_model("vgg_se", width=4), learning_rate=0.3, momentum=0.8, nesterov=nesterov).param_groups[0]
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.3, 0.8, nesterov)


def test_parts_of_a_network_have_rates_of_their_own_and_the_largest_comes_first() -> None:
    network = nn.ModuleDict({"stem": nn.Linear(2, 2), "stems": nn.Linear(2, 2), "classifier": nn.Linear(2, 2)})
    network["stem"].add_module("norm", nn.LayerNorm(2))
    factors = {"stem": 0.1, "stem.norm": 0.01, "stems.bias": 0.5}
    optimizer = build(network, weight_decay=1e-3, factors=factors)
    rate_of = {id(weight): group["lr"] for group in optimizer.param_groups for weight in group["params"]}
    assert {name: rate_of[id(weight)] for name, weight in network.named_parameters()} == pytest.approx(
        {
            "stem.weight": 0.01,
            "stem.bias": 0.01,
            "stem.norm.weight": 0.001,
            "stem.norm.bias": 0.001,
            "stems.weight": 0.1,
            "stems.bias": 0.05,
            "classifier.weight": 0.1,
            "classifier.bias": 0.1,
        }
    )
    order = [group["lr"] for group in optimizer.param_groups]
    assert order == sorted(order, reverse=True)


def test_a_part_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecipeError, match="the network has no part 'stage'; did you mean 'stages'"):
        build(create_model("vgg_se", width=4), factors={"stage": 0.1})


@pytest.mark.parametrize(("name", "theirs"), [("nadam", NAdam), ("radam", RAdam)])
@pytest.mark.parametrize("has_closure", [True, False])
def test_decoupled_decay_is_that_of_torch_where_torch_has_it(
    name: str, theirs: type[Optimizer], has_closure: bool
) -> None:
    ends = []
    for is_own in (True, False):
        torch.manual_seed(0)
        network = nn.Linear(3, 2, bias=False)
        if is_own:
            optimizer = build(network, name, weight_decay=0.3, decay="decoupled")
        else:
            optimizer = theirs(network.parameters(), lr=0.1, weight_decay=0.3, decoupled_weight_decay=True)

        def closure(network: nn.Linear = network, optimizer: Optimizer = optimizer) -> torch.Tensor:
            optimizer.zero_grad()
            loss = network.weight.pow(4).sum()
            loss.backward()
            return loss

        for _ in range(10):
            if has_closure:
                loss = optimizer.step(closure)
            else:
                loss = closure()
                optimizer.step()
        ends.append((network.weight.detach(), loss.detach()))
    torch.testing.assert_close(ends[0], ends[1])


def test_decoupled_decay_leaves_alone_what_does_not_decay_or_has_no_gradient() -> None:
    network = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    optimizer = build(network, weight_decay=0.5, decay="decoupled")
    for weight in network[0].parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(network[0].weight.detach(), before["0.weight"] * (1 - 0.1 * 0.5))
    assert all(torch.equal(dict(network.named_parameters())[name], before[name]) for name in list(before)[1:])
