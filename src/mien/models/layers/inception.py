"""GoogLeNet's inception module: four branches of different reach, side by side."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mien.models.layers.convolution import convolution_unit


@dataclass(frozen=True)
class InceptionWidths:
    """Channels of the branches of an inception module, in the order of GoogLeNet's table.

    Args:
        direct: Of the 1x1 convolution.
        reduced_3: Of the 1x1 convolution before the 3x3.
        branch_3: Of the 3x3 convolution.
        reduced_5: Of the 1x1 convolution before the 5x5.
        branch_5: Of the 5x5 convolution.
        pooled: Of the 1x1 convolution after the max-pool.
    """

    direct: int
    reduced_3: int
    branch_3: int
    reduced_5: int
    branch_5: int
    pooled: int

    @property
    def total(self) -> int:
        """Channels of the module's result."""
        return self.direct + self.branch_3 + self.branch_5 + self.pooled


GOOGLENET_WIDTHS = {
    "3a": InceptionWidths(64, 96, 128, 16, 32, 32),
    "3b": InceptionWidths(128, 128, 192, 32, 96, 64),
    "4a": InceptionWidths(192, 96, 208, 16, 48, 64),
    "4b": InceptionWidths(160, 112, 224, 24, 64, 64),
}


class InceptionModule(nn.Module):
    """A 1x1, a 3x3 and a 5x5 convolution and a max-pool of the same map, their results side by side.

    Source: Szegedy et al., Going Deeper with Convolutions, https://arxiv.org/abs/1409.4842

    Args:
        in_channels: Channels of what comes in.
        widths: Channels of the branches.
        norm: Batch norm after each convolution, as `convolution_unit` names it.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, widths.total, H, W)``.
    """

    def __init__(self, in_channels: int, widths: InceptionWidths, *, norm: str = "none") -> None:
        super().__init__()

        def unit(channels_in: int, channels: int, kernel: int) -> list[nn.Module]:
            return convolution_unit(channels_in, channels, kernel=kernel, norm=norm)

        self.direct = nn.Sequential(*unit(in_channels, widths.direct, 1))
        self.branch_3 = nn.Sequential(
            *unit(in_channels, widths.reduced_3, 1), *unit(widths.reduced_3, widths.branch_3, 3)
        )
        self.branch_5 = nn.Sequential(
            *unit(in_channels, widths.reduced_5, 1), *unit(widths.reduced_5, widths.branch_5, 5)
        )
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), *unit(in_channels, widths.pooled, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return what the four branches make of the map."""
        return torch.cat([branch(features) for branch in self.children()], dim=1)
