"""How an attention block hands out its map, so that explanation never asks which block it is."""

import torch
from torch import Tensor, nn


class AttentionBlock(nn.Module):
    """A block with a map that says where, or to what, a network attends.

    Subclasses call ``self.keep(weights)`` in their forward pass; nothing is stored unless somebody asked.

    Attributes:
        kept: The last map, ``(B, C)`` over channels, ``(B, h, w)`` over places, ``(B, C, h, w)`` over both, or
            ``(B, heads, T, T)`` between positions; None unless asked for.
    """

    is_keeping: bool = False
    kept: Tensor | None = None

    def keep(self, weights: Tensor) -> None:
        """Store a map, if somebody asked for it."""
        if self.is_keeping:
            self.kept = weights.detach()


def collect_attention_maps(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the map of every attention block for a batch, by the block's name in the network.

    Args:
        network: The network; its mode stays as it is.
        images: Pictures as the network takes them.
    """
    blocks = {name: module for name, module in network.named_modules() if isinstance(module, AttentionBlock)}
    try:
        for block in blocks.values():
            block.is_keeping = True
        with torch.no_grad():
            network(images)
        return {name: block.kept for name, block in blocks.items() if block.kept is not None}
    finally:
        for block in blocks.values():
            block.is_keeping, block.kept = False, None
