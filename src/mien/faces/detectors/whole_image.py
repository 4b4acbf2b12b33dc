"""No detection: the picture is the face, as in the data sets that models are trained on."""

from pathlib import Path

import numpy as np

from mien.errors import MienError
from mien.faces.detector import DetectorCard, register_detector
from mien.structures import Detection


@register_detector(
    "none",
    card=DetectorCard(source="mien itself", licence="MIT", has_landmarks=False),
)
class WholeImage:
    """Gives one face that fills the picture.

    Args:
        model_file: Must be none.

    Raises:
        MienError: If a model file is given.
    """

    name = "none"

    def __init__(self, model_file: Path | None = None) -> None:
        if model_file is not None:
            raise MienError(f"detector 'none' takes no model file, got {model_file}; leave --detector-model out")

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return one face with the picture's own edges and a score of 1.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        height, width = image_rgb.shape[:2]
        return [Detection(np.array([0, 0, width, height], dtype=np.float32), 1.0)]
