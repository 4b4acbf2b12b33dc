"""One look at each picture: its hash, a small copy, and how bright, contrasty, varied and sharp it is.

Pictures may be in memory or in files of any size; one that cannot be read becomes a fault with its reason.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.errors import DataError, PictureError
from mien.faces.quality import measure_sharpness
from mien.images.operations.grey import to_grey

SIDE = 48
"""Side of the small copies, in pixels."""

NEAR_BLANK_CONTRAST = 5.0
"""Pictures whose grey levels deviate by less, of 255, are blank or nearly so."""


@dataclass(frozen=True, eq=False)
class PictureFacts:
    """What one look at each picture of a set gave.

    Args:
        identical: Group of each row, shape ``(N,)``, int64; pictures equal pixel for pixel share one, -1 if unreadable.
        thumbnails: Grey copies of 48 by 48 pixels, shape ``(N, 48, 48)``, uint8; black if unreadable.
        brightness: Mean grey level, 0 to 255, shape ``(N,)``, float32; NaN if unreadable, as in the next three.
        contrast: Standard deviation of the grey levels.
        entropy: Of the histogram of the grey levels, 0 to 8 bits.
        sharpness: Share of fine detail, as ``measure_sharpness`` gives it.
        is_black: Pictures of which every pixel is 0.
        faults: Why a picture cannot be read, shape ``(N,)``, str; empty for the others.
    """

    identical: NDArray[np.int64]
    thumbnails: NDArray[np.uint8]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]
    entropy: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    is_black: NDArray[np.bool_]
    faults: NDArray[np.str_]


def look_at_pictures(face_set: FaceSet, *, report_done: Callable[[int], None] = lambda _: None) -> PictureFacts:
    """Return what one look at each picture gives.

    Args:
        face_set: The faces, in memory or in files.
        report_done: Called with the number of pictures looked at.

    Raises:
        DataError: If the pictures are prepared already and no longer 8-bit.
    """
    if face_set.is_in_memory and face_set.faces.dtype != np.uint8:
        raise DataError(
            f"{face_set.name}: its pictures are {face_set.faces.dtype}, expected uint8; audit a set before preparing it"
        )
    count = len(face_set)
    identical = np.full(count, -1, dtype=np.int64)
    thumbnails = np.zeros((count, SIDE, SIDE), np.uint8)
    measures = np.full((4, count), np.nan, dtype=np.float32)
    is_black = np.zeros(count, dtype=bool)
    faults = [""] * count
    numbers: dict[bytes, int] = {}
    for row, picture in enumerate(face_set.read_each()):
        if isinstance(picture, PictureError):
            faults[row] = " ".join(str(picture).split())
        else:
            identical[row] = numbers.setdefault(_digest(picture), len(numbers))
            grey = to_grey(picture)
            thumbnails[row] = _shrink(grey)
            measures[:, row] = (*_mean_and_deviation(grey), _entropy(grey), measure_sharpness(grey))
            is_black[row] = measures[0, row] == 0 and not picture.any()
        report_done(row + 1)
    reasons = np.array(faults, dtype=np.str_)
    return PictureFacts(identical, thumbnails, measures[0], measures[1], measures[2], measures[3], is_black, reasons)


def _digest(picture: NDArray[np.uint8]) -> bytes:
    digest = hashlib.blake2b(str(picture.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def _shrink(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if grey.shape == (SIDE, SIDE):
        return grey
    is_larger = min(grey.shape) >= SIDE
    shrunk = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR)
    return shrunk.astype(np.uint8, copy=False)


def _mean_and_deviation(grey: NDArray[np.uint8]) -> tuple[float, float]:
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(grey))
    return float(mean[0, 0]), float(deviation[0, 0])


def _entropy(grey: NDArray[np.uint8]) -> float:
    shares = np.bincount(grey.ravel(), minlength=256) / grey.size
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum()) + 0.0
