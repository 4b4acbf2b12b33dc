"""Occlusion maps by NumPy alone: cover a part of a face, ask again, and see how much of a probability is lost.

Recognition explains shipped models with it, the laboratory everything that answers with probabilities.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[Any]], NDArray[np.floating]]
"""From faces ``(N, H, W)`` or ``(N, H, W, 3)`` to probabilities ``(N, num_classes)``."""

FACES_AT_A_TIME = 256


def compute_occlusion_maps(
    predict: Predict,
    faces: NDArray[Any],
    targets: NDArray[np.int64],
    *,
    fill: float | NDArray[np.floating],
    window: int | None = None,
    stride: int | None = None,
) -> NDArray[np.float32]:
    """Return how much of a class's probability is lost where a square window covers a face.

    The window moves by `stride`; the last one of a row or column ends at the edge. A pixel has the mean loss of all
    windows that cover it; below zero, the probability rises where it is covered.

    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, https://arxiv.org/abs/1311.2901

    Args:
        predict: What answers; asked once for each face and once for each window of it.
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``.
        targets: The class of each face that is explained, shape ``(N,)``.
        fill: What a window is filled with: one number, or one for each channel.
        window: Side of the window in pixels; None takes a third of the faces' shorter side.
        stride: Pixels from one window to the next, at most `window`; None takes half of it.

    Returns:
        Loss of probability, shape ``(N, H, W)``, float32.

    Raises:
        ValueError: If the window does not lie within the faces, or strides would leave pixels out.
    """
    height, width = faces.shape[1:3]
    window = max(1, min(height, width) // 3) if window is None else window
    stride = max(1, window // 2) if stride is None else stride
    if not 1 <= window <= min(height, width):
        raise ValueError(
            f"window is {window}; expected 1 to {min(height, width)} pixels, as faces are {width}x{height}"
        )
    if not 1 <= stride <= window:
        raise ValueError(f"stride is {stride}; expected 1 to {window} pixels, the window's side")
    if not len(faces):
        return np.zeros((0, height, width), dtype=np.float32)
    corners = list(product(_starts(height, window, stride), _starts(width, window, stride)))
    rows = np.arange(len(faces))
    before = np.concatenate([predict(faces[part]) for part in _parts(len(faces))])[rows, targets]
    covered = np.empty(len(faces) * len(corners), dtype=np.float64)
    for part in _parts(len(covered)):
        row_of, corner_of = np.divmod(np.arange(part.start, part.stop), len(corners))
        changed = faces[row_of]
        for face, corner in zip(changed, corner_of.tolist(), strict=True):
            top, left = corners[corner]
            face[top : top + window, left : left + window] = fill
        covered[part] = predict(changed)[np.arange(len(changed)), targets[row_of]]
    losses = before[:, None] - covered.reshape(len(faces), len(corners))
    return _spread(losses, corners, window=window, size_hw=(height, width))


def _starts(length: int, window: int, stride: int) -> list[int]:
    return sorted({*range(0, length - window, stride), length - window})


def _parts(length: int) -> Iterator[slice]:
    return (slice(start, min(start + FACES_AT_A_TIME, length)) for start in range(0, length, FACES_AT_A_TIME))


def _spread(
    losses: NDArray[np.floating], corners: list[tuple[int, int]], *, window: int, size_hw: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the mean loss over the windows that cover a pixel."""
    sums, counts = np.zeros((len(losses), *size_hw)), np.zeros(size_hw)
    for number, (top, left) in enumerate(corners):
        place = (slice(top, top + window), slice(left, left + window))
        sums[:, place[0], place[1]] += losses[:, number, None, None]
        counts[place] += 1
    return (sums / counts).astype(np.float32)
