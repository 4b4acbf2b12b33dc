"""Histogram equalisation."""

import cv2
import numpy as np

from mien.images.colour import change_luma
from mien.images.preparation import OperationCard, register_operation


@register_operation("equalize_histogram", card=OperationCard(source="OpenCV's equalizeHist"))
def equalize_histogram(face: np.ndarray) -> np.ndarray:
    """Spread a face's levels so that each is about equally frequent; of a colour face only the luma is changed.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.

    Returns:
        The same shape, uint8.
    """
    return change_luma(face, cv2.equalizeHist)
