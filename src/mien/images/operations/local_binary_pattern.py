"""Local binary patterns: every pixel becomes the number that its neighbours' comparisons with it spell."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation
from mien.images.texture import local_binary_codes


def find_patterns(faces: np.ndarray, *, num_points: int = 30, radius: float = 1.0) -> np.ndarray:
    """Return the patterns of many faces, float32, 0 to 1.

    Args:
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 or float32.
        num_points: As for one face.
        radius: As for one face.

    Raises:
        ValueError: If there are too few or too many points, or the radius is not positive.
    """
    by_channel = faces if faces.ndim == 3 else np.moveaxis(faces, 3, 1)
    codes = local_binary_codes(by_channel, num_points=num_points, radius=radius)
    patterns: np.ndarray = (codes / (2**num_points - 1)).astype(np.float32)
    return patterns if faces.ndim == 3 else np.ascontiguousarray(np.moveaxis(patterns, 1, 3))


@register_operation(
    "local_binary_pattern",
    card=OperationCard(
        source="Ojala et al. 2002, https://doi.org/10.1109/TPAMI.2002.1017623; scikit-image's local_binary_pattern, "
        "method 'default'; resnet_cbam, table 2, after gamma_equalize",
        takes=FACE_DTYPES,
        gives="float32",
        run_stack=find_patterns,
    ),
)
def local_binary_pattern(face: np.ndarray, *, num_points: int = 30, radius: float = 1.0) -> np.ndarray:
    """Replace every pixel by its pattern's number as a part of the largest number.

    30 points make numbers of 30 bits, which no level of 0..255 holds; float32 holds their 24 leading bits, which is
    also what a network with float32 inputs is given. Up to 24 points nothing is lost.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32; each channel is taken for itself.
        num_points: Neighbours on the circle, 1 to 31; the first lies to the right.
        radius: Radius of the circle in pixels.

    Returns:
        The same shape, float32, 0 to 1.

    Raises:
        ValueError: If there are too few or too many points, or the radius is not positive.
    """
    patterns: np.ndarray = find_patterns(face[None], num_points=num_points, radius=radius)[0]
    return patterns
