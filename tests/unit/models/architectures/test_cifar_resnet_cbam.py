import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model
from mien.models.layers.same_padding import SameConv2d


@pytest.mark.parametrize(
    ("name", "stage", "parameters"),
    [
        ("stem", None, 192),
        ("stages", 0, 3 * 4_884),
        ("stages", 1, 14_950 + 2 * 19_014),
        ("stages", 2, 58_986 + 2 * 75_306),
    ],
)
def test_parameters_of_each_part(name: str, stage: int | None, parameters: int) -> None:
    part = getattr(create_model("cifar_resnet20_cbam").features, name)
    assert count_parameters(part if stage is None else part[stage]) == parameters


@pytest.mark.parametrize(("side", "features"), [(48, 64), (64, 256)])
def test_the_head_follows_the_input(side: int, features: int) -> None:
    network = create_model("cifar_resnet20_cbam", input_side=side).eval()
    assert network.classifier.in_features == features
    assert network(torch.rand(2, 1, side, side)).shape == (2, 7)


def test_windows_see_the_upper_left_corner_alone_and_the_average_sees_all() -> None:
    features = torch.rand(2, 64, 12, 12)
    changed = features.clone()
    changed[:, :, 8:, :] += 1
    changed[:, :, :, 8:] += 1
    windows = create_model("cifar_resnet20_cbam").neck
    assert torch.equal(windows(features), windows(changed))
    average = create_model("cifar_resnet20_cbam", pooling="average").neck
    assert not torch.equal(average(features), average(changed))


def test_the_average_takes_other_sizes() -> None:
    assert create_model("cifar_resnet20_cbam", pooling="average").eval()(torch.rand(2, 1, 40, 44)).shape == (2, 7)


def test_attention_maps() -> None:
    maps = create_model("cifar_resnet20_cbam").eval().attention_maps(torch.rand(2, 1, 48, 48))
    assert len(maps) == 18
    assert maps["features.stages.0.0.attention.channel"].shape == (2, 16)
    assert maps["features.stages.2.2.attention.spatial"].shape == (2, 12, 12)


def test_the_penalty_is_for_convolutions_outside_cbam() -> None:
    network = create_model("cifar_resnet20_cbam")
    weights = network.regularized_weights()
    assert len(weights) == 1 + 18 + 2
    assert all(name.endswith(".weight") and "attention" not in name for name in weights)
    assert weights["features.stages.1.0.shortcut.weight"].shape == (32, 16, 1, 1)
    assert {id(weight) for weight in weights.values()} <= {id(parameter) for parameter in network.parameters()}


def test_kernels_are_drawn_by_their_inputs_and_biases_start_at_zero() -> None:
    block = create_model("cifar_resnet20_cbam").features.stages[2][1]
    convolution = block.branch[0]
    assert isinstance(convolution, SameConv2d)
    assert abs(convolution.weight.std().item() / (2 / (64 * 9)) ** 0.5 - 1) < 0.05
    assert not convolution.bias.any()


def test_another_size_than_the_heads_is_refused() -> None:
    with pytest.raises(ValueError, match="pictures of 48x48; for others, set input_side"):
        create_model("cifar_resnet20_cbam").eval()(torch.rand(2, 1, 64, 64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max'; expected 'windows' or 'average'"),
        ({"input_side": 28}, "input_side is 28; 29 is the smallest that works"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model("cifar_resnet20_cbam", **options)


def test_the_smallest_side_works() -> None:
    assert create_model("cifar_resnet20_cbam", input_side=29).eval()(torch.rand(2, 1, 29, 29)).shape == (2, 7)
