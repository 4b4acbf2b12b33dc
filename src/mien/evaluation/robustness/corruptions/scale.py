"""Scale: a face that was cut out too narrowly or too widely."""

import numpy as np

from mien.evaluation.robustness.corruption import CorruptionCard, Faces, register_corruption
from mien.evaluation.robustness.warping import warp_faces


@register_corruption(
    "larger",
    card=CorruptionCard(title="larger", unit="% of the size added", strengths=(5, 10, 20, 30, 40), source="mien's own"),
)
def enlarge(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces enlarged about their middle, so that their edges are cut off."""
    return warp_faces(faces, scale=1 + strength / 100)


@register_corruption(
    "smaller",
    card=CorruptionCard(title="smaller", unit="% of the size lost", strengths=(5, 10, 20, 30, 40), source="mien's own"),
)
def shrink(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces made smaller about their middle; their edges go on to the frame."""
    return warp_faces(faces, scale=1 - strength / 100)
