"""Resizing as a preparation step."""

from collections.abc import Sequence

import numpy as np

from mien.images import resizing
from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


@register_operation(
    "resize",
    card=OperationCard(
        source="Pillow's Image.resize, whose filters are antialiased; Turkowski 1990 and Mitchell and Netravali 1988 "
        "for the filters gaussian and mitchell",
        takes=FACE_DTYPES,
        gives="same",
    ),
)
def resize(face: np.ndarray, *, size_hw: Sequence[int], filter: str = "bilinear") -> np.ndarray:  # noqa: A002 - recipes say filter
    """Resize a face; one that has the size already comes back as it is.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        size_hw: New height and width in pixels.
        filter: ``nearest``, ``bilinear``, ``bicubic``, ``area``, ``lanczos``, ``gaussian`` or ``mitchell``.

    Returns:
        Shape ``(*size_hw,)`` or ``(*size_hw, 3)``, of the same dtype.

    Raises:
        ValueError: If the filter is unknown or the size is not two positive numbers.
    """
    return resizing.resize(face, size_hw, filter_name=filter)
