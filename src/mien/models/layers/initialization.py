"""First weights as the frameworks of the studies draw them."""

import torch
from torch import Tensor, nn

from mien.models.layers.choice import check_choice
from mien.models.layers.self_attention import SelfAttention

# What two standard deviations leave of a normal distribution has a standard deviation of so much less.
_TRUNCATED_SHARE = 0.87962566103423978


def initialize_like_keras(network: nn.Module, *, kernels: str = "glorot") -> None:
    """Draw weights as Keras does: Glorot uniform kernels, zero biases; recurrent ones orthogonal, forget bias 1.

    Of the two biases that torch gives a recurrent layer, the second stays zero and is frozen, so that their sum is the
    one bias that Keras has. Kernels of self-attention are Glorot uniform with the numbers that Keras takes for them.

    Args:
        network: The network; convolutions, linear and LSTM layers in it are drawn anew.
        kernels: ``glorot`` (uniform) or ``he`` (normal, cut at two standard deviations), for convolutions and linear
            layers outside of self-attention.

    Raises:
        ValueError: If `kernels` is unknown.
    """
    check_choice("kernels", kernels, ("glorot", "he"))
    draw = nn.init.xavier_uniform_ if kernels == "glorot" else draw_he_normal
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            draw(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            _initialize_lstm(module)
    # Last, as its linear layers have been drawn as such.
    for module in network.modules():
        if isinstance(module, SelfAttention):
            _initialize_attention(module)


def draw_he_normal(weight: Tensor) -> None:
    """Draw the weights of a convolution or linear layer as Keras' ``he_normal``: cut at two standard deviations.

    Source: He et al., Delving Deep into Rectifiers, https://arxiv.org/abs/1502.01852

    Args:
        weight: Weights, shape ``(outputs, inputs, ...)``; drawn anew in place.
    """
    spread = (2 / weight[0].numel()) ** 0.5 / _TRUNCATED_SHARE
    nn.init.trunc_normal_(weight, std=spread, a=-2 * spread, b=2 * spread)


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


def _initialize_attention(layer: SelfAttention) -> None:
    # Keras' kernels have the shapes (channels, heads, head_channels) and (heads, head_channels, channels), and its
    # Glorot reads every shape of more than two numbers as (places..., inputs, outputs).
    heads, head_channels, channels = layer.heads, layer.head_channels, layer.project.out_features
    inward = (6 / (channels * (heads + head_channels))) ** 0.5
    outward = (6 / (heads * (head_channels + channels))) ** 0.5
    for linear, limit in ((layer.query, inward), (layer.key, inward), (layer.value, inward), (layer.project, outward)):
        nn.init.uniform_(linear.weight, -limit, limit)
