import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


@pytest.mark.parametrize(("input_side", "places", "parameters"), [(42, 25, 5_008_295), (48, 36, 7_170_983)])
def test_convolutions_and_linear_layers_make_the_count(input_side: int, places: int, parameters: int) -> None:
    with torch.device("meta"):
        network = create_model("tang_cnn", input_side=input_side)
    assert count_parameters(network) == parameters
    assert parameters == 832 + 16_416 + 51_264 + 64 * places * 3072 + 3072 + 3072 * 7 + 7


def test_maps_shrink_with_overlapping_pools() -> None:
    with torch.device("meta"):
        network, images = create_model("tang_cnn").eval(), torch.rand(1, 1, 42, 42)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if not isinstance(layer, torch.nn.ReLU):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == [(32, 42), (32, 21), (32, 20), (32, 10), (64, 10), (64, 5)]


def test_the_last_layer_is_a_linear_machine() -> None:
    with torch.device("meta"):
        assert isinstance(create_model("tang_cnn").classifier, torch.nn.Linear)


@pytest.mark.parametrize("pooling", ["average", "stochastic"])
def test_pooling_is_an_option(pooling: str) -> None:
    network = create_model("tang_cnn", input_side=8, pooling=pooling, activation="sigmoid")
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 7)


def test_too_small_an_input_is_refused() -> None:
    with pytest.raises(MienError, match="input_side is 2; 3 is the smallest that works"):
        create_model("tang_cnn", input_side=2)
