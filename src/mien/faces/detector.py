"""What a face detector is, and the registry of them.

A detector is one new file in ``mien.faces.detectors`` with ``@register_detector``; the analyzer and the
command line create it by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from mien.errors import MienError, suggest
from mien.faces.weights import WeightsFile
from mien.registry import Registry
from mien.structures import Detection


class FaceDetector(Protocol):
    """Finds faces in a picture."""

    @property
    def name(self) -> str:
        """Return the registered name; a model's contract holds one crop margin for each."""
        ...

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        """Return the faces, the largest first, each box inside the picture.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        ...


@dataclass(frozen=True)
class DetectorCard:
    """What is known about a face detector.

    Args:
        source: Paper or project with its address.
        licence: Licence of its weights.
        has_landmarks: Whether it gives five points.
        weights: The model file that it needs and mien does not bring; none where it needs none.
    """

    source: str
    licence: str
    has_landmarks: bool
    weights: WeightsFile | None = None


DetectorFactory = Callable[[Path | None], FaceDetector]

DETECTORS: Registry[DetectorFactory, DetectorCard] = Registry("face detector", package="mien.faces.detectors")
"""All face detectors: what makes one from its model file, or from none."""


def register_detector(name: str, *, card: DetectorCard) -> Callable[[DetectorFactory], DetectorFactory]:
    """Return the decorator that enters a detector's class, or a function that makes it, under ``name``.

    Args:
        name: What the command line calls it.
        card: What is known about it.

    Raises:
        MienError: If the name is taken.
    """
    return DETECTORS.register(name, card=card)


def create_detector(name: str, model_file: Path | str | None = None) -> FaceDetector:
    """Return a detector that is ready to detect.

    Args:
        name: Registered name, such as ``haar``.
        model_file: Its model file; one that needs a file looks into the weights folder where none is given.

    Raises:
        MienError: If the name is unknown, a file is given to a detector without one, or the file is missing
            or foreign.
    """
    return DETECTORS.get(name).plugin(None if model_file is None else Path(model_file))


def known_weights() -> list[WeightsFile]:
    """Return the model files that detectors need and mien does not bring, by name."""
    files = (entry.card.weights for entry in DETECTORS)
    return sorted((file for file in files if file is not None), key=lambda file: file.name)


def find_known_weights(name: str) -> WeightsFile:
    """Return what is known of a model file.

    Args:
        name: Its name.

    Raises:
        MienError: If no detector needs such a file.
    """
    by_name = {file.name: file for file in known_weights()}
    if name not in by_name:
        raise MienError(f"unknown weights {name!r}{suggest(name, by_name)}")
    return by_name[name]


def clip_detections(detections: list[Detection], size_hw: tuple[int, int]) -> list[Detection]:
    """Return the detections with their boxes clipped to the picture, the largest first; those outside are left out.

    Args:
        detections: As a detector found them.
        size_hw: Height and width of the picture in pixels.
    """
    height, width = size_hw
    clipped: list[Detection] = []
    for detection in detections:
        box_xyxy = np.clip(detection.box_xyxy, 0, [width, height, width, height]).astype(np.float32)
        if (box_xyxy[2:] - box_xyxy[:2] >= 1).all():
            clipped.append(Detection(box_xyxy, detection.score, detection.landmarks))
    return sorted(clipped, key=_area, reverse=True)


def _area(detection: Detection) -> float:
    width, height = detection.box_xyxy[2:] - detection.box_xyxy[:2]
    return float(width * height)
