"""A video frame as the tracker looks at it: grey, reduced, with a thumbnail that tells a cut; looks of faces."""

from dataclasses import dataclass

import cv2
import numpy as np

LONGEST_SIDE = 480
"""Faces are followed in a grey frame reduced by a whole number so that its longer side is no longer, in pixels."""

CUT_LIKENESS = 0.6
"""Two frames whose thumbnails are less alike lie on two sides of a cut."""

PATCH_SIDE = 24
"""Side of the grey picture of a face that its look is compared by, in pixels."""

_PATCH_SLACK = 3  # pixels of the patch by which a box may have jumped
_THUMBNAIL_WH = (32, 24)


@dataclass(frozen=True, eq=False)
class Frame:
    """What is kept of one frame.

    Args:
        grey: Reduced frame, shape ``(h, w)``, uint8.
        to_picture: Factors of x and y from the reduced frame to the picture, shape ``(2,)``, float32.
        size_hw: Height and width of the picture in pixels.
        thumbnail: Shape ``(24, 32)``, uint8.
    """

    grey: np.ndarray
    to_picture: np.ndarray
    size_hw: tuple[int, int]
    thumbnail: np.ndarray


def reduce_frame(image_rgb: np.ndarray) -> Frame:
    """Return what the tracker keeps of a frame.

    Args:
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
    """
    height, width = image_rgb.shape[:2]
    factor = -(-max(height, width) // LONGEST_SIDE)
    size_wh = (max(1, width // factor), max(1, height // factor))
    grey = cv2.cvtColor(np.ascontiguousarray(image_rgb), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA)
    return Frame(
        grey=grey,
        to_picture=np.array([width / size_wh[0], height / size_wh[1]], dtype=np.float32),
        size_hw=(height, width),
        thumbnail=cv2.resize(grey, _THUMBNAIL_WH, interpolation=cv2.INTER_AREA),
    )


def is_cut(before: Frame, after: Frame) -> bool:
    """Return whether the picture changed as a whole; brighter and darker light is no change.

    Args:
        before: A frame.
        after: The next one.
    """
    if before.size_hw != after.size_hw:
        return True
    is_flat = before.thumbnail.std() < 1 and after.thumbnail.std() < 1
    return not is_flat and _correlate(before.thumbnail, after.thumbnail) < CUT_LIKENESS


def cut_patch(frame: Frame, box_xyxy: np.ndarray) -> np.ndarray:
    """Return the look of a face, shape ``(24, 24)``, uint8; beyond the edge the picture's last pixels go on.

    Args:
        frame: The frame that it is in.
        box_xyxy: Its box, shape ``(4,)``, in pixels of the picture.
    """
    corner, other = box_xyxy[:2] / frame.to_picture, box_xyxy[2:] / frame.to_picture
    step = (other - corner) / PATCH_SIDE
    first = corner + (step - 1) / 2  # the centre of a pixel lies half a step inside
    to_frame = np.array([[step[0], 0, first[0]], [0, step[1], first[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size_wh = (PATCH_SIDE, PATCH_SIDE)
    return cv2.warpAffine(frame.grey, to_frame, size_wh, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def compare_patches(one: np.ndarray, other: np.ndarray) -> float:
    """Return how alike two looks are: their best correlation, -1 to 1, over shifts of an eighth of the face.

    Between two random faces of FER2013 it is below 0.56 in 95 of 100 cases; between a face and the same with its box
    off by up to a tenth in size and a twentieth in place it is above 0.75 in 99.

    Args:
        one: Patch, shape ``(24, 24)``, uint8.
        other: The other one.
    """
    return _correlate(one[_PATCH_SLACK:-_PATCH_SLACK, _PATCH_SLACK:-_PATCH_SLACK], other)


def _correlate(template: np.ndarray, patch: np.ndarray) -> float:
    return float(cv2.matchTemplate(patch, template, cv2.TM_CCOEFF_NORMED).max())
