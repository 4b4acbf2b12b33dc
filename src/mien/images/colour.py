"""Colour faces where an operation means brightness alone."""

from collections.abc import Callable

import cv2
import numpy as np


def change_luma(face: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return a face whose brightness was changed and whose colours stay.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        change: From levels ``(H, W)``, uint8, to such; a grey face is given as it is, of a colour one its luma.

    Returns:
        The same shape, uint8; three equal channels come out equal, and as the grey face would.
    """
    if face.ndim == 2:
        return change(np.ascontiguousarray(face))
    parts = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2YCrCb)
    parts[:, :, 0] = change(np.ascontiguousarray(parts[:, :, 0]))
    return cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)
