import pytest
import torch
from timm.models.nasnet import NASNetALarge

from mien.errors import MienError
from mien.models import count_parameters, create_model
from mien.models.architectures.nasnet import NasNetCells


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("nasnet_mobile", {"in_channels": 1}, 4_239_801),
        ("nasnet_mobile", {"num_classes": 6}, 4_239_320),
        ("nasnet_mobile", {"num_classes": 1000}, 5_289_978),
        ("nasnetalarge", {"in_channels": 1}, 84_746_653),
        ("nasnetalarge", {"num_classes": 6}, 84_744_348),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters


@pytest.mark.parametrize(("name", "keras"), [("nasnet_mobile", 4_269_716), ("nasnetalarge", 84_916_818)])
def test_without_its_head_it_counts_as_in_keras(name: str, keras: int) -> None:
    with torch.device("meta"):
        network = create_model(name)
    statistics = [value for key, value in network.features.named_buffers() if "running" in key]
    assert count_parameters(network.features) + sum(value.numel() for value in statistics) == keras


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


@torch.no_grad()
def test_up_to_the_first_reduction_it_is_wired_as_timm_wires_the_large_one() -> None:
    other = NASNetALarge(num_classes=0, stem_size=32, num_features=24 * 44).eval()
    cells = NasNetCells(3, stem=32, filters=44, repeats=6, momentum=0.1).eval()
    pairs = [(cells.convolution, other.conv0), (cells.stem_0, other.cell_stem_0), (cells.stem_1, other.cell_stem_1)]
    pairs += [(cell, getattr(other, f"cell_{place}")) for place, cell in enumerate(cells.groups[0])]
    pairs.append((cells.reductions[0], other.reduction_cell_0))
    outputs = []
    for own, timms in pairs:
        own.load_state_dict(timms.state_dict())
    for reduction in pairs[-1]:
        reduction.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    images = torch.rand(2, 3, 32, 32)
    cells(images)
    other(images)
    torch.testing.assert_close(*outputs)
