from torch import nn

from mien.models.layers.normalization import keras_norm


def test_keras_norm_has_keras_constants() -> None:
    norm = keras_norm(8)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.num_features, norm.eps, norm.momentum) == (8, 1e-3, 0.01)
