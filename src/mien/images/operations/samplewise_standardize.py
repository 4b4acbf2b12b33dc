"""Standardisation of each picture for itself."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation

EPSILON = 1e-6
"""Added to every standard deviation, as Keras does, so that a face of one level gives zeros."""


@register_operation(
    "samplewise_standardize",
    card=OperationCard(
        source="Keras' ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)",
        takes=FACE_DTYPES,
        gives="float32",
    ),
)
def samplewise_standardize(face: np.ndarray) -> np.ndarray:
    """Take a face's own mean from it and divide by its own standard deviation, over all pixels and channels.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.

    Returns:
        The same shape, float32, of mean 0 and standard deviation 1; zeros for a face of one level.
    """
    levels = face.astype(np.float64)
    standardized: np.ndarray = ((levels - levels.mean()) / (levels.std() + EPSILON)).astype(np.float32)
    return standardized
