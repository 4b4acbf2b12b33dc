"""Scaling of levels to a range."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


@register_operation(
    "scale",
    card=OperationCard(
        source="Keras' ImageDataGenerator(rescale=1/255) for 0 to 1, Keras Applications' mode 'tf' for -1 to 1",
        takes=FACE_DTYPES,
        gives="float32",
    ),
)
def scale(face: np.ndarray, *, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Send level 0 to ``low`` and level 255 to ``high``.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        low: What 0 becomes; -1 for a range from -1 to 1.
        high: What 255 becomes.

    Returns:
        The same shape, float32.

    Raises:
        ValueError: If ``low`` is not below ``high``.
    """
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}")
    scaled: np.ndarray = face.astype(np.float64) * ((high - low) / 255) + low
    return scaled.astype(np.float32)
