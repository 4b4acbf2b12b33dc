"""Levelling: turning a picture so that the eyes of a face lie on one horizontal line."""

from collections.abc import Callable

import cv2
import numpy as np

LEVEL_DEGREES = 1.5
"""Eyes whose line falls or rises less count as level; that is how well detectors place them."""

MOST_LOOKS = 5
"""How often a face is looked at again after a turn."""


def measure_eye_slope(landmarks: np.ndarray) -> float:
    """Return how far the line from the right to the left eye falls, in degrees from -180 to 180.

    Args:
        landmarks: Five points ``(x, y)``, the right and the left eye first, shape ``(5, 2)``.

    Returns:
        0 for level eyes, above 0 where the person's left eye (on the right in the picture) lies lower.

    Raises:
        ValueError: If both eyes are one point.
    """
    right_eye, left_eye = np.asarray(landmarks, dtype=np.float64)[:2]
    x, y = left_eye - right_eye
    if x == 0 and y == 0:
        raise ValueError(f"the eyes must be two points, got ({right_eye[0]:g}, {right_eye[1]:g}) twice")
    return float(np.degrees(np.arctan2(y, x)))


def level_eyes(image_rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Turn a picture about the middle between the eyes until these are level; what comes in at the edges is black.

    Args:
        image_rgb: Picture, shape ``(H, W, 3)`` or ``(H, W)``, uint8.
        landmarks: Five points ``(x, y)`` of the face, the right and the left eye first, shape ``(5, 2)``.

    Returns:
        The same shape, uint8; the middle between the eyes stays where it is.

    Raises:
        ValueError: If both eyes are one point.
    """
    return _move(image_rgb, _turn_about_eyes(landmarks))


def level_eyes_by_looking(
    image_rgb: np.ndarray, find_landmarks: Callable[[np.ndarray], np.ndarray | None]
) -> np.ndarray | None:
    """Turn a picture until a detector finds the eyes level, looking again after each turn.

    Detectors take a tilted face for less tilted than it is: YuNet sees 12 degrees where there are 24. The turns are
    put together, so that the picture itself is interpolated once.

    Args:
        image_rgb: Picture, shape ``(H, W, 3)`` or ``(H, W)``, uint8.
        find_landmarks: Gives the five points of a picture's face, or none where it finds no two eyes.

    Returns:
        The same shape, uint8, or none where there are no eyes to begin with.
    """
    turn = np.eye(3)
    for look in range(MOST_LOOKS):
        landmarks = find_landmarks(_move(image_rgb, turn) if look else image_rgb)
        if landmarks is None:
            if look == 0:
                return None
            break
        if abs(measure_eye_slope(landmarks)) < LEVEL_DEGREES:
            break
        turn = _turn_about_eyes(landmarks) @ turn
    return _move(image_rgb, turn)


def _turn_about_eyes(landmarks: np.ndarray) -> np.ndarray:
    """Return the matrix ``(3, 3)`` that takes a point of the picture to where it lies after the turn."""
    middle_x, middle_y = np.asarray(landmarks, dtype=np.float64)[:2].mean(axis=0)
    slope = measure_eye_slope(landmarks)
    return np.vstack([cv2.getRotationMatrix2D((float(middle_x), float(middle_y)), slope, 1.0), [0, 0, 1]])


def _move(image_rgb: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    if np.array_equal(matrix, np.eye(3)):
        return image_rgb
    size_wh = (image_rgb.shape[1], image_rgb.shape[0])
    moved: np.ndarray = cv2.warpAffine(np.ascontiguousarray(image_rgb), matrix[:2], size_wh, flags=cv2.INTER_CUBIC)
    return moved
