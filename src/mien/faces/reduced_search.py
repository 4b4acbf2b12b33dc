"""Faces searched in a smaller picture: a fraction of the time, and small faces are not found."""

import cv2
import numpy as np

from mien.faces.detector import FaceDetector, clip_detections
from mien.structures import Detection


class ReducedSearch:
    """A detector that looks at pictures reduced to a longest side; its boxes are those of the picture.

    Args:
        detector: What searches.
        longest_side: Longer side of the largest picture that it gets to see, in pixels.

    Raises:
        ValueError: If the side is below 1 pixel.
    """

    def __init__(self, detector: FaceDetector, longest_side: int) -> None:
        if longest_side < 1:
            raise ValueError(f"longest_side must be 1 pixel or more, got {longest_side}")
        self.detector, self.longest_side = detector, longest_side

    @property
    def name(self) -> str:
        """Return the name of the detector that searches: its boxes, and so a model's margins, stay the same."""
        return self.detector.name

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return the faces, the largest first.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        height, width = image_rgb.shape[:2]
        scale = self.longest_side / max(height, width)
        if scale >= 1:
            return self.detector.detect(image_rgb)
        size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        found = self.detector.detect(cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA))
        to_picture = np.array([width / size_wh[0], height / size_wh[1]], dtype=np.float32)
        return clip_detections([_scale(detection, to_picture) for detection in found], (height, width))


def _scale(detection: Detection, factors_xy: np.ndarray) -> Detection:
    landmarks = None if detection.landmarks is None else detection.landmarks * factors_xy
    return Detection(detection.box_xyxy * np.tile(factors_xy, 2), detection.score, landmarks)
