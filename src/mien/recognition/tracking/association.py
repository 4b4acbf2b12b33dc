"""Which detection belongs to which face of the frames before: place first, then looks."""

from collections.abc import Callable

import numpy as np

SMALLEST_OVERLAP = 0.1
"""Intersection over union that the expected box and the detected one have at least."""

MOST_CANDIDATES = 8
"""Detections whose looks are compared with one face: those that overlap its expected box most."""

_FACES_AT_ONCE = 128


def overlap_boxes(ones_xyxy: np.ndarray, others_xyxy: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each box with each other, shape ``(N, M)``, 0 to 1.

    Args:
        ones_xyxy: Boxes with an area, shape ``(N, 4)``.
        others_xyxy: The same, shape ``(M, 4)``.

    Example:
        >>> overlap_boxes(np.array([[0, 0, 10, 10]]), np.array([[0, 0, 10, 10], [5, 0, 15, 10]])).round(3)
        array([[1.   , 0.333]])
    """
    ones, others = ones_xyxy.T[:, :, None], others_xyxy.T[:, None, :]
    width, height = (
        np.minimum(ones[axis + 2], others[axis + 2]) - np.maximum(ones[axis], others[axis]) for axis in (0, 1)
    )
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    areas, other_areas = ((boxes[2] - boxes[0]) * (boxes[3] - boxes[1]) for boxes in (ones, others))
    return shared / (areas + other_areas - shared)  # type: ignore[no-any-return]


def pair_boxes(
    expected_xyxy: np.ndarray, found_xyxy: np.ndarray, likeness_of: Callable[[int, int], float | None]
) -> dict[int, int]:
    """Return the detection of each face that has one: the pair that fits best is taken first, then the next.

    A pair fits by its overlap plus its likeness. At 10,000 faces and as many detections this takes seconds, and
    memory for 128 rows of overlaps.

    Args:
        expected_xyxy: Boxes where the faces are expected, shape ``(N, 4)``.
        found_xyxy: Detected boxes, shape ``(M, 4)``.
        likeness_of: Returns for a face and a detection, by their rows, how alike they look, at most 1, or none where
            they cannot be the same; asked for pairs that overlap.
    """
    fits = []
    for face, found, overlap in _find_candidates(expected_xyxy, found_xyxy):
        likeness = likeness_of(face, found)
        if likeness is not None:
            fits.append((overlap + likeness, face, found))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, face, found in sorted(fits, key=lambda fit: -fit[0]):
        if face not in pairs and found not in taken:
            pairs[face] = found
            taken.add(found)
    return pairs


def _find_candidates(expected_xyxy: np.ndarray, found_xyxy: np.ndarray) -> list[tuple[int, int, float]]:
    """Return face, detection and overlap of the pairs that overlap enough, a few for each face."""
    candidates: list[tuple[int, int, float]] = []
    expected_xyxy, found_xyxy = expected_xyxy.astype(np.float32), found_xyxy.astype(np.float32)
    for start in range(0, len(expected_xyxy), _FACES_AT_ONCE):
        overlaps = overlap_boxes(expected_xyxy[start : start + _FACES_AT_ONCE], found_xyxy)
        if overlaps.shape[1] > MOST_CANDIDATES:
            columns = np.argpartition(-overlaps, MOST_CANDIDATES - 1, axis=1)[:, :MOST_CANDIDATES]
        else:
            columns = np.broadcast_to(np.arange(overlaps.shape[1]), overlaps.shape)
        best = np.take_along_axis(overlaps, columns, axis=1)
        rows, places = np.nonzero(best >= SMALLEST_OVERLAP)
        candidates += [
            (start + int(r), int(columns[r, p]), float(best[r, p])) for r, p in zip(rows, places, strict=True)
        ]
    return candidates
