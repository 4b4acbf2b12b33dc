"""Faces turned, moved and scaled about their middle; the corruptions of place go through here."""

from collections.abc import Iterable

import cv2
import numpy as np

from mien.evaluation.robustness.corruption import Faces


def warp_faces(
    faces: Faces,
    *,
    angles_degrees: Iterable[float] | None = None,
    scale: float = 1.0,
    shifts_xy: Iterable[tuple[float, float]] | None = None,
) -> Faces:
    """Return faces turned and scaled about their middle, then moved; edges go on with their last pixel.

    Args:
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8.
        angles_degrees: Turn of each face, anticlockwise; None turns none.
        scale: What each becomes larger by; 1 leaves the size.
        shifts_xy: Pixels by which each moves right and down; None moves none.
    """
    height, width = faces.shape[1:3]
    angles = [0.0] * len(faces) if angles_degrees is None else angles_degrees
    shifts = [(0.0, 0.0)] * len(faces) if shifts_xy is None else shifts_xy
    warped = np.empty_like(faces)
    for row, (angle, shift) in enumerate(zip(angles, shifts, strict=True)):
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
        matrix[:, 2] += np.asarray(shift, dtype=np.float64)
        warped[row] = cv2.warpAffine(
            faces[row], matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return warped
