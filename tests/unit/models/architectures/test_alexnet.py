import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 56_873_671),
        ({"in_channels": 3}, 56_896_903),
        ({"in_channels": 3, "num_classes": 1000}, 60_965_224),
        ({"groups": 1}, 58_286_791),
        ({"groups": 1, "in_channels": 3}, 58_310_023),
    ],
)
def test_parameters_by_option(options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model("alexnet", **options)) == parameters


def test_maps_shrink_as_published() -> None:
    with torch.device("meta"):
        network, images = create_model("alexnet").eval(), torch.rand(1, 1, 227, 227)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, torch.nn.Conv2d | torch.nn.MaxPool2d):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == [
        (96, 55), (96, 27), (256, 27), (256, 13), (384, 13), (384, 13), (256, 13), (256, 6),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [(48, 48), (64, 40), (227, 227)])
def test_pictures_of_any_size_end_as_the_same_map(size: tuple[int, int]) -> None:
    with torch.device("meta"):
        network, images = create_model("alexnet"), torch.rand(1, 1, *size)
    assert network.forward_features(images).shape == (1, 256, 6, 6)


def test_weights_begin_as_published() -> None:
    network = create_model("alexnet")
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    assert [layer.bias.unique().tolist() for layer in layers] == [[0], [1], [0], [1], [1], [1], [1], [0]]
    assert layers[0].weight.std().item() == pytest.approx(0.01, rel=0.05)


def test_an_odd_number_of_groups_is_refused() -> None:
    with pytest.raises(MienError, match="groups is 3; expected 1 or 2"):
        create_model("alexnet", groups=3)
