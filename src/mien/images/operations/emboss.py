"""Emboss: a face as a relief lit from one corner."""

import numpy as np
from PIL import Image, ImageFilter

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation

_OFFSET = np.float32(128 / 255)


@register_operation(
    "emboss",
    card=OperationCard(
        source="Pillow's ImageFilter.EMBOSS; resnet_cbam, table 2, after gamma_equalize",
        takes=FACE_DTYPES,
        gives="same",
    ),
)
def emboss(face: np.ndarray) -> np.ndarray:
    """Take from every pixel the one below and to the left of it, and add middle grey; the edge stays as it is.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, or float32 of 0 to 1, which counts as levels over 255.

    Returns:
        The same shape and dtype, clipped to 0..255 or 0..1.
    """
    if face.dtype == np.uint8:
        return np.asarray(Image.fromarray(face).filter(ImageFilter.EMBOSS))
    relief = face.copy()
    relief[1:-1, 1:-1] = np.clip(face[1:-1, 1:-1] - face[2:, :-2] + _OFFSET, 0, 1)
    return relief
