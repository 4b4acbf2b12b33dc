"""Poolings by name, stochastic pooling, and TensorFlow's rule for where a padded pooling begins."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.models.layers.choice import check_choice
from mien.models.layers.same_padding import pad_same

POOLINGS = ("max", "average", "stochastic")


class StochasticPool2d(nn.Module):
    """Pooling that draws one value of each window, with a probability in proportion to the value.

    In evaluation it is the average of the window weighted by the same probabilities. What is below zero is never drawn;
    a window without anything above zero gives zero.

    Source: Zeiler and Fergus, Stochastic Pooling, https://arxiv.org/abs/1301.3557

    Args:
        kernel: Side of the window.
        stride: Step between windows; None takes `kernel`.

    Shape:
        ``(B, C, H, W)`` to ``(B, C, (H - kernel) // stride + 1, (W - kernel) // stride + 1)``.
    """

    def __init__(self, kernel: int, stride: int | None = None) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride or kernel

    def forward(self, features: Tensor) -> Tensor:
        """Return the pooled map."""
        positive = features.relu()
        if not self.training:
            weighted = F.avg_pool2d(positive.square(), self.kernel, self.stride)
            pooled: Tensor = weighted / F.avg_pool2d(positive, self.kernel, self.stride).clamp_min(1e-12)
            return pooled
        windows = positive.unfold(2, self.kernel, self.stride).unfold(3, self.kernel, self.stride).flatten(4)
        # An exponential clock a value: the first to ring is value i with probability value i / sum of the values.
        clocks = torch.empty_like(windows).exponential_() / windows.detach().clamp_min(1e-30)
        chosen: Tensor = windows.gather(4, clocks.argmin(dim=4, keepdim=True)).squeeze(4)
        return chosen


class _SamePool2d(nn.Module):
    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride


class SameMaxPool2d(_SamePool2d):
    """Max pooling padded as TensorFlow's ``same``.

    Args:
        kernel: Side of the window.
        stride: Step between windows.

    Shape:
        ``(B, C, H, W)`` to ``(B, C, ceil(H / stride), ceil(W / stride))``.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return the pooled map."""
        padded = pad_same(features, self.kernel, stride=self.stride, value=float("-inf"))
        return F.max_pool2d(padded, self.kernel, self.stride)


class SameAveragePool2d(_SamePool2d):
    """Average pooling padded as TensorFlow's ``same``: what was added is left out of the averages.

    Args:
        kernel: Side of the window.
        stride: Step between windows.

    Shape:
        ``(B, C, H, W)`` to ``(B, C, ceil(H / stride), ceil(W / stride))``.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return the pooled map."""
        shares = self._average(torch.ones_like(features[:1, :1]))
        averaged: Tensor = self._average(features) / shares
        return averaged

    def _average(self, features: Tensor) -> Tensor:
        return F.avg_pool2d(pad_same(features, self.kernel, stride=self.stride), self.kernel, self.stride)


def create_pooling(name: str, kernel: int = 2, *, stride: int | None = None, padding: int = 0) -> nn.Module:
    """Return a fresh pooling layer.

    Args:
        name: ``max``, ``average`` or ``stochastic``.
        kernel: Side of the window.
        stride: Step between windows; None takes `kernel`.
        padding: Pixels added at each edge, at most half of `kernel`; an average leaves them out.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> create_pooling("max")
        MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    """
    check_choice("pooling", name, POOLINGS)
    if name == "max":
        return nn.MaxPool2d(kernel, stride, padding)
    if name == "average":
        return nn.AvgPool2d(kernel, stride, padding, count_include_pad=False)
    pooling = StochasticPool2d(kernel, stride)
    return nn.Sequential(nn.ZeroPad2d(padding), pooling) if padding else pooling
