"""Cutting a face out of a picture, the same way for every detector and every model."""

import numpy as np


def crop_face(image_rgb: np.ndarray, box_xyxy: np.ndarray, *, margin: float = 0.2) -> np.ndarray:
    """Cut a square around a face; what lies outside the picture is black.

    The side is the longer side of the box times ``1 + margin``, rounded to a pixel.

    Args:
        image_rgb: Picture, shape ``(H, W, 3)``, uint8, RGB.
        box_xyxy: Face box ``(x1, y1, x2, y2)``, shape ``(4,)``, in pixels of the picture.
        margin: Share of the longer side added in all, half of it at each edge.

    Returns:
        The crop, shape ``(S, S, 3)``, uint8.

    Raises:
        ValueError: If the box has no area or lies outside the picture.
    """
    height, width = image_rgb.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in box_xyxy)
    if not (x2 > x1 and y2 > y1):
        raise ValueError(f"a face box must have an area, got ({x1:g}, {y1:g}, {x2:g}, {y2:g})")
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        raise ValueError(f"the face box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) lies outside the picture of {width}x{height}")
    left, top, side = find_crop_square(box_xyxy, margin=margin)
    crop = np.zeros((side, side, *image_rgb.shape[2:]), dtype=np.uint8)
    from_x, to_x = max(left, 0), min(left + side, width)
    from_y, to_y = max(top, 0), min(top + side, height)
    crop[from_y - top : to_y - top, from_x - left : to_x - left] = image_rgb[from_y:to_y, from_x:to_x]
    return crop


def find_crop_square(box_xyxy: np.ndarray, *, margin: float) -> tuple[int, int, int]:
    """Return left edge, top edge and side of the square that `crop_face` cuts out, in pixels of the picture.

    Args:
        box_xyxy: Face box ``(x1, y1, x2, y2)``, shape ``(4,)``, in pixels of the picture.
        margin: Share of the longer side added in all, half of it at each edge.

    Example:
        >>> find_crop_square(np.array([10.0, 10.0, 20.0, 18.0]), margin=0.2)
        (9, 8, 12)
    """
    x1, y1, x2, y2 = (float(value) for value in box_xyxy)
    side = max(1, round(max(x2 - x1, y2 - y1) * (1 + margin)))
    return round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2), side
