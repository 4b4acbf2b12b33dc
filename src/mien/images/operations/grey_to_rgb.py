"""Three channels from grey, for networks that were made for colour."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


@register_operation(
    "grey_to_rgb",
    card=OperationCard(
        source="camnet, section 6.1.1: the grey pixels cloned into three channels", takes=FACE_DTYPES, gives="same"
    ),
)
def grey_to_rgb(face: np.ndarray) -> np.ndarray:
    """Make three equal channels of a grey face.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32; a colour one comes back as it is.

    Returns:
        Shape ``(H, W, 3)``, of the same dtype.
    """
    return np.repeat(face[:, :, None], 3, axis=2) if face.ndim == 2 else face
