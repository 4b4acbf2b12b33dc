"""Grey from colour."""

import numpy as np
from PIL import Image

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation


@register_operation(
    "to_grey",
    card=OperationCard(
        source="ITU-R BT.601 luma in 16-bit integers, as Pillow's mode L", takes=FACE_DTYPES, gives="same"
    ),
)
def to_grey(face: np.ndarray) -> np.ndarray:
    """Make a face grey by its luma; three equal channels give exactly that channel.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32, RGB; a grey one comes back as it is.

    Returns:
        Shape ``(H, W)``, of the same dtype.
    """
    if face.ndim == 2:
        return face
    if face.dtype == np.float32:
        red, green, blue = np.moveaxis(face, 2, 0)
        # Written around green, so that three equal channels come out unchanged to the last bit.
        luma: np.ndarray = green + np.float32(0.299) * (red - green) + np.float32(0.114) * (blue - green)
        return luma
    return np.asarray(Image.fromarray(face).convert("L"))
