"""The masking block: a small U-shaped network that says how much each value of a map counts."""

import torch
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock
from mien.models.layers.choice import check_choice
from mien.models.layers.residual import BasicBlock

MASK_ACTIVATIONS = ("softmax", "sigmoid", "none")


class _Up(nn.Sequential):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2), nn.BatchNorm2d(out_channels), nn.ReLU()
        )


class MaskingBlock(AttentionBlock):
    """A map times one plus its mask, which residual blocks going down and up again make of it.

    Source: Pham et al., Facial Expression Recognition Using Residual Masking Network,
    https://doi.org/10.1109/ICPR48806.2021.9411919

    Args:
        channels: Channels of the map; each level down doubles them, the first one included.
        depth: Levels; the map is halved ``depth - 1`` times.
        activation: What makes the mask of the last map: ``softmax`` over the channels (as published: a place's
            values sum to 1, so that each is small), ``sigmoid``, or ``none``.

    Shape:
        ``(B, channels, H, W)`` to the same; H and W are multiples of ``2 ** (depth - 1)``.

    Raises:
        ValueError: If `depth` is below 1 or `activation` is unknown.
    """

    def __init__(self, channels: int, *, depth: int, activation: str = "softmax") -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth is {depth}; expected at least 1")
        check_choice("activation", activation, MASK_ACTIVATIONS)
        self.activation = activation
        widths = [channels * 2**level for level in range(depth + 1)]
        self.down = nn.MaxPool2d(2)
        self.encoder = nn.ModuleList(BasicBlock(widths[level], widths[level + 1]) for level in range(depth))
        self.up = nn.ModuleList(_Up(widths[level + 1], widths[level]) for level in range(depth - 1, 0, -1))
        self.decoder = nn.ModuleList(BasicBlock(widths[level + 1], widths[level]) for level in range(depth - 1, -1, -1))

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with each value scaled by one plus its mask."""
        mask = self._activate(self._draw(features))
        self.keep(mask)
        return features * (1 + mask)

    def _draw(self, features: Tensor) -> Tensor:
        levels: list[Tensor] = []
        for encode in self.encoder:
            features = encode(self.down(features) if levels else features)
            levels.append(features)
        levels.pop()
        for up, decode in zip(self.up, self.decoder, strict=False):
            features = decode(torch.cat([levels.pop(), up(features)], dim=1))
        mask: Tensor = self.decoder[-1](features)
        return mask

    def _activate(self, mask: Tensor) -> Tensor:
        if self.activation == "softmax":
            return torch.softmax(mask, dim=1)
        return mask.sigmoid() if self.activation == "sigmoid" else mask
