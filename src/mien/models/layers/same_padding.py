"""TensorFlow's rule for padding a strided convolution or pooling, which starts half a step from torch's."""

import torch.nn.functional as F
from torch import Tensor, nn


def same_margins(side: int, kernel: int, *, stride: int) -> tuple[int, int]:
    """Return the pixels to add before and after, so that ``ceil(side / stride)`` places come out.

    Source: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2

    Args:
        side: Height or width of the map.
        kernel: Side of the kernel.
        stride: Step of the convolution.

    Example:
        >>> same_margins(48, 3, stride=2), same_margins(47, 3, stride=2)
        ((0, 1), (1, 1))
    """
    missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return missing // 2, missing - missing // 2


def pad_same(features: Tensor, kernel: int, *, stride: int, value: float = 0.0) -> Tensor:
    """Return a map padded as TensorFlow's ``same``: the odd pixel stands at right and bottom.

    Args:
        features: Map, shape ``(B, C, H, W)``.
        kernel: Side of the kernel, or of the window.
        stride: Its step.
        value: What the added places hold.
    """
    top, bottom = same_margins(features.shape[2], kernel, stride=stride)
    left, right = same_margins(features.shape[3], kernel, stride=stride)
    return F.pad(features, (left, right, top, bottom), value=value)


class SameConv2d(nn.Conv2d):
    """A convolution with a bias, padded as TensorFlow's ``same``.

    Args:
        in_channels: Channels of what comes in.
        out_channels: Channels of what goes out.
        kernel: Side of the kernel.
        step: Stride.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, out_channels, ceil(H / step), ceil(W / step))``.
    """

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int = 3, step: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel, stride=step)
        self.side, self.step = kernel, step

    def forward(self, features: Tensor) -> Tensor:
        """Return the convolved map."""
        return super().forward(pad_same(features, self.side, stride=self.step))
