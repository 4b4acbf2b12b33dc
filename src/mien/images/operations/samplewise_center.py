"""Centring of each picture for itself."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


@register_operation(
    "samplewise_center",
    card=OperationCard(source="Keras' ImageDataGenerator(samplewise_center=True)", takes=FACE_DTYPES, gives="float32"),
)
def samplewise_center(face: np.ndarray) -> np.ndarray:
    """Take a face's own mean, over all its pixels and channels, from it.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.

    Returns:
        The same shape, float32, of mean 0.
    """
    levels = face.astype(np.float64)
    centred: np.ndarray = (levels - levels.mean()).astype(np.float32)
    return centred
