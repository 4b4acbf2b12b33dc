"""What a network's outputs mean: from the numbers of its last layer to logits; training, judging and export call it."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

SMALLEST_SHARE = 1e-7
"""What is added to every ReLU, so that a row of zeros means that all classes are alike; Keras' epsilon."""

_LOGARITHMS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda outputs: outputs,
    "sigmoid": F.logsigmoid,
    "relu": lambda outputs: (F.relu(outputs) + SMALLEST_SHARE).log(),
}

OUTPUT_ACTIVATIONS = tuple(_LOGARITHMS)


def to_logits(outputs: Tensor, output_activation: str) -> Tensor:
    """Return the logits whose softmax are the probabilities that a network's outputs stand for.

    With ``softmax`` they are the outputs as they are. With ``sigmoid`` and ``relu`` the probabilities are the
    activations divided by their sum, as Keras' categorical cross-entropy takes them; logits are then the logarithms of
    the activations. Where every ReLU is zero, all classes are equally probable.

    Args:
        outputs: What the last layer gives, shape ``(B, num_classes)``, float32.
        output_activation: One of `OUTPUT_ACTIVATIONS`.

    Returns:
        Logits, shape ``(B, num_classes)``.

    Raises:
        KeyError: If the activation is unknown; networks refuse it when they are made.

    Example:
        >>> import torch
        >>> to_logits(torch.tensor([[3.0, 1.0, -2.0]]), "relu").softmax(dim=1).round(decimals=3)
        tensor([[0.7500, 0.2500, 0.0000]])
    """
    return _LOGARITHMS[output_activation](outputs)
