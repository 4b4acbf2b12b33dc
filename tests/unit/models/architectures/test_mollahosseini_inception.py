import torch

from mien.models import count_parameters, create_model


def test_convolutions_modules_and_linear_layers_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("mollahosseini_inception")
    convolutions = 3_200 + 110_784 + 163_696 + 388_736 + 376_176 + 449_160
    assert count_parameters(network.features) == convolutions
    assert count_parameters(network) == convolutions + 2_101_248 + 4_195_328 + 7_175


def test_maps_shrink_as_the_papers_do() -> None:
    with torch.device("meta"):
        network, images = create_model("mollahosseini_inception").eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if not isinstance(layer, torch.nn.ReLU):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == [
        (64, 24), (64, 12), (192, 12), (192, 6), (256, 6), (480, 6), (480, 3), (512, 3), (512, 3),
    ]  # fmt: skip
