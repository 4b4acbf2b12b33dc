"""Rotation: a tilted head, or a face that was not levelled."""

import numpy as np

from mien.evaluation.robustness.corruption import CorruptionCard, Faces, register_corruption
from mien.evaluation.robustness.warping import warp_faces


@register_corruption(
    "rotation",
    card=CorruptionCard(
        title="rotation",
        unit="degrees, to the side that is drawn",
        strengths=(5, 10, 15, 20, 30),
        source="mien's own",
    ),
)
def rotate(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces turned about their middle."""
    return warp_faces(faces, angles_degrees=strength * random.choice([-1.0, 1.0], len(faces)))
