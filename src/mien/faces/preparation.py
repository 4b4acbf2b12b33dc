"""Picture operations: the steps that find a face in a whole picture, such as a portrait of a data set.

They stand first in a chain and are run over data sets only. A model's contract has none of them, because recognition
finds and crops faces by its own detector and margin. An operation is one new file in ``mien.faces.operations`` with
``@register_picture_operation``.
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from mien.errors import NoFaceError
from mien.faces.detector import DETECTORS, FaceDetector, create_detector
from mien.images.preparation import BoundStep, ImageOperation, OperationCard
from mien.registry import Registry
from mien.structures import Detection

PICTURE_OPERATIONS: Registry[ImageOperation, OperationCard] = Registry(
    "picture operation", package="mien.faces.operations"
)
"""Functions from a picture ``(H, W, 3)`` or ``(H, W)``, uint8, to its face or to such a picture."""

NOT_EXPORTED = "at recognition the contract's own detector and margin find and cut out the faces"

_detectors = threading.local()


def register_picture_operation(name: str, *, card: OperationCard) -> Callable[[ImageOperation], ImageOperation]:
    """Return the decorator that enters a picture operation under ``name``.

    Args:
        name: What steps call it.
        card: What is known about it; ``not_exported`` says why a contract goes without it.

    Raises:
        MienError: If the name is taken.
    """
    return PICTURE_OPERATIONS.register(name, card=card)


def prepare_picture(picture: np.ndarray, steps: Iterable[BoundStep]) -> np.ndarray:
    """Run picture operations over one picture, in their order.

    Args:
        picture: Shape ``(H, W, 3)`` or ``(H, W)``, uint8, RGB.
        steps: Bound to ``PICTURE_OPERATIONS``.

    Returns:
        The face, or the picture as it was changed, uint8.

    Raises:
        NoFaceError: If no face is found.
        ValueError: If the picture is none.
        MienError: If a detector is unknown or its file is missing.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError(f"a picture must be (H, W) or (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    for step in steps:
        picture = step.run(picture)
    return picture


def find_largest_face(picture: np.ndarray, *, detector: str, detector_model: str) -> Detection:
    """Return the largest face of a picture.

    Args:
        picture: Shape ``(H, W, 3)`` or ``(H, W)``, uint8, RGB.
        detector: Name of the detector.
        detector_model: Its model file; empty where it needs none, or finds it in the weights folder.

    Raises:
        NoFaceError: If there is no face.
        MienError: If the detector is unknown or its file is missing.
    """
    image_rgb = np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
    found = _detector_of_thread(detector, detector_model).detect(image_rgb)
    if not found:
        raise NoFaceError(f"no face found by detector {detector!r}")
    return found[0]


def check_gives_eyes(detector: str) -> None:
    """Check that a detector gives landmarks.

    Args:
        detector: Its name.

    Raises:
        MienError: If the detector is unknown.
        ValueError: If it gives none.
    """
    if not DETECTORS.get(detector).card.has_landmarks:
        able = ", ".join(entry.name for entry in DETECTORS if entry.card.has_landmarks)
        raise ValueError(f"detector {detector!r} does not say where the eyes are; those that do: {able}")


def _detector_of_thread(name: str, model_file: str) -> FaceDetector:
    """Return this thread's detector: one detector looks at one picture at a time."""
    if not hasattr(_detectors, "by_name"):
        _detectors.by_name = {}
    kept: dict[tuple[str, str], FaceDetector] = _detectors.by_name
    if (name, model_file) not in kept:
        kept[name, model_file] = create_detector(name, Path(model_file) if model_file else None)
    return kept[name, model_file]
