"""Resizing with an antialiasing filter; data sets, crops and previews are resized here and nowhere else."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

_FILTERS: dict[str, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}

FILTER_NAMES: tuple[str, ...] = tuple(_FILTERS)
"""Names that ``resize`` knows; ``area`` and ``box`` are the same filter."""


def resize(image: np.ndarray, size_hw: Sequence[int], *, filter_name: str = "bilinear") -> np.ndarray:
    """Resize a picture; when it shrinks, the filter covers all pixels it replaces (antialiased).

    Args:
        image: Shape ``(H, W)`` or ``(H, W, 3)``, uint8.
        size_hw: New height and width in pixels.
        filter_name: ``nearest``, ``bilinear``, ``bicubic``, ``area`` (or ``box``) or ``lanczos``.

    Returns:
        The picture, shape ``(*size_hw,)`` or ``(*size_hw, 3)``, uint8; the same pixels where the size is the same.

    Raises:
        ValueError: If the filter is unknown, the size is not two positive numbers, or the array is no picture.
    """
    if filter_name not in _FILTERS:
        raise ValueError(f"unknown filter {filter_name!r}; known: {', '.join(FILTER_NAMES)}")
    height, width = _check_size(size_hw)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f"a picture must be (H, W) or (H, W, 3) uint8, got {image.shape} {image.dtype}")
    if image.shape[:2] == (height, width):
        return image
    resized = Image.fromarray(image).resize((width, height), _FILTERS[filter_name])
    return np.asarray(resized)


def _check_size(size_hw: object) -> tuple[int, int]:
    """Return height and width; steps of recipes and contracts bring anything."""
    if isinstance(size_hw, list | tuple) and len(size_hw) == 2:
        height, width = size_hw
        if all(isinstance(side, int | np.integer) and side > 0 for side in size_hw):
            return int(height), int(width)
    raise ValueError(f"size_hw must be two positive whole numbers (height, width), got {size_hw!r}")
