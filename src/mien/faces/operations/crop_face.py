"""Cutting the face out of a portrait."""

import numpy as np

from mien.faces import cropping
from mien.faces.preparation import NOT_EXPORTED, find_largest_face, register_picture_operation
from mien.images.preparation import OperationCard


@register_picture_operation(
    "crop_face",
    card=OperationCard(source="resnet_cbam, section III.2: face detecting and cropping", not_exported=NOT_EXPORTED),
)
def crop_face(
    picture: np.ndarray, *, detector: str = "haar", margin: float = 0.2, detector_model: str = ""
) -> np.ndarray:
    """Cut a square around the largest face; what lies outside the picture is black.

    Args:
        picture: Shape ``(H, W, 3)`` or ``(H, W)``, uint8, RGB.
        detector: Name of the face detector.
        margin: Share of the box's longer side added in all, half of it at each edge; above -1.
        detector_model: Model file of a detector that needs one; the weights folder where it is left out.

    Returns:
        Shape ``(S, S, 3)`` or ``(S, S)``, uint8.

    Raises:
        NoFaceError: If no face is found.
        MienError: If the detector is unknown or its file is missing.
        ValueError: If the margin is not above -1.
    """
    if not margin > -1:
        raise ValueError(f"margin must be above -1, got {margin}")
    found = find_largest_face(picture, detector=detector, detector_model=detector_model)
    return cropping.crop_face(picture, found.box_xyxy, margin=margin)
