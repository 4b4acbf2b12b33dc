"""Texture: local binary patterns in NumPy alone, so that recognition needs no further package for them."""

import math

import numpy as np

MOST_POINTS = 31
"""With more, the numbers that scikit-image works out go beyond 32 bits."""


def local_binary_codes(image: np.ndarray, *, num_points: int, radius: float) -> np.ndarray:
    """Return the number that each pixel's comparisons spell: bit i is set where neighbour i is at least as bright.

    Neighbours lie evenly on a circle, the first to the right, the next ones upwards; between pixels they are
    interpolated linearly, and outside the picture they are 0.

    Source: Ojala et al. 2002, https://doi.org/10.1109/TPAMI.2002.1017623. Where a neighbour equals the pixel but for
        rounding, the last bit of the interpolation decides; it is worked out in scikit-image's order (method
        "default", 0.26), so that the numbers are the same.

    Args:
        image: Shape ``(..., H, W)``, uint8 or float32; many pictures at once cost less than one by one.
        num_points: Neighbours, 1 to 31.
        radius: Radius of the circle in pixels.

    Returns:
        The same shape, uint32.

    Raises:
        ValueError: If there are too few or too many points, or the radius is not positive.
    """
    if not 1 <= num_points <= MOST_POINTS:
        raise ValueError(f"num_points must be from 1 to {MOST_POINTS}, got {num_points}")
    if not 0 < radius < math.inf:
        raise ValueError(f"radius must be above 0, got {radius}")
    levels = image.astype(np.float64)
    edge = math.ceil(radius) + 1
    framed = np.pad(levels, [(0, 0)] * (image.ndim - 2) + [(edge, edge)] * 2)
    angles = 2 * np.pi * np.arange(num_points, dtype=np.float64) / num_points
    downs, rights = np.round(-radius * np.sin(angles), 5), np.round(radius * np.cos(angles), 5)
    codes = np.zeros(image.shape, dtype=np.uint32)
    for bit, (down, right) in enumerate(zip(downs, rights, strict=True)):
        neighbours = _interpolate(framed, edge=edge, down=float(down), right=float(right))
        codes |= (neighbours >= levels).astype(np.uint32) << np.uint32(bit)
    return codes


def _interpolate(framed: np.ndarray, *, edge: int, down: float, right: float) -> np.ndarray:
    """Return what lies ``down`` and ``right`` of each pixel; ``framed`` has an edge of zeros around the pictures."""
    height, width = (side - 2 * edge for side in framed.shape[-2:])
    rows, columns = np.arange(height) + down, np.arange(width) + right
    row_part = (rows - np.floor(rows))[:, None]
    column_part = columns - np.floor(columns)

    def between_columns(row_shift: int) -> np.ndarray:
        lines = framed[..., edge + row_shift : edge + row_shift + height, :]
        left, right_of = edge + math.floor(right), edge + math.ceil(right)
        mean: np.ndarray = (1 - column_part) * lines[..., left : left + width]
        mean += column_part * lines[..., right_of : right_of + width]
        return mean

    interpolated: np.ndarray = between_columns(math.floor(down))
    interpolated *= 1 - row_part
    interpolated += row_part * between_columns(math.ceil(down))
    return interpolated
