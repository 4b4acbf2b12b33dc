import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mien.errors import MienError
from mien.models import create_model


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


def halves(images: torch.Tensor, layer: nn.Conv2d) -> torch.Tensor:
    """Convolve as on the paper's two cards: each half of the kernels sees half of the channels."""
    lower, upper = images.chunk(2, dim=1)
    weights, biases = layer.weight.chunk(2), layer.bias.chunk(2)
    padding = layer.padding[0]
    parts = [
        F.conv2d(half, weight, bias, padding=padding)
        for half, weight, bias in zip((lower, upper), weights, biases, strict=True)
    ]
    return torch.cat(parts, dim=1)


def normalize(images: torch.Tensor) -> torch.Tensor:
    """The paper's equation: each value over (2 + 1e-4 times the squares of 5 neighbouring channels) ** 0.75."""
    squares = F.pad(images.square(), (0, 0, 0, 0, 2, 2))
    sums = sum(squares[:, place : place + images.shape[1]] for place in range(5))
    return images / (2 + 1e-4 * sums) ** 0.75


@torch.no_grad()
def test_it_equals_the_paper_written_out() -> None:
    network, images = create_model("alexnet").eval(), torch.rand(2, 1, 227, 227)
    convolutions = [layer for layer in network.features if isinstance(layer, nn.Conv2d)]
    first, second, third, fourth, fifth = convolutions
    maps = F.max_pool2d(normalize(F.conv2d(images, first.weight, first.bias, stride=4).relu()), 3, 2)
    maps = F.max_pool2d(normalize(halves(maps, second).relu()), 3, 2)
    maps = F.conv2d(maps, third.weight, third.bias, padding=1).relu()
    maps = F.max_pool2d(halves(halves(maps, fourth).relu(), fifth).relu(), 3, 2)
    torch.testing.assert_close(network.forward_features(images), maps)
    units = maps.flatten(1)
    for layer in (layer for layer in network.neck if isinstance(layer, nn.Linear)):
        units = (units @ layer.weight.T + layer.bias).relu()
    torch.testing.assert_close(network(images), units @ network.classifier.weight.T + network.classifier.bias)
