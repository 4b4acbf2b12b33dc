import pytest
import torch

from mien.models import count_parameters, create_model


def test_transformer_convolutions_and_linear_layers_make_the_count() -> None:
    network = create_model("attentional_cnn")
    assert count_parameters(network.features[0]) == 400 + 2_010 + 20_512 + 198
    assert count_parameters(network.features) - 23_120 == 100 + 3 * 910
    assert count_parameters(network) == 23_120 + 2_830 + 40_550 + 357


def test_maps_shrink_as_the_convolutions_are_not_padded() -> None:
    network, images = create_model("attentional_cnn").eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, torch.nn.Conv2d | torch.nn.MaxPool2d):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == [(10, 46), (10, 44), (10, 22), (10, 20), (10, 18), (10, 9)]


def test_it_begins_by_looking_at_the_whole_picture() -> None:
    network, images = create_model("attentional_cnn").eval(), torch.rand(2, 1, 48, 48)
    torch.testing.assert_close(network.features[0](images), images, atol=1e-4, rtol=0)
    (places,) = network.attention_maps(images).values()
    assert torch.equal(places, torch.ones(2, 48, 48))


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pictures of 48x48 only$"):
        create_model("attentional_cnn")(torch.rand(2, 1, 64, 64))


def test_weights_begin_as_the_paper_says() -> None:
    torch.manual_seed(1)
    network = create_model("attentional_cnn")
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    transformers_last = network.features[0].affine
    weights = torch.cat([layer.weight.flatten() for layer in layers if layer is not transformers_last])
    assert weights.std().item() == pytest.approx(0.05, rel=0.01)
    assert not any(layer.bias.any() for layer in layers if layer is not transformers_last)
