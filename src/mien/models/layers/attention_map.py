"""How an attention block hands out its map, so that explanation never asks which block it is."""

from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

from mien.models.layers.timm_attention import watch


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

    def forget(self) -> None:
        """Store nothing any more, and drop what was stored."""
        self.is_keeping, self.kept = False, None


def collect_attention_maps(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return the map of every attention block for a batch, by the block's name in the network.

    Blocks are mien's own and timm's: squeeze-and-excitation and its kin, CBAM, split attention, and the self-attention
    of vision transformers.

    Args:
        network: The network; its mode stays as it is.
        images: Pictures as the network takes them.
    """
    maps: dict[str, Tensor] = {}

    def keep(name: str, weights: Tensor) -> None:
        maps[name] = weights.detach()

    with ExitStack() as undo:
        own: dict[str, AttentionBlock] = {}
        for name, module in network.named_modules():
            if isinstance(module, AttentionBlock):
                module.is_keeping, own[name] = True, module
                undo.callback(module.forget)
            elif (end := watch(module, partial(keep, name))) is not None:
                undo.callback(end)
        with torch.no_grad():
            network(images)
        maps.update({name: block.kept for name, block in own.items() if block.kept is not None})
    return {name: maps[name] for name, _ in network.named_modules() if name in maps}
