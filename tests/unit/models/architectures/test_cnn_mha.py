import torch

from mien.models import create_model


def test_dense_layers_of_200_run() -> None:
    network = create_model("cnn_mha", dense200=True)
    assert network.forward_features(torch.rand(2, 1, 16, 16)).shape == (2, 200, 4, 4)
    assert network(torch.rand(2, 1, 16, 16)).shape == (2, 7)


def test_maps_shrink_as_the_table_says() -> None:
    network, images = create_model("cnn_mha").eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if not isinstance(layer, torch.nn.Conv2d | torch.nn.ReLU):
            shapes.append(tuple(images.shape[1:]))
    assert shapes == [
        (32, 48, 48), (32, 24, 24), (64, 24, 24), (64, 12, 12),
        (64, 12, 12), (64, 12, 12), (128, 12, 12), (128, 12, 12),
    ]  # fmt: skip


def test_the_even_kernel_is_padded_at_right_and_bottom() -> None:
    convolution = create_model("cnn_mha").features[0]
    images = torch.rand(1, 1, 48, 48)
    expected = torch.nn.functional.conv2d(images, convolution.weight, convolution.bias)
    torch.testing.assert_close(convolution(images)[:, :, :47, :47], expected)


def test_attention_maps_say_how_places_attend_to_each_other() -> None:
    maps = create_model("cnn_mha").eval().attention_maps(torch.rand(2, 1, 16, 16))
    assert {name: tuple(weights.shape) for name, weights in maps.items()} == {
        "features.8.attention": (2, 8, 16, 16),
        "features.15.attention": (2, 8, 16, 16),
    }
    for weights in maps.values():
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 8, 16))
