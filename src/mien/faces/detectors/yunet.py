"""YuNet, a small convolutional detector with five landmarks, run by OpenCV from a file of its own."""

import threading
from pathlib import Path

import cv2
import numpy as np

from mien.errors import MienError
from mien.faces.detector import DetectorCard, clip_detections, register_detector
from mien.faces.weights import WeightsFile
from mien.structures import Detection

LONGEST_SIDE = 960
"""Larger pictures are searched in a reduced frame of this longer side, in pixels."""

LOWEST_SCORE = 0.7
"""Faces below this score, of 0 to 1, are left out."""

_SMALLEST_SIDE = 64

WEIGHTS = WeightsFile(
    name="yunet",
    file_name="yunet_n_640_640.onnx",
    address=(
        "https://github.com/ShiqiYu/libfacedetection.train/raw/0047ac24afb1a50a0c6105001c89d1b5b805dbf1/onnx/"
        "yunet_n_640_640.onnx"
    ),
    num_bytes=317_466,
    sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
    licence="Apache-2.0",
    needed_by="detector 'yunet'",
)


@register_detector(
    "yunet",
    card=DetectorCard(
        source="Wu, Peng and Yu 2023, https://github.com/ShiqiYu/libfacedetection.train",
        licence="Apache-2.0",
        has_landmarks=True,
        weights=WEIGHTS,
    ),
)
class YuNetDetector:
    """Faces, also small and half turned, with five landmarks and a score from 0 to 1.

    Args:
        model_file: The ONNX file; where none is given, the one in the weights folder.

    Raises:
        MienError: If the file is missing or is not YuNet; the line says where to put it.
    """

    name = "yunet"

    def __init__(self, model_file: Path | None = None) -> None:
        weights_file = WEIGHTS.find(model_file)
        self._network = _load_network(weights_file)
        self._lock = threading.Lock()  # the input size is a state of the network

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return the faces, the largest first.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        height, width = image_rgb.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        frame_bgr = cv2.cvtColor(np.ascontiguousarray(image_rgb), cv2.COLOR_RGB2BGR)
        if scale < 1.0:
            frame_bgr = cv2.resize(frame_bgr, size_wh, interpolation=cv2.INTER_AREA)
        frame_bgr = _pad(frame_bgr)
        with self._lock:
            self._network.setInputSize((frame_bgr.shape[1], frame_bgr.shape[0]))
            rows: np.ndarray | None = self._network.detect(frame_bgr)[1]
        if rows is None:
            return []
        to_picture = np.array([width / size_wh[0], height / size_wh[1]], dtype=np.float32)
        found = [_to_detection(row, to_picture) for row in rows if np.isfinite(row).all() and min(row[2:4]) > 0]
        return clip_detections(found, (height, width))


def _pad(frame_bgr: np.ndarray) -> np.ndarray:
    """Return the frame with black below and to its right; in very thin frames OpenCV finds boxes at infinity."""
    bottom, right = (max(0, _SMALLEST_SIDE - side) for side in frame_bgr.shape[:2])
    return cv2.copyMakeBorder(frame_bgr, 0, bottom, 0, right, cv2.BORDER_CONSTANT) if bottom or right else frame_bgr


def _to_detection(row: np.ndarray, to_picture: np.ndarray) -> Detection:
    corner, sides = row[:2] * to_picture, row[2:4] * to_picture
    box_xyxy = np.concatenate([corner, corner + sides]).astype(np.float32)
    landmarks = (row[4:14].reshape(5, 2) * to_picture).astype(np.float32)
    return Detection(box_xyxy, float(row[14]), landmarks)


def _load_network(weights_file: Path) -> cv2.FaceDetectorYN:
    try:
        network = cv2.FaceDetectorYN.create(str(weights_file), "", (320, 320), LOWEST_SCORE, 0.3, 5000)
        network.detect(np.zeros((320, 320, 3), dtype=np.uint8))
    except cv2.error as error:
        raise MienError(f"{weights_file}: not the YuNet network; get it with: mien weights pull yunet") from error
    return network
