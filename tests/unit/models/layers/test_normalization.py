import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import nn

from mien.models.layers.normalization import group_norm, keras_norm, replace_batch_norms


def test_keras_norm_has_keras_constants() -> None:
    norm = keras_norm(8)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.num_features, norm.eps, norm.momentum) == (8, 1e-3, 0.01)


@pytest.mark.parametrize(
    ("channels", "groups"), [(256, 32), (128, 32), (64, 16), (48, 12), (100, 25), (14, 2), (7, 1), (4, 1), (1, 1)]
)
def test_group_norm_has_groups_of_four_channels_at_least(channels: int, groups: int) -> None:
    norm = group_norm(channels, epsilon=0.01)
    assert (norm.num_groups, norm.num_channels, norm.eps) == (groups, channels, 0.01)


def test_replace_batch_norms_keeps_scale_shift_and_epsilon() -> None:
    scale = torch.rand(8)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.Sequential(keras_norm(8), nn.ReLU()), nn.Flatten(), nn.BatchNorm1d(8)
    )
    network[1][0].weight = nn.Parameter(scale, requires_grad=False)
    assert replace_batch_norms(network) == 2
    norm = network[1][0]
    assert isinstance(norm, nn.GroupNorm)
    assert torch.equal(norm.weight, scale)
    assert (norm.eps, norm.weight.requires_grad, norm.bias.requires_grad) == (1e-3, False, True)
    assert network(torch.rand(2, 1, 3, 3)).shape == (2, 8)


def test_replace_batch_norms_keeps_the_activation_inside_of_timms() -> None:
    network = nn.Sequential(BatchNormAct2d(8))
    replace_batch_norms(network)
    features = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(features), nn.GroupNorm(2, 8)(features).relu())


def test_replace_batch_norms_counts_none() -> None:
    assert replace_batch_norms(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))) == 0
