"""Batch norm as part of the convolution before it: what a network answers with fewer passes over its maps."""

from copy import deepcopy
from itertools import pairwise
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def fold_batch_norm(network: Network) -> Network:
    """Return a copy that answers the same up to rounding, each batch norm folded into its convolution.

    Folded are convolutions that a batch norm follows in an ``nn.Sequential``; all others stay as they are.

    Args:
        network: The network, in evaluation mode.

    Raises:
        ValueError: If it is in training mode, where batch norm goes by the batch.
    """
    if network.training:
        raise ValueError("batch norm is folded in evaluation mode alone; call eval() first")
    folded = deepcopy(network)
    for module in list(folded.modules()):
        if type(module) is nn.Sequential:  # a subclass may run its layers otherwise
            _fold_neighbours(module)
    return folded


def _fold_neighbours(layers: nn.Sequential) -> None:
    for (name, layer), (norm_name, norm) in pairwise(list(layers.named_children())):
        if type(layer) is nn.Conv2d and type(norm) is nn.BatchNorm2d and norm.running_mean is not None:
            setattr(layers, name, fuse_conv_bn_eval(layer, norm))
            setattr(layers, norm_name, nn.Identity())
