import pytest
from torch import nn

from mien.models.layers.convolution import convolution_unit


def test_convolution_unit_is_convolution_norm_and_activation() -> None:
    convolution, norm, activation = convolution_unit(3, 8, kernel=5)
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.padding == (2, 2)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.eps, norm.momentum) == (1e-5, 0.1)
    assert isinstance(activation, nn.ReLU)


def test_convolution_unit_takes_keras_constants() -> None:
    norm = convolution_unit(3, 8, norm="keras")[1]
    assert (norm.eps, norm.momentum) == (1e-3, 0.01)


def test_convolution_unit_leaves_out_what_is_not_wanted() -> None:
    (convolution,) = convolution_unit(4, 8, groups=2, bias=False, norm="none", activation=None)
    assert sum(parameter.numel() for parameter in convolution.parameters()) == 2 * 8 * 9


def test_convolution_unit_refuses_an_unknown_norm() -> None:
    with pytest.raises(ValueError, match="norm is 'batch'; expected one of 'torch', 'keras', 'none'"):
        convolution_unit(3, 8, norm="batch")
