"""Histogram equalisation in tiles, with limited contrast."""

from collections.abc import Sequence

import cv2
import numpy as np

from mien.images.colour import change_luma
from mien.images.preparation import OperationCard, register_operation


@register_operation(
    "clahe",
    card=OperationCard(
        source="Zuiderveld 1994, 'Contrast limited adaptive histogram equalization'; OpenCV's createCLAHE"
    ),
)
def clahe(face: np.ndarray, *, clip_limit: float = 2.0, tiles_hw: Sequence[int] = (8, 8)) -> np.ndarray:
    """Equalise a face's histogram tile by tile; of a colour face only the luma is changed.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        clip_limit: How often a level may occur in a tile, in multiples of an even spread; what is above is shared out.
        tiles_hw: Number of tiles down and across.

    Returns:
        The same shape, uint8.

    Raises:
        ValueError: If the limit is not positive or the tiles are not two positive numbers.
    """
    if not clip_limit > 0:
        raise ValueError(f"clip_limit must be above 0, got {clip_limit}")
    if len(tiles_hw) != 2 or min(tiles_hw) < 1:
        raise ValueError(f"tiles_hw must be two positive whole numbers, got {list(tiles_hw)}")
    down, across = tiles_hw
    return change_luma(face, cv2.createCLAHE(float(clip_limit), (int(across), int(down))).apply)
