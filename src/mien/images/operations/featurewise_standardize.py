"""Standardisation by the mean and standard deviation of the training faces."""

from collections.abc import Sequence

import numpy as np

from mien.images.moments import check_per_channel, measure_channels
from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation

EPSILON = 1e-6
"""Added to every standard deviation, as Keras does."""


def fit_mean_and_std(faces: np.ndarray) -> dict[str, object]:
    """Return mean and standard deviation of each channel over training faces ``(N, H, W[, 3])`` as arguments."""
    mean, std = measure_channels(faces)
    return {"mean": mean, "std": std}


@register_operation(
    "featurewise_standardize",
    card=OperationCard(
        source="Keras' ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True): one mean and "
        "one standard deviation a channel",
        takes=FACE_DTYPES,
        gives="float32",
        fit=fit_mean_and_std,
    ),
)
def featurewise_standardize(face: np.ndarray, *, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """Take the training faces' mean from a face and divide by their standard deviation.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        mean: One number for each channel; fitted on the training faces.
        std: One number for each channel; fitted on the training faces.

    Returns:
        The same shape, float32.

    Raises:
        ValueError: If there are not as many numbers as channels, or a standard deviation is negative.
    """
    check_per_channel(face, mean=mean, std=std)
    if min(std) < 0:
        raise ValueError(f"std must not be negative, got {list(std)}")
    centred = face.astype(np.float64) - np.asarray(mean)
    standardized: np.ndarray = (centred / (np.asarray(std) + EPSILON)).astype(np.float32)
    return standardized
