import re

import pytest
import torch
from timm.layers.pool2d_same import AvgPool2dSame
from timm.models.nasnet import NASNetALarge
from torch import nn

from mien.errors import MienError
from mien.models import create_model
from mien.models.architectures.nasnet import NasNetCells, leave_out_padding
from tests.unit.models.conftest import CheckPretrained, randomize


def test_maps_shrink_as_published() -> None:
    with torch.device("meta"):
        network, images = create_model("nasnet_mobile").eval(), torch.rand(1, 3, 224, 224)
    shapes = []
    features = network.features
    watched = [features.convolution, features.stem_0, features.stem_1]
    watched += [module for group in features.groups for module in [group[-1]]] + list(features.reductions)
    for module in watched:
        module.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:3])))
    network(images)
    assert shapes == [(32, 111), (44, 56), (88, 28), (264, 28), (352, 14), (528, 14), (704, 7), (1056, 7)]


def test_norm_momentum_reaches_every_norm() -> None:
    with torch.device("meta"):
        network = create_model("nasnet_mobile", norm_momentum=0.0003)
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.0003, 1e-3)}


def test_an_unknown_pooling_is_refused() -> None:
    with torch.device("meta"), pytest.raises(MienError, match="pooling is 'sum'; expected 'average' or 'max'"):
        create_model("nasnet_mobile", pooling="sum")


def published_name(name: str, *, cells_of_a_group: int) -> str:
    """Return what timm, and Cadene from whom it took them, call a weight of `NasNetCells`."""
    name = re.sub(
        r"^groups\.(\d)\.(\d)", lambda found: f"cell_{cells_of_a_group * int(found[1]) + int(found[2])}", name
    )
    name = re.sub(r"^stem_", "cell_stem_", re.sub(r"^convolution\.", "conv0.", name))
    return re.sub(r"^reductions\.", "reduction_cell_", name)


@torch.no_grad()
@pytest.mark.parametrize("side", [32, 75])
def test_the_cells_are_wired_as_timm_wires_the_large_one(side: int) -> None:
    other = NASNetALarge(num_classes=0, stem_size=16, num_features=24 * 8).eval()
    randomize(other)
    leave_out_padding(other)
    cells = NasNetCells(3, stem=16, filters=8, repeats=6, skips_reduction=True).eval()
    weights = other.state_dict()
    cells.load_state_dict({name: weights[published_name(name, cells_of_a_group=6)] for name in cells.state_dict()})
    images = torch.rand(2, 3, side, side)
    assert torch.equal(cells(images), other.forward_features(images))


@torch.no_grad()
def test_the_mobile_ones_cell_after_a_reduction_sees_what_was_reduced() -> None:
    cells, seen = NasNetCells(3, stem=8, filters=8, repeats=2).eval(), {}
    for name in ("groups.0.1", "reductions.0", "groups.1.0"):
        cells.get_submodule(name).register_forward_hook(
            lambda _module, inputs, output, name=name: seen.update({name: (inputs, output)})
        )
    cells(torch.rand(1, 3, 32, 32))
    current, previous = seen["groups.1.0"][0]
    assert current is seen["reductions.0"][1]
    assert previous is seen["groups.0.1"][1]


def test_averages_leave_out_what_is_padded() -> None:
    network = nn.Sequential(AvgPool2dSame(3, 2, count_include_pad=False), nn.Sequential(nn.AvgPool2d(3, 1, 1)))
    leave_out_padding(network)
    assert network[0](torch.ones(1, 1, 4, 4)).tolist() == [[[[1, 1], [1, 1]]]]
    assert type(network[1][0]) is nn.AvgPool2d


def test_weights_begin_as_in_keras() -> None:
    torch.manual_seed(1)
    features = create_model("nasnet_mobile").features
    plain, separable = features.stem_1.conv_1x1.conv.weight, features.groups[0][1].comb_iter_0_left.separable_1
    assert plain.std().item() == pytest.approx((2 / 44) ** 0.5, rel=0.1)
    pointwise = separable.pointwise_conv2d.weight
    assert 0.95 * (6 / 88) ** 0.5 < pointwise.abs().max().item() <= (6 / 88) ** 0.5


def test_pretrained_weights_are_found_by_their_published_names(check_pretrained: CheckPretrained) -> None:
    published = NasNetCells(3, stem=32, filters=44, repeats=4).eval()
    randomize(published)
    weights = {published_name(name, cells_of_a_group=6): value for name, value in published.state_dict().items()}
    assert {"conv0.conv.weight", "cell_stem_1.path_2.conv.weight", "cell_15.conv_1x1.bn.bias"} < set(weights)
    check_pretrained("nasnet_mobile", {**weights, "last_linear.bias": torch.zeros(1000)}, published)
