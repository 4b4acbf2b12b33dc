"""The attention that timm's blocks pay: they compute it and throw it away, `collect_attention_maps` reads it here."""

from collections.abc import Callable

from torch import Tensor, nn


def _over_channels(weights: Tensor) -> Tensor:
    return weights.flatten(1)


def _over_places(weights: Tensor) -> Tensor:
    return weights[:, 0]


# timm's classes by their path, as importing timm takes seconds that networks without it need not wait; then the layer
# that gives the weights, and what brings them to the shape of a map.
GATES: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "timm.layers.squeeze_excite.SEModule": ("gate", _over_channels),
    "timm.layers.squeeze_excite.EffectiveSEModule": ("gate", _over_channels),
    "timm.layers.eca.EcaModule": ("gate", _over_channels),
    "timm.layers.cbam.ChannelAttn": ("gate", _over_channels),
    "timm.layers.cbam.SpatialAttn": ("gate", _over_places),
    "timm.layers.split_attn.SplitAttn": ("rsoftmax", _over_channels),
    "timm.models._efficientnet_blocks.SqueezeExcite": ("gate", _over_channels),
    "timm.models.senet.SEModule": ("sigmoid", _over_channels),
}
SELF_ATTENTION = "timm.layers.attention.Attention"


def watch(module: nn.Module, keep: Callable[[Tensor], None]) -> Callable[[], None] | None:
    """Hand a block's map to a function at each pass from now on.

    A vision transformer's attention is computed step by step while it is watched, as one fused step shows no weights;
    what the block gives stays the same but for rounding.

    Args:
        module: Any module; those that are no block of timm with attention are left alone.
        keep: Called with ``(B, C)`` for weights over channels, ``(B, h, w)`` over places, ``(B, heads, T, T)`` between
            tokens.

    Returns:
        What ends the watching and leaves the module as it was; None for modules that are left alone.
    """
    path = f"{type(module).__module__}.{type(module).__qualname__}"
    if path in GATES:
        name, shape = GATES[path]
        gate = module.get_submodule(name).register_forward_hook(lambda _module, _inputs, weights: keep(shape(weights)))
        return gate.remove
    if path == SELF_ATTENTION:
        return _watch_self_attention(module, keep)
    return None


def _watch_self_attention(module: nn.Module, keep: Callable[[Tensor], None]) -> Callable[[], None]:
    was_fused = bool(module.fused_attn)
    dropout = module.get_submodule("attn_drop")
    handle = dropout.register_forward_pre_hook(lambda _module, inputs: keep(inputs[0]))
    module.__dict__["fused_attn"] = False

    def end() -> None:
        handle.remove()
        module.__dict__["fused_attn"] = was_fused

    return end
