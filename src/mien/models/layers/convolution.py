"""The unit most networks are made of: convolution, batch norm, activation."""

from torch import nn

from mien.models.layers.activation import create_activation
from mien.models.layers.choice import check_choice

KERAS_NORM_EPSILON, KERAS_NORM_MOMENTUM = 1e-3, 0.01


def convolution_unit(
    in_channels: int,
    out_channels: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    padding: int | str | None = None,
    groups: int = 1,
    bias: bool = True,
    norm: str = "torch",
    activation: str | None = "relu",
) -> list[nn.Module]:
    """Return a convolution and what follows it, as layers to put into an ``nn.Sequential``.

    Args:
        in_channels: Channels of what comes in.
        out_channels: Channels of what goes out.
        kernel: Side of the kernel.
        stride: Step of the convolution.
        padding: Pixels at each edge, ``valid`` or ``same``; None takes ``kernel // 2``.
        groups: Groups of channels that do not see each other.
        bias: Whether the convolution has a bias.
        norm: Batch norm: ``torch`` (epsilon 1e-5, momentum 0.1), ``keras`` (epsilon 1e-3, momentum 0.01, which Keras
            calls 0.99) or ``none``.
        activation: Name that `create_activation` knows; None leaves it out.

    Raises:
        ValueError: If `norm` or `activation` is unknown.
    """
    check_choice("norm", norm, ("torch", "keras", "none"))
    edge = kernel // 2 if padding is None else padding
    layers: list[nn.Module] = [nn.Conv2d(in_channels, out_channels, kernel, stride, edge, groups=groups, bias=bias)]
    if norm == "torch":
        layers.append(nn.BatchNorm2d(out_channels))
    elif norm == "keras":
        layers.append(nn.BatchNorm2d(out_channels, eps=KERAS_NORM_EPSILON, momentum=KERAS_NORM_MOMENTUM))
    if activation is not None:
        layers.append(create_activation(activation, out_channels))
    return layers
