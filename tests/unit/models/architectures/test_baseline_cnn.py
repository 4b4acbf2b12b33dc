import pytest
import torch

from mien.errors import MienError
from mien.models import create_model
from mien.models.architectures.baseline_cnn import BaselineCnn


@pytest.mark.parametrize(
    ("options", "last_side"),
    [
        ({}, 12),
        ({"third_pooling": True}, 6),
        ({"padding": "valid"}, 2),
        ({"padding": "valid", "third_pooling": True}, 1),
    ],
    ids=str,
)
def test_last_map_by_option(options: dict, last_side: int) -> None:
    network = create_model("baseline_cnn", **options).eval()
    assert network.forward_features(torch.rand(1, 1, 48, 48)).shape == (1, 256, last_side, last_side)


def test_maps_shrink_as_the_table_says() -> None:
    network, shapes, kinds = BaselineCnn().eval(), [], []
    features = torch.rand(1, 1, 48, 48)
    for layer in network.features:
        features = layer(features)
        kinds.append(type(layer).__name__)
        shapes.append(tuple(features.shape[1:]))
    pair = ["Conv2d", "ReLU", "Conv2d", "ReLU", "BatchNorm2d"]
    assert kinds == [*pair, "MaxPool2d", *pair, "MaxPool2d", *pair]
    assert [shapes[index] for index in (4, 5, 10, 11, 16)] == [
        (64, 48, 48), (64, 24, 24), (128, 24, 24), (128, 12, 12), (256, 12, 12),
    ]  # fmt: skip


def test_biases_start_at_zero() -> None:
    biases = [module.bias for module in BaselineCnn().modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(biases) == 6
    assert not any(bias.any() for bias in biases)


def test_another_size_is_taken_when_asked_for() -> None:
    assert create_model("baseline_cnn", input_side=20)(torch.rand(2, 1, 20, 20)).shape == (2, 7)


def test_another_size_than_the_heads_is_refused() -> None:
    with pytest.raises(ValueError, match="pictures of 48x48; for others, set input_side"):
        BaselineCnn().eval()(torch.rand(2, 1, 64, 64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padding": "full"}, "padding is 'full'; expected 'same' or 'valid'"),
        ({"input_side": 3}, "input_side is 3; 4 is the smallest that works"),
        ({"input_side": 43, "padding": "valid"}, "input_side is 43; 44 is the smallest that works"),
        (
            {"input_side": 47, "padding": "valid", "third_pooling": True},
            "input_side is 47; 48 is the smallest that works",
        ),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model("baseline_cnn", **options)
