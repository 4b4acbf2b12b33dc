"""Grey from colour."""

import numpy as np
from PIL import Image

from mien.images.preparation import OperationCard, register_operation


@register_operation("to_grey", card=OperationCard(source="ITU-R BT.601 luma in 16-bit integers, as Pillow's mode L"))
def to_grey(face: np.ndarray) -> np.ndarray:
    """Return the luma of a face; three equal channels give exactly that channel.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB; a grey one comes back as it is.

    Returns:
        Shape ``(H, W)``, uint8.
    """
    if face.ndim == 2:
        return face
    return np.asarray(Image.fromarray(face).convert("L"))
