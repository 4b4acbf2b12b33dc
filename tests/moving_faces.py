"""Frames of faces that move over a background, made of the bundled pictures."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from mien.structures import Detection

_PICTURES = Path(__file__).resolve().parents[1] / "examples" / "pictures"
_HEADS = {"astronaut": ("astronaut.png", (90, 20, 340, 270)), "hopper": ("grace_hopper.jpg", (75, 30, 455, 410))}
_FACE_SHARE = np.array([0.3, 0.2, 0.7, 0.65])  # of the head's picture


@lru_cache
def load_head(name: str, side: int) -> np.ndarray:
    """Return the head of ``astronaut`` or ``hopper``, shape ``(side, side, 3)``, uint8, RGB."""
    file, (x1, y1, x2, y2) = _HEADS[name]
    picture = cv2.cvtColor(cv2.imread(str(_PICTURES / file)), cv2.COLOR_BGR2RGB)
    return cv2.resize(picture[y1:y2, x1:x2], (side, side), interpolation=cv2.INTER_AREA)


@lru_cache
def make_background(seed: int = 0, size_hw: tuple[int, int] = (480, 640)) -> np.ndarray:
    """Return soft blotches of colour, shape ``(H, W, 3)``, uint8; another seed is another place."""
    blotches = np.random.default_rng(seed).integers(40, 215, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(blotches, size_hw[::-1], interpolation=cv2.INTER_CUBIC)


def paste_head(frame: np.ndarray, name: str, corner_xy: tuple[float, float], *, side: int = 200) -> None:
    """Draw a round head into a frame, its upper left corner at whole pixels; it may stick out to the right or below."""
    x, y = (round(value) for value in corner_xy)
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    place = frame[y : y + side, x : x + side]
    is_head = (np.hypot(row, column) < side * 0.48)[: place.shape[0], : place.shape[1], None]
    place[:] = np.where(is_head, load_head(name, side)[: place.shape[0], : place.shape[1]], place)


def find_face(corner_xy: tuple[float, float], *, side: int = 200) -> Detection:
    """Return where the face of a head is that `paste_head` drew."""
    corner = np.array([round(value) for value in corner_xy] * 2)
    return Detection((corner + _FACE_SHARE * side).astype(np.float32), 1.0)


class ToldDetector:
    """A detector that finds what it was told, and counts how often it was asked."""

    name = "told"

    def __init__(self) -> None:
        self.faces: list[Detection] = []
        self.num_calls = 0

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return what was told."""
        self.num_calls += 1
        return self.faces
