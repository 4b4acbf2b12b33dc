"""Centring by the mean of the training faces."""

from collections.abc import Sequence

import numpy as np

from mien.images.moments import check_per_channel, measure_channels
from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


def fit_mean(faces: np.ndarray) -> dict[str, object]:
    """Return the mean of each channel over training faces ``(N, H, W[, 3])`` as the argument ``mean``."""
    return {"mean": measure_channels(faces)[0]}


@register_operation(
    "featurewise_center",
    card=OperationCard(
        source="Keras' ImageDataGenerator(featurewise_center=True): one mean a channel",
        takes=FACE_DTYPES,
        gives="float32",
        fit=fit_mean,
    ),
)
def featurewise_center(face: np.ndarray, *, mean: Sequence[float]) -> np.ndarray:
    """Take the training faces' mean from a face.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        mean: One number for each channel; fitted on the training faces.

    Returns:
        The same shape, float32.

    Raises:
        ValueError: If there are not as many means as channels.
    """
    check_per_channel(face, mean=mean)
    centred: np.ndarray = (face.astype(np.float64) - np.asarray(mean)).astype(np.float32)
    return centred
