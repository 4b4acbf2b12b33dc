"""Squeeze-and-excitation: channels weighted by what the whole picture holds."""

from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


class SqueezeExcitation(AttentionBlock):
    """Channel attention from the globally pooled map.

    Source: Hu et al., Squeeze-and-Excitation Networks, https://arxiv.org/abs/1709.01507

    Args:
        channels: Channels of the map.
        reduction: The bottleneck has ``channels // reduction`` channels, at least 4.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, *, reduction: int = 8) -> None:
        super().__init__()
        squeezed = max(channels // reduction, 4)
        self.squeeze = nn.Linear(channels, squeezed)
        self.excite = nn.Linear(squeezed, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with each channel scaled by a weight between 0 and 1."""
        pooled = features.mean(dim=(2, 3))
        weights: Tensor = self.excite(self.squeeze(pooled).relu()).sigmoid()
        self.keep(weights)
        return features * weights[:, :, None, None]
