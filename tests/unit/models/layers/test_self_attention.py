import pytest
import torch
from torch import nn

from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.self_attention import ChannelNorm, SelfAttention, to_positions


def test_self_attention_equals_torchs_own() -> None:
    layer, other = SelfAttention(16, heads=4), nn.MultiheadAttention(16, 4, batch_first=True)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([layer.query.weight, layer.key.weight, layer.value.weight]))
        other.in_proj_bias.copy_(torch.cat([layer.query.bias, layer.key.bias, layer.value.bias]))
        other.out_proj.load_state_dict(layer.project.state_dict())
    positions = torch.rand(2, 9, 16)
    expected, weights = other(positions, positions, positions, average_attn_weights=False)
    torch.testing.assert_close(layer(positions), expected)
    torch.testing.assert_close(collect_attention_maps(nn.Sequential(layer), positions)["0"], weights)


@pytest.mark.parametrize(("channels", "parameters"), [(64, 16_640), (128, 33_088)])
def test_self_attention_of_8_heads_of_8_has_the_counts_of_the_table(channels: int, parameters: int) -> None:
    layer = SelfAttention(channels, heads=8, head_channels=8)
    assert sum(parameter.numel() for parameter in layer.parameters()) == parameters


def test_channel_norm_treats_each_place_by_itself() -> None:
    normalised = ChannelNorm(32)(torch.rand(2, 32, 5, 5) * 100)
    torch.testing.assert_close(normalised.mean(dim=1), torch.zeros(2, 5, 5), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalised.var(dim=1, unbiased=False), torch.ones(2, 5, 5), atol=1e-3, rtol=0)
    assert ChannelNorm(32).norm.eps == 1e-3


def test_to_positions_reads_row_by_row() -> None:
    features = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert to_positions(features).flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert to_positions(torch.rand(2, 7, 3, 4)).shape == (2, 12, 7)
