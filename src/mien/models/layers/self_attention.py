"""Self-attention between the positions of a map, and layer norm over its channels."""

import torch.nn.functional as F
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


class SelfAttention(AttentionBlock):
    """Multi-head attention of positions to each other; the heads' width is free of the channels'.

    The map it keeps says how much each position attends to each other, ``(B, heads, T, T)``.

    Source: Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762

    Args:
        channels: Channels of a position.
        heads: Number of heads.
        head_channels: Channels of a head; None takes ``channels // heads``.

    Shape:
        ``(B, T, channels)`` to the same.
    """

    def __init__(self, channels: int, *, heads: int = 8, head_channels: int | None = None) -> None:
        super().__init__()
        self.heads, self.head_channels = heads, head_channels or channels // heads
        inner = self.heads * self.head_channels
        self.query = nn.Linear(channels, inner)
        self.key = nn.Linear(channels, inner)
        self.value = nn.Linear(channels, inner)
        self.project = nn.Linear(inner, channels)

    def forward(self, positions: Tensor) -> Tensor:
        """Return what each position gathered from all of them."""
        query, key, value = (self._split(layer(positions)) for layer in (self.query, self.key, self.value))
        if self.is_keeping:
            self.keep((query @ key.transpose(-2, -1) * self.head_channels**-0.5).softmax(dim=-1))
        gathered = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.project(gathered.transpose(1, 2).flatten(2))
        return result

    def _split(self, positions: Tensor) -> Tensor:
        batch, places, _ = positions.shape
        return positions.reshape(batch, places, self.heads, self.head_channels).transpose(1, 2)


class ChannelNorm(nn.Module):
    """Layer norm of each place's channels by themselves, not of the whole map.

    Source: Ba et al., Layer Normalization, https://arxiv.org/abs/1607.06450

    Args:
        channels: Channels of the map.
        epsilon: Added to the variance; Keras takes 1e-3.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, *, epsilon: float = 1e-3) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=epsilon)

    def forward(self, features: Tensor) -> Tensor:
        """Return the map with mean 0 and variance 1 over the channels, scaled and shifted."""
        normalised: Tensor = self.norm(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return normalised


def to_positions(features: Tensor) -> Tensor:
    """Return a map as its positions, row by row.

    Args:
        features: Map, shape ``(B, C, H, W)``.

    Returns:
        Positions, shape ``(B, H * W, C)``.
    """
    return features.flatten(2).transpose(1, 2)
