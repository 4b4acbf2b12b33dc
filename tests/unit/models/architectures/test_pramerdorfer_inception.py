import torch

from mien.models import count_parameters, create_model
from mien.models.layers.inception import InceptionModule


def test_a_stem_and_seven_equal_modules_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("pramerdorfer_inception")
    modules = [count_parameters(layer) for layer in network.features if isinstance(layer, InceptionModule)]
    assert modules == [137_808] + [177_744] * 6
    assert count_parameters(network) == 768 + sum(modules) + 1_799


def test_maps_are_consistently_256_channels_wide() -> None:
    with torch.device("meta"):
        network, images = create_model("pramerdorfer_inception").eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, InceptionModule):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == [(256, 48), (256, 24), (256, 24), (256, 12), (256, 12), (256, 6), (256, 6)]
