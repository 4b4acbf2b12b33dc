"""Batch norm with other frameworks' constants, and group norm in its place."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mien.models.layers.convolution import KERAS_NORM_EPSILON, KERAS_NORM_MOMENTUM

MOST_GROUPS, FEWEST_CHANNELS = 32, 4


def keras_norm(channels: int) -> nn.Module:
    """Return batch norm with Keras' epsilon of 1e-3 and momentum of 0.01, which Keras calls 0.99."""
    return nn.BatchNorm2d(channels, eps=KERAS_NORM_EPSILON, momentum=KERAS_NORM_MOMENTUM)


def group_norm(channels: int, *, epsilon: float = 1e-5) -> nn.GroupNorm:
    """Return group norm: no row's answer depends on the others of its batch.

    Source: Wu and He, Group Normalization, https://arxiv.org/abs/1803.08494, with 32 groups. Differs: fewer groups
    where a group would have less than four channels, of which a map of 1x1 would leave nothing.

    Args:
        channels: Channels, or units, of what comes in.
        epsilon: Added to the variance.

    Example:
        >>> [group_norm(channels).num_groups for channels in (256, 64, 48, 6, 2)]
        [32, 16, 12, 1, 1]
    """
    fitting = (
        groups for groups in range(min(MOST_GROUPS, channels // FEWEST_CHANNELS), 0, -1) if channels % groups == 0
    )
    return nn.GroupNorm(next(fitting, 1), channels, eps=epsilon)


def replace_batch_norms(network: nn.Module) -> int:
    """Put group norm in the place of every batch norm and return how many there were.

    Scale, shift and epsilon stay those of the batch norm. An activation inside of it, as timm has, follows the group
    norm.

    Args:
        network: Changed in place.
    """
    replaced: dict[nn.Module, nn.Module] = {}
    for parent in list(network.modules()):
        for name, norm in list(parent.named_children()):
            if isinstance(norm, _BatchNorm):
                replaced[norm] = replaced.get(norm) or _as_group_norm(norm)
                setattr(parent, name, replaced[norm])
    return len(replaced)


def _as_group_norm(norm: _BatchNorm) -> nn.Module:
    group = group_norm(norm.num_features, epsilon=norm.eps)
    group.weight, group.bias = norm.weight, norm.bias
    group.affine = norm.affine
    return nn.Sequential(group, *norm.children()) if any(True for _ in norm.children()) else group
