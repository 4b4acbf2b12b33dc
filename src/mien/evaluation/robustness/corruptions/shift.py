"""Shift: a face that was found beside its place."""

import numpy as np

from mien.evaluation.robustness.corruption import CorruptionCard, Faces, register_corruption
from mien.evaluation.robustness.warping import warp_faces

_DIRECTIONS_XY = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])


@register_corruption(
    "shift",
    card=CorruptionCard(
        title="shift",
        unit="% of the side, in whole pixels, left, right, up or down as is drawn",
        strengths=(4, 8, 12, 16, 20),
        source="mien's own",
    ),
)
def shift(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces moved in one of four directions."""
    pixels = round(strength / 100 * max(faces.shape[1:3]))
    return warp_faces(faces, shifts_xy=pixels * random.choice(_DIRECTIONS_XY, len(faces)))
