"""Boxes that follow the picture: median flow of points in each face, with a check there and back.

Source: Kalal, Mikolajczyk and Matas 2010, "Forward-Backward Error", https://doi.org/10.1109/ICPR.2010.675.
Differs: a fixed limit of the error there and back in place of its median; the growth is the median over as many pairs
as there are points, not over all pairs.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mien.recognition.tracking.frames import Frame

POINTS_A_SIDE = 5
"""Points in each face: so many across and as many down, over the inner four fifths of its box."""

LARGEST_ERROR = 1.0
"""Points that do not come back to within so many pixels of the reduced frame are left out."""

SMALLEST_SHARE = 0.3
"""A face of which fewer of the points come back is lost."""

_LARGEST_GROWTH = 1.2  # from one frame to the next
_WINDOW_WH = (11, 11)
_NUM_LEVELS = 3
_FACES_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Move:
    """How a face moved from one frame to the next.

    Args:
        shift_xy: Shift of its centre in pixels of the picture, shape ``(2,)``.
        growth: Factor of its size.
    """

    shift_xy: np.ndarray
    growth: float

    def apply(self, points: np.ndarray, centre_xy: np.ndarray) -> np.ndarray:
        """Return points of the face where they are now, shape ``(N, 2)``, float32.

        Args:
            points: Where they were, shape ``(N, 2)``.
            centre_xy: Centre of the face then, shape ``(2,)``.
        """
        moved: np.ndarray = (points - centre_xy) * self.growth + centre_xy + self.shift_xy
        return moved.astype(np.float32)


def follow_boxes(before: Frame, after: Frame, boxes_xyxy: np.ndarray, *, shifts_xy: np.ndarray) -> list[Move | None]:
    """Return how each face moved, or none where it is lost.

    Args:
        before: A frame.
        after: The next one, of the same size.
        boxes_xyxy: Boxes in ``before``, shape ``(N, 4)``, in pixels of the picture.
        shifts_xy: Shifts that are expected, shape ``(N, 2)``.
    """
    moves: list[Move | None] = []
    for start in range(0, len(boxes_xyxy), _FACES_AT_ONCE):
        rows = slice(start, start + _FACES_AT_ONCE)
        points = _place_points(boxes_xyxy[rows]) / before.to_picture
        moved, is_sure = _flow(before.grey, after.grey, points, shifts_xy[rows, None] / before.to_picture)
        moves += [_find_move(*each, before.to_picture) for each in zip(points, moved, is_sure, strict=True)]
    return moves


def _place_points(boxes_xyxy: np.ndarray) -> np.ndarray:
    """Return a grid of points in each box, shape ``(N, P, 2)``."""
    steps = np.linspace(0.1, 0.9, POINTS_A_SIDE)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    corners, sides = boxes_xyxy[:, None, :2], boxes_xyxy[:, None, 2:] - boxes_xyxy[:, None, :2]
    return (corners + grid * sides).astype(np.float32)  # type: ignore[no-any-return]


def _flow(
    before: np.ndarray, after: np.ndarray, points: np.ndarray, shifts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where points ``(N, P, 2)`` are now, and whether they came back, ``(N, P)``."""
    start = points.reshape(-1, 1, 2)
    guess = np.broadcast_to(shifts, points.shape).reshape(start.shape).astype(np.float32)
    there, is_there = _track_points(before, after, start, start + guess)
    back, is_back = _track_points(after, before, there, there - guess)
    squared_error = ((back - start) ** 2).sum(axis=2)
    is_sure = is_there & is_back & (squared_error <= LARGEST_ERROR**2)
    return there.reshape(points.shape), is_sure.reshape(points.shape[:2])


def _track_points(
    before: np.ndarray, after: np.ndarray, points: np.ndarray, guesses: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where points ``(N, 1, 2)`` are now, and whether they were found, ``(N, 1)``."""
    flags = cv2.OPTFLOW_USE_INITIAL_FLOW
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, guesses, winSize=_WINDOW_WH, maxLevel=_NUM_LEVELS, flags=flags
    )
    return np.asarray(moved), np.asarray(status) == 1


def _find_move(points: np.ndarray, moved: np.ndarray, is_sure: np.ndarray, to_picture: np.ndarray) -> Move | None:
    if is_sure.mean() < SMALLEST_SHARE:
        return None
    points, moved = points[is_sure], moved[is_sure]
    # Each point and the one half the list further lie far apart.
    sides, moved_sides = (each - np.roll(each, len(each) // 2, axis=0) for each in (points, moved))
    growth = float(np.median(np.hypot(*moved_sides.T) / np.hypot(*sides.T)))
    if not 1 / _LARGEST_GROWTH <= growth <= _LARGEST_GROWTH:
        return None
    return Move(np.median(moved - points, axis=0) * to_picture, growth)
