"""BAM: one weight for each channel at each place, from a channel branch and a dilated spatial branch."""

from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


def _convolution(in_channels: int, out_channels: int, kernel_size: int, *, dilation: int = 1) -> list[nn.Module]:
    padding = dilation * (kernel_size // 2)
    return [
        nn.Conv2d(in_channels, out_channels, kernel_size, padding=padding, dilation=dilation),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


class Bam(AttentionBlock):
    """A map times one plus a sigmoid of channel branch times spatial branch.

    Source: Park et al., BAM: Bottleneck Attention Module, https://arxiv.org/abs/1807.06514. Differs: the branches are
    multiplied, as in the authors' code; the paper's text adds them.

    Args:
        channels: Channels of the map.
        reduction: Both branches narrow to ``channels // reduction`` channels, at least 1.
        dilation: Distance between the taps of the two 3x3 convolutions.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, *, reduction: int = 16, dilation: int = 4) -> None:
        super().__init__()
        squeezed = max(channels // reduction, 1)
        self.channel = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, squeezed),
            nn.BatchNorm1d(squeezed),
            nn.ReLU(inplace=True),
            nn.Linear(squeezed, channels),
        )
        self.spatial = nn.Sequential(
            *_convolution(channels, squeezed, 1),
            *_convolution(squeezed, squeezed, 3, dilation=dilation),
            *_convolution(squeezed, squeezed, 3, dilation=dilation),
            nn.Conv2d(squeezed, 1, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with each value scaled by a weight between 1 and 2."""
        weights: Tensor = (self.channel(features)[:, :, None, None] * self.spatial(features)).sigmoid()
        self.keep(weights)
        return features * (1 + weights)
