import pytest
import torch

from mien.models import count_parameters
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.masking_block import MaskingBlock


@pytest.mark.parametrize(
    ("channels", "depth", "parameters"),
    [(64, 4, 32_366_080), (128, 3, 31_885_312), (256, 2, 29_965_312), (512, 1, 22_291_456)],
)
def test_parameters(channels: int, depth: int, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(MaskingBlock(channels, depth=depth)) == parameters


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_map_keeps_its_shape_at_each_depth(depth: int) -> None:
    features = torch.rand(2, 4, 8, 8)
    assert MaskingBlock(4, depth=depth)(features).shape == features.shape


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "none"])
def test_values_are_scaled_by_one_plus_the_mask(activation: str) -> None:
    block, features = MaskingBlock(4, depth=2, activation=activation).eval(), torch.rand(2, 4, 4, 4)
    mask = collect_attention_maps(block, features)[""]
    assert mask.shape == features.shape
    torch.testing.assert_close(block(features), features * (1 + mask))


def test_softmax_shares_one_among_the_channels_of_a_place() -> None:
    mask = collect_attention_maps(MaskingBlock(8, depth=2), torch.rand(2, 8, 4, 4))[""]
    torch.testing.assert_close(mask.sum(dim=1), torch.ones(2, 4, 4))


def test_sigmoid_lies_between_a_half_and_one_after_the_last_relu() -> None:
    mask = collect_attention_maps(MaskingBlock(8, depth=1, activation="sigmoid"), torch.rand(2, 8, 4, 4))[""]
    assert ((mask >= 0.5) & (mask <= 1)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth is 0; expected at least 1"),
        ({"depth": 1, "activation": "tanh"}, "activation is 'tanh'; expected one of 'softmax', 'sigmoid', 'none'"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MaskingBlock(8, **options)
