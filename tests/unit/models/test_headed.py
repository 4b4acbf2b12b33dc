from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mien.errors import MienError
from mien.models import Classifier, count_parameters, create_model, load_weights
from mien.models.headed import FeaturePooling, HeadedClassifier, check_head

# The last map of this network has 8 * 4 = 32 channels and 3x3 places at 48 pixels.
BODY: dict[str, Any] = {"width": 4, "attention": False}


def convolutions(width: int = 4) -> int:
    """Return the parameters of the network's convolutions and their batch norms, by hand."""
    pairs = [(1, width), (width, width)] + [(width * 2**n, width * 2 ** (n + 1)) for n in range(3)]
    pairs += [(width * 2**n, width * 2**n) for n in (1, 2, 3)]
    return sum(9 * a * b + 2 * b for a, b in pairs)


def headed(**head: Any) -> Classifier:
    torch.manual_seed(1)
    return create_model("vgg_se", **BODY, head=head, size_hw=(48, 48)).eval()


@pytest.mark.parametrize(
    ("head", "parameters"),
    [
        ({}, 32 * 7 + 7),
        ({"pooling": "max"}, 32 * 7 + 7),
        ({"pooling": "flatten"}, 288 * 7 + 7),
        ({"hidden": [512, 256, 128]}, 32 * 512 + 512 + 512 * 256 + 256 + 256 * 128 + 128 + 128 * 7 + 7),
        ({"hidden": [512, 256]}, 32 * 512 + 512 + 512 * 256 + 256 + 256 * 7 + 7),
        ({"hidden": [1024]}, 32 * 1024 + 1024 + 1024 * 7 + 7),
        ({"hidden": [2048]}, 32 * 2048 + 2048 + 2048 * 7 + 7),
        ({"pooling": "flatten", "hidden": [512, 128]}, 288 * 512 + 512 + 512 * 128 + 128 + 128 * 7 + 7),
        ({"hidden": [16], "normalization": "batch"}, 32 * 16 + 16 + 2 * 16 + 16 * 7 + 7),
        ({"hidden": [16], "normalization": "group", "dropout": 0.5}, 32 * 16 + 16 + 2 * 16 + 16 * 7 + 7),
    ],
    ids=str,
)
def test_parameters_are_those_counted_by_hand(head: dict[str, Any], parameters: int) -> None:
    network = headed(**head)
    assert count_parameters(network) == convolutions() + parameters
    assert network(torch.rand(3, 1, 48, 48)).shape == (3, 7)


@pytest.mark.parametrize(
    ("name", "options", "units"),
    [
        ("mini_xception", {}, 128),  # no linear layer, and not stacked
        ("timm/vit_tiny_patch16_224", {"input_side": 48}, 192),  # tokens
        ("timm/swin_tiny_patch4_window7_224", {"input_side": 64}, 768),  # channels last
        ("timm/mobilenetv3_small_050", {}, 288),  # layers between pooling and the last layer
        ("resnet18_cbam", {"output_activation": "sigmoid"}, 512),
    ],
)
@torch.no_grad()
def test_any_networks_last_map_gets_a_head(name: str, options: dict[str, Any], units: int) -> None:
    side = options.get("input_side", 48)
    network = create_model(name, num_classes=5, in_channels=1, head={"pooling": "max"}, size_hw=(side, side), **options)
    assert network.classifier.in_features == units
    assert network.output_activation == options.get("output_activation", "softmax")
    images = torch.rand(2, 1, side, side)
    assert network.eval()(images).shape == (2, 5)
    features = network.forward_features(images)
    values = features.flatten(2).amax(2) if features.ndim == 4 else features.amax(1)
    torch.testing.assert_close(network(images), network.classifier(values))


@pytest.mark.parametrize("name", ["vgg_se", "mini_xception", "timm/mobilenetv3_small_050"])
def test_every_parameter_left_gets_a_gradient(name: str) -> None:
    network = create_model(name, in_channels=1, head={"hidden": [8]}, size_hw=(48, 48))
    network(torch.rand(3, 1, 48, 48)).sum().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []


@pytest.mark.parametrize(
    ("pooling", "expected"), [("average", [1.5, 5.5]), ("max", [3.0, 7.0]), ("flatten", [0, 1, 2, 3, 4, 5, 6, 7])]
)
def test_pooling_of_a_map_and_of_tokens(pooling: str, expected: list[float]) -> None:
    features = torch.arange(8.0).reshape(1, 2, 2, 2)
    pool = FeaturePooling(pooling, (2, 2, 2), size_hw=(4, 4))
    assert pool(features).tolist() == [expected]
    tokens = features.flatten(2).transpose(1, 2)
    assert FeaturePooling(pooling, (4, 2), size_hw=(4, 4))(tokens).tolist() == [expected]
    assert pool.out_features == len(expected)


