import pytest
import torch

from mien.models import count_parameters
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.cbam import Cbam, ChannelAttention, SpatialAttention


@pytest.mark.parametrize(("channels", "parameters"), [(16, 180), (32, 390), (64, 1_194)])
def test_parameters_as_resnet_cbam_has_them(channels: int, parameters: int) -> None:
    assert count_parameters(Cbam(channels, reduction=8, has_norm=False)) == parameters


@pytest.mark.parametrize(("channels", "parameters"), [(64, 680), (512, 33_412)])
def test_parameters_as_the_authors_have_them(channels: int, parameters: int) -> None:
    assert count_parameters(Cbam(channels)) == parameters


def test_channels_are_scaled_by_one_weight_each() -> None:
    layer, features = ChannelAttention(16), torch.rand(3, 16, 6, 6) + 0.1
    ratios = layer(features) / features
    torch.testing.assert_close(ratios, ratios[:, :, :1, :1].expand_as(ratios))
    assert ((ratios > 0) & (ratios < 1)).all()


def test_places_are_scaled_by_one_weight_each() -> None:
    layer, features = SpatialAttention(), torch.rand(3, 16, 6, 6) + 0.1
    ratios = layer(features) / features
    torch.testing.assert_close(ratios, ratios[:, :1].expand_as(ratios))
    assert ((ratios > 0) & (ratios < 1)).all()


def test_channel_weights_see_mean_and_maximum() -> None:
    layer, features = ChannelAttention(8, reduction=2), torch.rand(2, 8, 4, 4)
    mean, largest = features.mean(dim=(2, 3)), features.flatten(2).max(dim=2).values
    expected = torch.sigmoid(layer.excite(layer.squeeze(mean).relu()) + layer.excite(layer.squeeze(largest).relu()))
    torch.testing.assert_close(layer(features)[:, :, 1, 2], features[:, :, 1, 2] * expected)


def test_maps_are_handed_out_by_name() -> None:
    maps = collect_attention_maps(Cbam(16), torch.rand(2, 16, 5, 6))
    assert {name: tuple(each.shape) for name, each in maps.items()} == {"channel": (2, 16), "spatial": (2, 5, 6)}
