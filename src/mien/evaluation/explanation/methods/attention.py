"""Attention maps: where a network's own attention lies, whichever block pays it."""

import math

import torch
from torch import Tensor, nn

from mien.errors import ExplanationError
from mien.evaluation.explanation.explained import ExplainedNetwork
from mien.evaluation.explanation.feature_maps import enlarge, find_seen
from mien.evaluation.explanation.method import MethodCard, register_method
from mien.models.layers.self_attention import SelfAttention
from mien.models.layers.timm_attention import SELF_ATTENTION

_NUM_OTHER_TOKENS = (0, 1, 2, 5)
"""None; a class token; one for distillation, too; a class token and four registers."""


@register_method(
    "attention",
    card=MethodCard(
        title="attention maps",
        source="The networks' own: Woo et al., CBAM, https://arxiv.org/abs/1807.06521, and as the cards of others say",
        shows="weight of a place over the mean of its map, mean over all maps; the same for every class",
        needs="attention",
        cost="1 forward",
    ),
)
def explain_by_attention(
    model: ExplainedNetwork, images: Tensor, targets: Tensor, *, block: str | None = None
) -> Tensor:
    """Return the mean of a network's attention over places; each map counts alike, whatever its numbers.

    Maps over places are taken as they are, those over places and channels by their mean over channels, those of
    self-attention by what a place gets from all others, mean over heads. Maps over channels alone have no place.

    Args:
        model: The network.
        images: Shape ``(B, C, H, W)``, float32.
        targets: Not asked for: attention is paid before the classes part.
        block: Name of one attention block in the network; None takes all of them.

    Raises:
        ExplanationError: If the network pays no attention to places, or has no such block.
    """
    rows, columns = find_seen(model.network, (images.shape[2], images.shape[3]))
    seen_hw = (images[0, 0, rows].shape[0], images[0, 0, :, columns].shape[1])
    found = model.network.attention_maps(model.normalize(images))
    placed = {name: _place(model.network.get_submodule(name), weights, seen_hw) for name, weights in found.items()}
    maps = {name: each for name, each in placed.items() if each is not None}
    if not maps:
        what = "has no attention" if not found else "has attention, but none over places"
        raise ExplanationError(f"{type(model.network).__name__} {what}; gradient and occlusion explain any network")
    if block is not None and block not in maps:
        raise ExplanationError(f"no attention over places in block {block!r}; blocks that have it: {', '.join(maps)}")
    chosen = maps.values() if block is None else [maps[block]]
    size_hw = (images.shape[2], images.shape[3])
    level = [each / each.mean(dim=(1, 2), keepdim=True).clamp(min=torch.finfo(each.dtype).tiny) for each in chosen]
    return torch.stack([enlarge(each, model.network, size_hw) for each in level]).mean(dim=0)


def _place(block: nn.Module, weights: Tensor, seen_hw: tuple[int, int]) -> Tensor | None:
    """Return a block's map over places, shape ``(B, h, w)``, or None where it has none."""
    if weights.ndim == 3:
        return weights
    if weights.ndim != 4:
        return None
    path = f"{type(block).__module__}.{type(block).__qualname__}"
    if not isinstance(block, SelfAttention) and path != SELF_ATTENTION:
        return weights.mean(dim=1)
    gets = weights.mean(dim=(1, 2))
    grid = _find_grid(gets.shape[1], seen_hw)
    return None if grid is None else gets[:, -math.prod(grid) :].reshape(-1, *grid)


def _find_grid(num_tokens: int, seen_hw: tuple[int, int]) -> tuple[int, int] | None:
    """Return the rows and columns that tokens stand for; those before them, such as a class token, stand for none."""
    height, width = seen_hw
    for others in _NUM_OTHER_TOKENS:
        rows = round(math.sqrt(max(0, num_tokens - others) * height / width))
        columns = round(rows * width / height)
        if rows * columns == num_tokens - others and rows > 1 and columns > 1:
            return rows, columns
    return None
