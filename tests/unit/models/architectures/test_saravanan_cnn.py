import pytest
import torch

from mien.models import count_parameters, create_model


def test_ten_layers_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("saravanan_cnn")
    convolutions = [
        layer.weight.numel() + len(layer.bias) for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)
    ]
    assert convolutions == [640, 36_928, 73_856, 147_584, 295_168, 590_080]
    assert sum(isinstance(layer, torch.nn.MaxPool2d) for layer in network.modules()) == 3
    assert count_parameters(network) == sum(convolutions) + 64_519


def test_the_last_map_is_an_eighth_of_the_side() -> None:
    with torch.device("meta"):
        network = create_model("saravanan_cnn")
        assert network.forward_features(torch.rand(1, 1, 48, 48)).shape == (1, 256, 6, 6)


@pytest.mark.parametrize("pooling", ["max", "average", "stochastic"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "parametric_relu", "tanh", "sigmoid"])
def test_activation_and_pooling_are_options(activation: str, pooling: str) -> None:
    network = create_model("saravanan_cnn", input_side=8, activation=activation, pooling=pooling)
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 7)
