import pytest
import torch

from mien.errors import MienError
from mien.models import create_model


def test_maps_shrink_as_the_table_says() -> None:
    with torch.device("meta"):
        network, images = create_model("khaireddin_vgg").eval(), torch.rand(1, 1, 40, 40)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, torch.nn.MaxPool2d):
            shapes.append(tuple(images.shape[1:]))
    assert shapes == [(64, 20, 20), (128, 10, 10), (256, 5, 5), (512, 2, 2)]
    assert network.neck[0](images).shape == (1, 2048)


def test_another_size_than_it_was_made_for_is_refused() -> None:
    with torch.device("meta"):
        network, images = create_model("khaireddin_vgg"), torch.rand(2, 1, 48, 48)
    with pytest.raises(ValueError, match="the last map is 3x3, and the head was built for 2x2: pictures of 40x40"):
        network(images)


def test_an_input_without_a_last_map_is_refused() -> None:
    with pytest.raises(MienError, match="input_side is 15; 16 is the smallest that works"):
        create_model("khaireddin_vgg", input_side=15)
