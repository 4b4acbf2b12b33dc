"""Turning a portrait so that the eyes are level."""

import numpy as np

from mien.errors import NoFaceError
from mien.faces import alignment
from mien.faces.preparation import NOT_EXPORTED, check_gives_eyes, find_largest_face, register_picture_operation
from mien.images.preparation import OperationCard


@register_picture_operation(
    "level_eyes",
    card=OperationCard(source="mien itself: turns about the middle between the eyes", not_exported=NOT_EXPORTED),
)
def level_eyes(picture: np.ndarray, *, detector: str = "yunet", detector_model: str = "") -> np.ndarray:
    """Turn a picture until the eyes of its largest face are level; it comes before ``crop_face``.

    Args:
        picture: Shape ``(H, W, 3)`` or ``(H, W)``, uint8, RGB.
        detector: Name of a face detector that gives the eyes.
        detector_model: Model file of a detector that needs one; the weights folder where it is left out.

    Returns:
        The same shape, uint8; what comes in at the edges is black.

    Raises:
        NoFaceError: If no face with two eyes is found.
        MienError: If the detector is unknown or its file is missing.
        ValueError: If the detector does not give the eyes.
    """
    check_gives_eyes(detector)

    def find_landmarks(image: np.ndarray) -> np.ndarray | None:
        try:
            landmarks = find_largest_face(image, detector=detector, detector_model=detector_model).landmarks
        except NoFaceError:
            return None
        return None if landmarks is None or (landmarks[0] == landmarks[1]).all() else landmarks

    levelled = alignment.level_eyes_by_looking(picture, find_landmarks)
    if levelled is None:
        raise NoFaceError(f"no face with two eyes found by detector {detector!r}")
    return levelled
