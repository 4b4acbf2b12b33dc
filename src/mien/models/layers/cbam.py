"""CBAM: channels first, then places, each weighted by what pooling finds."""

import torch
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


class ChannelAttention(AttentionBlock):
    """Channel weights from the average and the maximum over all places, through one shared network.

    Args:
        channels: Channels of the map.
        reduction: The hidden layer has ``channels // reduction`` units, at least 1.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        squeezed = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with each channel scaled by a weight between 0 and 1."""
        pooled = (features.mean(dim=(2, 3)), features.amax(dim=(2, 3)))
        votes = [self.excite(self.squeeze(vector).relu()) for vector in pooled]
        weights: Tensor = (votes[0] + votes[1]).sigmoid()
        self.keep(weights)
        return features * weights[:, :, None, None]


class SpatialAttention(AttentionBlock):
    """A weight for each place, from the mean and the maximum over its channels.

    Args:
        kernel_size: Side of the convolution, odd.
        has_norm: Whether batch norm follows the convolution, as in the authors' code.

    Shape:
        ``(B, C, H, W)`` to the same.
    """

    def __init__(self, *, kernel_size: int = 7, has_norm: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(1) if has_norm else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with each place scaled by a weight between 0 and 1."""
        pooled = torch.cat([features.mean(dim=1, keepdim=True), features.amax(dim=1, keepdim=True)], dim=1)
        weights: Tensor = self.norm(self.convolution(pooled)).sigmoid()
        self.keep(weights[:, 0])
        return features * weights


class Cbam(nn.Sequential):
    """Channel attention, then spatial attention.

    Source: Woo et al., CBAM: Convolutional Block Attention Module, https://arxiv.org/abs/1807.06521

    Args:
        channels: Channels of the map.
        reduction: The channel network's hidden layer has ``channels // reduction`` units.
        has_norm: Whether batch norm follows the 7x7 convolution.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, *, reduction: int = 16, has_norm: bool = True) -> None:
        super().__init__()
        self.add_module("channel", ChannelAttention(channels, reduction=reduction))
        self.add_module("spatial", SpatialAttention(has_norm=has_norm))
