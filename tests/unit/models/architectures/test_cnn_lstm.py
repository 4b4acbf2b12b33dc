import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def test_only_keras_biases_are_counted() -> None:
    network = create_model("cnn_lstm")
    assert count_parameters(network) == 457_031
    assert sum(parameter.numel() for parameter in network.parameters()) == 457_799
    assert sum(buffer.numel() for name, buffer in network.named_buffers() if "running" in name) == 832


def test_the_frozen_bias_has_no_gradient_and_stays_zero() -> None:
    network = create_model("cnn_lstm")
    network(torch.rand(2, 1, 48, 48)).sum().backward()
    frozen = {name: parameter for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert sorted(frozen) == ["neck.0.first.bias_hh_l0", "neck.0.second.bias_hh_l0"]
    for parameter in frozen.values():
        assert parameter.grad is None
        assert not parameter.any()


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        ("same", [(32, 46), (64, 46), (64, 23), (64, 23), (128, 23), (128, 11), (128, 11), (128, 5)]),
        ("valid", [(32, 46), (64, 46), (64, 23), (64, 21), (128, 19), (128, 9), (128, 9), (128, 4)]),
    ],
)
def test_maps_shrink_as_the_table_says(padding: str, expected: list[tuple[int, int]]) -> None:
    network, images = create_model("cnn_lstm", padding=padding).eval(), torch.rand(1, 1, 48, 48)
    shapes = []
    for layer in network.features:
        images = layer(images)
        if isinstance(layer, torch.nn.Conv2d | torch.nn.MaxPool2d):
            shapes.append((images.shape[1], images.shape[2]))
    assert shapes == expected
    assert count_parameters(network) == 457_031


def test_places_are_read_row_by_row() -> None:
    network, features = create_model("cnn_lstm").eval(), torch.rand(2, 128, 5, 5)
    reader = network.neck[0]
    sequence = features.permute(0, 2, 3, 1).reshape(2, 25, 128)
    expected = reader.second(reader.first(sequence)[0])[0][:, -1]
    torch.testing.assert_close(reader(features), expected)


def test_batch_norm_has_keras_constants() -> None:
    norms = [layer for layer in create_model("cnn_lstm").modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert len(norms) == 5
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


def test_an_unknown_padding_is_refused() -> None:
    with pytest.raises(MienError, match="padding is 'full'; expected 'same' or 'valid'"):
        create_model("cnn_lstm", padding="full")
