"""Batch norm with other frameworks' constants."""

from torch import nn

from mien.models.layers.convolution import KERAS_NORM_EPSILON, KERAS_NORM_MOMENTUM


def keras_norm(channels: int) -> nn.Module:
    """Return batch norm with Keras' epsilon of 1e-3 and momentum of 0.01, which Keras calls 0.99."""
    return nn.BatchNorm2d(channels, eps=KERAS_NORM_EPSILON, momentum=KERAS_NORM_MOMENTUM)
