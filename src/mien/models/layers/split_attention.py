"""Split attention: a grouped convolution whose splits are blended channel by channel."""

import torch
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


def _squeezed_channels(wanted: float, *, smallest: int = 32, divisor: int = 8) -> int:
    """Return the multiple of ``divisor`` that is nearest, never more than a tenth below what is wanted."""
    rounded = max(smallest, int(wanted + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * wanted else rounded + divisor


class SplitAttention(AttentionBlock):
    """A 3x3 convolution into splits, summed with weights that the pooled sum of all splits decides.

    Source: Zhang et al., ResNeSt: Split-Attention Networks, https://arxiv.org/abs/2004.08955, without rectification.

    Args:
        in_channels: Channels of the map.
        out_channels: Channels of the result.
        stride: Stride of the convolution.
        radix: Splits; with one, a sigmoid takes the place of the softmax over splits.
        cardinality: Groups within each split; `in_channels` and `out_channels` must be multiples of what it asks for.

    Attributes:
        kept: The weights, ``(B, radix * out_channels)``, one split after the other.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, out_channels, ceil(H / stride), ceil(W / stride))``.

    Raises:
        ValueError: If the channels cannot be divided into ``radix * cardinality`` groups.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int = 1, radix: int = 2, cardinality: int = 1
    ) -> None:
        super().__init__()
        groups = radix * cardinality
        squeezed = _squeezed_channels(in_channels * radix / 4)
        for channels, parts in ((in_channels, groups), (out_channels, cardinality), (squeezed, cardinality)):
            if channels % parts:
                raise ValueError(
                    f"{channels} channels cannot be divided into {parts} groups (radix {radix}, cardinality "
                    f"{cardinality}); a cardinality of 1 or 2 fits most widths"
                )
        self.radix, self.cardinality = radix, cardinality
        self.convolution = nn.Conv2d(
            in_channels, radix * out_channels, 3, stride=stride, padding=1, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(radix * out_channels)
        self.squeeze = nn.Conv2d(out_channels, squeezed, 1, groups=cardinality)
        self.squeeze_norm = nn.BatchNorm2d(squeezed)
        self.excite = nn.Conv2d(squeezed, radix * out_channels, 1, groups=cardinality)

    def forward(self, features: Tensor) -> Tensor:
        """Return the weighted sum of the splits."""
        convolved = self.norm(self.convolution(features)).relu()
        batch, channels, height, width = convolved.shape
        splits = convolved.reshape(batch, self.radix, channels // self.radix, height, width)
        pooled = splits.sum(dim=1).mean(dim=(2, 3), keepdim=True)
        votes = self.excite(self.squeeze_norm(self.squeeze(pooled)).relu())
        weights = self._weigh(votes.flatten(1))
        self.keep(weights)
        blended: Tensor = (splits * weights.reshape(batch, self.radix, -1, 1, 1)).sum(dim=1)
        return blended

    def _weigh(self, votes: Tensor) -> Tensor:
        if self.radix == 1:
            return votes.sigmoid()
        # len(votes) would fix the batch size in an exported graph.
        by_group = votes.reshape(votes.shape[0], self.cardinality, self.radix, -1).transpose(1, 2)
        return torch.softmax(by_group, dim=1).flatten(1)
