"""Made-up faces that look a little like faces: smooth, with eyes and a mouth where FER2013's mean face has them."""

import cv2
import numpy as np


def make_faces(num_faces: int, *, side: int = 48, is_colour: bool = False) -> np.ndarray:
    """Return faces of shape ``(N, side, side)``, with ``is_colour`` ``(N, side, side, 3)``, uint8."""
    faces = []
    for number in range(num_faces):
        face = np.full((96, 96), 70 + 10 * number, np.uint8)
        cv2.ellipse(face, (48, 50), (34, 46), 0, 0, 360, 175 - 8 * number, -1)
        for x in (30, 66):
            cv2.ellipse(face, (x, 36), (9, 4), 0, 0, 360, 40, -1)
            cv2.line(face, (x - 10, 27), (x + 10, 25), 60, 2)
        cv2.line(face, (48, 40), (46, 60), 120, 2)
        cv2.ellipse(face, (48, 74), (16, 5 + number), 0, 0, 180, 50, 3)
        faces.append(cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA))
    grey = np.stack(faces)
    return np.stack([grey, grey // 2 + 60, 255 - grey], axis=-1) if is_colour else grey
