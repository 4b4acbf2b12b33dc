import pytest
import torch

from mien.errors import MienError
from mien.models import create_model


def test_maps_shrink_as_the_table_says() -> None:
    with torch.device("meta"):
        network, images = create_model("fer_net").eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, torch.nn.MaxPool2d):
            shapes.append(tuple(images.shape[1:]))
    assert shapes == [(64, 24, 24), (128, 12, 12), (512, 6, 6), (512, 3, 3)]


def test_the_light_one_runs_with_stochastic_pooling() -> None:
    network = create_model("fer_net", variant="light", input_side=16, pooling="stochastic", activation="leaky_relu")
    assert network(torch.rand(2, 1, 16, 16)).shape == (2, 7)


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(MienError, match="variant is 'small'; expected 'wide' or 'light'"):
        create_model("fer_net", variant="small")
