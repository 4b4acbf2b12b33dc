import torch

from mien.models.layers.squeeze_excitation import SqueezeExcitation


def test_channels_are_scaled_by_one_weight_each() -> None:
    layer, features = SqueezeExcitation(16), torch.rand(3, 16, 6, 6) + 0.1
    ratios = layer(features) / features
    torch.testing.assert_close(ratios, ratios[:, :, :1, :1].expand_as(ratios))
    assert ((ratios > 0) & (ratios < 1)).all()


def test_bottleneck_is_never_below_four() -> None:
    assert SqueezeExcitation(8).squeeze.out_features == 4
    assert SqueezeExcitation(64).squeeze.out_features == 8
