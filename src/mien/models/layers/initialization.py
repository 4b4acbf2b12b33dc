"""First weights as the frameworks of the studies draw them."""

import torch
from torch import nn


def initialize_like_keras(network: nn.Module, *, kernels: str = "glorot") -> None:
    """Draw weights as Keras does: Glorot uniform kernels, zero biases; recurrent ones orthogonal, forget bias 1.

    Of the two biases that torch gives a recurrent layer, the second stays zero and is frozen, so that their sum is the
    one bias that Keras has.

    Args:
        network: The network; convolutions, linear and LSTM layers in it are drawn anew.
        kernels: ``glorot`` (uniform) or ``he`` (normal), for convolutions and linear layers.

    Raises:
        ValueError: If `kernels` is unknown.
    """
    if kernels not in ("glorot", "he"):
        raise ValueError(f"kernels is {kernels!r}; expected 'glorot' or 'he'")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            if kernels == "glorot":
                nn.init.xavier_uniform_(module.weight)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            _initialize_lstm(module)


def _initialize_lstm(layer: nn.LSTM) -> None:
    units = layer.hidden_size
    # Glorot and orthogonal see the four gates as one kernel, as Keras does.
    nn.init.xavier_uniform_(layer.get_parameter("weight_ih_l0"))
    nn.init.orthogonal_(layer.get_parameter("weight_hh_l0"))
    bias, frozen_bias = layer.get_parameter("bias_ih_l0"), layer.get_parameter("bias_hh_l0")
    with torch.no_grad():
        bias.zero_()
        bias[units : 2 * units] = 1.0
        frozen_bias.zero_()
    frozen_bias.requires_grad_(False)