def kinds(network: Classifier) -> list[str]:
    named = {"FeaturePooling": "pool", "Linear": "linear", "ReLU": "relu", "BatchNorm1d": "batch", "GroupNorm": "group"}
    return [
        f"dropout {layer.p}" if isinstance(layer, nn.Dropout) else named[type(layer).__name__] for layer in network.neck
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"dropout": 0.5}, "pool, dropout 0.5"),
        ({"hidden": [9, 8], "dropout": 0.0}, "pool, linear, relu, linear, relu"),
        ({"hidden": [9, 8], "dropout": 0.5}, "pool, linear, relu, linear, relu, dropout 0.5"),
        ({"hidden": [9], "dropout": 0.5, "dropout_at": ["before"]}, "pool, dropout 0.5, linear, relu"),
        (
            {"hidden": [9, 8, 7], "dropout": 0.5, "dropout_at": ["between"]},
            "pool, linear, relu, dropout 0.5, linear, relu, dropout 0.5, linear, relu",
        ),
        (
            {"hidden": [9, 8], "dropout": [0.1, 0.2, 0.3], "dropout_at": ["before", "after", "between"]},
            "pool, dropout 0.1, linear, relu, dropout 0.3, linear, relu, dropout 0.2",
        ),
        ({"hidden": [9], "normalization": "batch"}, "pool, linear, batch, relu"),
        ({"hidden": [9, 8], "normalization": "group"}, "pool, linear, group, relu, linear, group, relu"),
    ],
    ids=str,
)
def test_layers_stand_where_the_head_says(head: dict[str, Any], expected: str) -> None:
    assert kinds(headed(**head)) == expected.split(", ")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"pooling": "sum"}, "pooling is 'sum'; expected one of 'average', 'max', 'flatten'"),
        (
            {"hidden": [8], "normalization": "layer"},
            "normalization is 'layer'; expected one of 'none', 'batch', 'group'",
        ),
        ({"normalization": "batch"}, "normalization is 'batch' and follows hidden layers; hidden names none"),
        ({"hidden": [8, 0]}, r"hidden is \[8, 0\]; expected a positive number of units for each layer"),
        ({"dropout": 1.0}, "dropout is 1.0; expected at least 0 and below 1"),
        (
            {"dropout": [0.1, 0.2]},
            r"dropout is \[0.1, 0.2\] and dropout_at \['after'\]; expected one number, or one for",
        ),
        ({"dropout_at": ["within"]}, "dropout_at is 'within'; expected one of 'before', 'between', 'after'"),
        ({"dropout_at": []}, r"dropout_at is \[\]; expected at least one place, and each once"),
        (
            {"dropout_at": ["after", "after"]},
            r"dropout_at is \['after', 'after'\]; expected at least one place, and each",
        ),
        (
            {"hidden": [8], "dropout_at": ["between"]},
            "dropout_at has 'between', which needs two hidden layers at least",
        ),
        (
            {"dropout_at": ["before", "after"]},
            "dropout_at has 'before' and 'after', which are one place without hidden",
        ),
    ],
)
def test_heads_that_make_no_sense_are_refused(head: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_head(**head)
    with pytest.raises(MienError, match=f"model 'vgg_se': {message}"):
        headed(**head)


@torch.no_grad()
def test_a_flattening_head_says_which_pictures_fit() -> None:
    network = headed(pooling="flatten")
    with pytest.raises(
        ValueError,
        match="the last map has 512 values a picture, and the head was built for 288: pictures of 48x48 only",
    ):
        network(torch.rand(2, 1, 64, 64))
    assert headed()(torch.rand(2, 1, 64, 64)).shape == (2, 7)


def test_pictures_too_small_for_the_network_are_refused() -> None:
    with pytest.raises(MienError, match="model 'timm/vit_tiny_patch16_224': images are 48x48"):
        create_model("timm/vit_tiny_patch16_224", in_channels=1, head={}, size_hw=(48, 48))


def test_without_a_size_the_cards_counts() -> None:
    assert create_model("vgg_se", **BODY, head={"pooling": "flatten"}).classifier.in_features == 288


@torch.no_grad()
def test_attention_maps_go_by_the_networks_own_names() -> None:
    torch.manual_seed(1)
    plain = create_model("vgg_se", width=4).eval()
    torch.manual_seed(1)
    network = create_model("vgg_se", width=4, head={}).eval()
    images = torch.rand(2, 1, 48, 48)
    own, delegated = plain.attention_maps(images), network.attention_maps(images)
    assert list(delegated) == list(own)
    assert len(own) == 4
    assert all(torch.equal(own[block], delegated[block]) for block in own)


@torch.no_grad()
def test_weights_go_into_a_network_with_the_same_head(tmp_path: Path) -> None:
    first, second = headed(hidden=[8]), create_model("vgg_se", **BODY, head={"hidden": [8]}).eval()
    save_file(first.state_dict(), tmp_path / "weights.safetensors")
    load_weights(second, tmp_path / "weights.safetensors", is_exact=True)
    images = torch.rand(2, 1, 48, 48)
    assert torch.equal(first(images), second(images))
    six = create_model("vgg_se", **BODY, num_classes=6, head={"hidden": [8]})
    assert load_weights(six, first.state_dict()).left_out == ("classifier.weight", "classifier.bias")


def test_the_last_layer_can_be_replaced() -> None:
    network = headed(hidden=[8])
    network.reset_classifier(3)
    assert network(torch.rand(2, 1, 48, 48)).shape == (2, 3)


def test_looking_for_the_last_map_leaves_the_network_as_it_was() -> None:
    torch.manual_seed(1)
    plain = create_model("vgg_se", **BODY).train()
    before = {name: value.clone() for name, value in plain.state_dict().items() if name.startswith("stages")}
    network = HeadedClassifier(plain, size_hw=(48, 48))
    assert network.body.training
    assert all(torch.equal(network.body.state_dict()[name], value) for name, value in before.items())
    assert all(value.grad is None and value.device.type == "cpu" for value in network.parameters())
