import pytest
import torch
from torch import nn

from mien.models.layers.initialization import draw_he_normal, initialize_like_keras
from mien.models.layers.self_attention import SelfAttention


def test_kernels_are_glorot_uniform_and_biases_zero() -> None:
    layer = nn.Linear(300, 100)
    initialize_like_keras(layer)
    limit = (6 / 400) ** 0.5
    assert limit * 0.99 < layer.weight.abs().max() <= limit
    assert not layer.bias.any()


def test_kernels_are_he_normal_when_asked_for() -> None:
    layer = nn.Conv2d(64, 64, 3)
    initialize_like_keras(layer, kernels="he")
    assert layer.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)


@pytest.mark.parametrize("shape", [(200, 128), (64, 32, 2, 2), (128, 1, 12, 12)])
def test_he_normal_is_cut_at_two_deviations_and_keeps_the_one_asked_for(shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    weight = torch.empty(shape)
    draw_he_normal(weight)
    deviation = (2 / weight[0].numel()) ** 0.5
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert 2.2 * deviation < weight.abs().max().item() <= 2 * deviation / 0.8796


def test_attention_kernels_have_the_limits_that_keras_computes_from_their_three_dimensions() -> None:
    torch.manual_seed(1)
    layer = SelfAttention(48, heads=8, head_channels=4)
    initialize_like_keras(nn.Sequential(layer), kernels="he")
    # Keras takes (channels, heads, head_channels) for `channels` places of a kernel from `heads` to `head_channels`.
    inward, outward = (6 / (48 * 8 + 48 * 4)) ** 0.5, (6 / (8 * 4 + 8 * 48)) ** 0.5
    for linear, limit in ((layer.query, inward), (layer.key, inward), (layer.value, inward), (layer.project, outward)):
        assert 0.98 * limit < linear.weight.abs().max().item() <= limit
        assert not linear.bias.any()


def test_recurrent_kernels_are_orthogonal_and_the_forget_bias_is_one() -> None:
    layer = nn.LSTM(12, 8, batch_first=True)
    initialize_like_keras(layer)
    torch.testing.assert_close(layer.weight_hh_l0.T @ layer.weight_hh_l0, torch.eye(8), atol=1e-5, rtol=0)
    assert layer.weight_ih_l0.abs().max() <= (6 / (12 + 32)) ** 0.5
    assert layer.bias_ih_l0.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16
    assert not layer.bias_hh_l0.any()
    assert not layer.bias_hh_l0.requires_grad


def test_unknown_kernels_are_refused() -> None:
    with pytest.raises(ValueError, match="kernels is 'normal'; expected 'glorot' or 'he'"):
        initialize_like_keras(nn.Linear(2, 2), kernels="normal")
