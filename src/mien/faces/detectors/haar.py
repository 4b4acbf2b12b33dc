"""The boosted cascade of Haar features that comes with OpenCV: frontal faces, no file to fetch."""

import threading
from pathlib import Path

import cv2
import numpy as np

from mien.errors import MienError
from mien.faces.detector import DetectorCard, clip_detections, register_detector
from mien.structures import Detection

LONGEST_SIDE = 1024
"""Larger pictures are searched in a reduced frame of this longer side, in pixels."""

SMALLEST_FACE_SHARE = 0.03
"""The smallest face searched for, as a share of the frame's longer side; never below 24 pixels."""

_SCALE_STEP = 1.1
_NUM_NEIGHBOURS = 4
_CASCADE_FILE = "haarcascade_frontalface_alt2.xml"


@register_detector(
    "haar",
    card=DetectorCard(
        source="Viola and Jones 2001; OpenCV's haarcascade_frontalface_alt2, https://docs.opencv.org/4.x/db/d28",
        licence="Intel licence (BSD style), part of OpenCV",
        has_landmarks=False,
    ),
)
class HaarDetector:
    """Frontal faces by OpenCV's cascade; the score is the cascade's last sum, at or above 0.

    Args:
        model_file: Another cascade of OpenCV (``.xml``) in place of the bundled one.

    Raises:
        MienError: If the file is missing or is no cascade.
    """

    name = "haar"

    def __init__(self, model_file: Path | None = None) -> None:
        cascade_file = model_file or Path(cv2.__file__).parent / "data" / _CASCADE_FILE
        self._cascade = _load_cascade(cascade_file)
        self._lock = threading.Lock()  # a cascade keeps its buffers between calls

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return the frontal faces, the largest first.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        height, width = image_rgb.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        frame = cv2.cvtColor(_reduce(image_rgb, scale), cv2.COLOR_RGB2GRAY)
        smallest = max(24, round(SMALLEST_FACE_SHARE * max(frame.shape)))
        with self._lock:
            boxes_xywh, _, scores = self._cascade.detectMultiScale3(
                frame, _SCALE_STEP, _NUM_NEIGHBOURS, 0, (smallest, smallest), outputRejectLevels=True
            )
        found = [
            Detection(np.array([x, y, x + w, y + h], dtype=np.float32) / scale, float(score))
            for (x, y, w, h), score in zip(boxes_xywh, np.ravel(scores), strict=True)
        ]
        return clip_detections(drop_overlapping(found), (height, width))


def drop_overlapping(detections: list[Detection], *, largest_overlap: float = 0.4) -> list[Detection]:
    """Return the detections without those that lie on a surer one.

    Args:
        detections: As the cascade found them.
        largest_overlap: Largest shared area, as a part of the smaller box, at which both are kept.
    """
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda each: each.score, reverse=True):
        if all(_overlap(detection.box_xyxy, other.box_xyxy) <= largest_overlap for other in kept):
            kept.append(detection)
    return kept


def _overlap(one_xyxy: np.ndarray, other_xyxy: np.ndarray) -> float:
    shared_sides = np.minimum(one_xyxy[2:], other_xyxy[2:]) - np.maximum(one_xyxy[:2], other_xyxy[:2])
    smaller = min(np.prod(one_xyxy[2:] - one_xyxy[:2]), np.prod(other_xyxy[2:] - other_xyxy[:2]))
    return float(np.prod(np.maximum(shared_sides, 0)) / smaller)


def _reduce(image_rgb: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1.0:
        return np.ascontiguousarray(image_rgb)
    height, width = image_rgb.shape[:2]
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA)


def _load_cascade(cascade_file: Path) -> cv2.CascadeClassifier:
    if not cascade_file.is_file():
        raise MienError(f"{cascade_file}: no such file; detector 'haar' needs a cascade of OpenCV (.xml)")
    cascade = cv2.CascadeClassifier()
    try:
        is_loaded = cascade.load(str(cascade_file))
    except (cv2.error, SystemError):
        is_loaded = False
    if not is_loaded:
        raise MienError(f"{cascade_file}: not a cascade of OpenCV (.xml); detector 'haar' cannot use it")
    return cascade
