"""Hidden activations by name, for the networks whose studies vary them."""

from collections.abc import Callable

from torch import nn

from mien.models.layers.choice import check_choice

ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "relu": lambda channels: nn.ReLU(inplace=True),
    "leaky_relu": lambda channels: nn.LeakyReLU(0.01, inplace=True),
    "parametric_relu": nn.PReLU,
    "tanh": lambda channels: nn.Tanh(),
    "sigmoid": lambda channels: nn.Sigmoid(),
}


def create_activation(name: str, channels: int) -> nn.Module:
    """Return a fresh activation layer.

    Args:
        name: ``relu``, ``leaky_relu`` (slope 0.01), ``parametric_relu`` (one learned slope a channel, from 0.25),
            ``tanh`` or ``sigmoid``.
        channels: Channels, or units, of what comes in; they count for ``parametric_relu``.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> create_activation("parametric_relu", 8)
        PReLU(num_parameters=8)
    """
    check_choice("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name](channels)
