"""The two halves of a network in fine-tuning: the head, and the backbone, which may stand still or move slowly."""

from torch import nn

_HEAD = ("neck", "classifier")


def backbone_names(network: nn.Module) -> list[str]:
    """Return the names of a network's parts that have weights, but for its neck and its last layer.

    Args:
        network: The network.
    """
    parts = [(name, part) for name, part in network.named_children() if name not in _HEAD]
    return [name for name, part in parts if next(part.parameters(), None) is not None]


def freeze_backbone(network: nn.Module, is_frozen: bool) -> None:
    """Keep the backbone as it is, or let it train: weights, and the statistics of batch norm.

    Args:
        network: The network, in training.
        is_frozen: Whether the backbone stands still; dropout inside of it is off then.
    """
    for name in backbone_names(network):
        part = network.get_submodule(name)
        part.requires_grad_(not is_frozen)
        part.train(not is_frozen)
