import pytest
import torch
from torch import nn

from mien.models.layers.initialization import initialize_like_keras


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
