"""Global gamma equalisation: every face gets the exponent that suits its own mean."""

import math

import numpy as np

from mien.images.preparation import OperationCard, register_operation

TARGET = 50.0
"""Where the mean level itself is sent."""

HIGHEST = 100.0
"""Levels above it are clipped to it."""


@register_operation(
    "gamma_equalize",
    card=OperationCard(source="resnet_cbam, section III.2: global gamma equalization", gives="float32"),
)
def gamma_equalize(face: np.ndarray) -> np.ndarray:
    """Raise a face's levels to the power that sends their mean to 50, clip to 0..100 and divide by 255.

    With levels p from 0 to 255 and their mean m over the whole face, all channels together:
    ``min(p ** (ln 50 / ln m), 100) / 255``. A face whose mean is at most 1 has no such power and comes out black, as
    an entirely black one does.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8.

    Returns:
        The same shape, float32, 0 to 100/255.
    """
    mean = float(face.mean(dtype=np.float64))
    if mean <= 1:
        return np.zeros(face.shape, dtype=np.float32)
    with np.errstate(over="ignore"):  # just above 1 the power of a high level is beyond all numbers, and clipped
        powers = np.arange(256, dtype=np.float64) ** (math.log(TARGET) / math.log(mean))
    equalized: np.ndarray = (np.minimum(powers, HIGHEST) / 255).astype(np.float32)[face]
    return equalized
