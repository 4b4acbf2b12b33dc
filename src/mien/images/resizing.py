"""Resizing with an antialiasing filter; data sets, crops and previews are resized here and nowhere else."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from mien.images.resampling import GAUSSIAN, MITCHELL, Kernel, resample

PILLOW_FILTERS: dict[str, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
"""Filters that Pillow has, by the names that ``resize`` knows; ``area`` and ``box`` are the same one."""

_OWN_FILTERS: dict[str, Kernel] = {"gaussian": GAUSSIAN, "mitchell": MITCHELL}

FILTER_NAMES: tuple[str, ...] = (*PILLOW_FILTERS, *_OWN_FILTERS)
"""All names that ``resize`` knows."""


def resize(image: np.ndarray, size_hw: Sequence[int], *, filter_name: str = "bilinear") -> np.ndarray:
    """Resize a picture; when it shrinks, the filter covers all pixels it replaces (antialiased).

    Args:
        image: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        size_hw: New height and width in pixels.
        filter_name: ``nearest``, ``bilinear``, ``bicubic``, ``area`` (or ``box``), ``lanczos``, ``gaussian`` or
            ``mitchell``.

    Returns:
        The picture, shape ``(*size_hw,)`` or ``(*size_hw, 3)``, of the same dtype; the same pixels where the size is
        the same. uint8 is rounded and clipped to 0..255; in float32 bicubic, lanczos and mitchell may overshoot.

    Raises:
        ValueError: If the filter is unknown, the size is not two positive numbers, or the array is no picture.
    """
    if filter_name not in FILTER_NAMES:
        raise ValueError(f"unknown filter {filter_name!r}; known: {', '.join(FILTER_NAMES)}")
    height, width = _check_size(size_hw)
    is_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype not in (np.uint8, np.float32) or not is_picture:
        raise ValueError(f"a picture must be (H, W) or (H, W, 3), uint8 or float32, got {image.shape} {image.dtype}")
    if image.shape[:2] == (height, width):
        return image
    if filter_name in _OWN_FILTERS:
        return _as_dtype_of(image, resample(image, (height, width), _OWN_FILTERS[filter_name]))
    return _resize_with_pillow(image, (width, height), PILLOW_FILTERS[filter_name])


def _resize_with_pillow(image: np.ndarray, size_wh: tuple[int, int], pillow_filter: Image.Resampling) -> np.ndarray:
    if image.dtype == np.float32 and image.ndim == 3:  # Pillow has floating-point pixels of one channel only
        channels = [_resize_with_pillow(channel, size_wh, pillow_filter) for channel in np.moveaxis(image, 2, 0)]
        return np.stack(channels, axis=2)
    return np.asarray(Image.fromarray(image).resize(size_wh, pillow_filter))


def _as_dtype_of(image: np.ndarray, resampled: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        resampled = np.clip(np.floor(resampled + 0.5), 0, 255)
    return resampled.astype(image.dtype)


def _check_size(size_hw: object) -> tuple[int, int]:
    """Return height and width; steps of recipes and contracts bring anything."""
    if isinstance(size_hw, list | tuple) and len(size_hw) == 2:
        height, width = size_hw
        if all(isinstance(side, int | np.integer) and side > 0 for side in size_hw):
            return int(height), int(width)
    raise ValueError(f"size_hw must be two positive whole numbers (height, width), got {size_hw!r}")
