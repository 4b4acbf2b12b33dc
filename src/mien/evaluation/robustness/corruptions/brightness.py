"""Light: all grey levels raised or lowered, as by a wrong exposure."""

import numpy as np

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption, to_levels


@register_corruption(
    "brighter",
    card=CorruptionCard(title="brighter", unit="grey levels added", strengths=(25, 50, 75, 100, 125), source=HENDRYCKS),
)
def brighten(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return brighter faces, cut at white."""
    return to_levels(faces.astype(np.float32) + strength)


@register_corruption(
    "darker",
    card=CorruptionCard(
        title="darker", unit="grey levels taken off", strengths=(25, 50, 75, 100, 125), source=HENDRYCKS
    ),
)
def darken(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return darker faces, cut at black."""
    return to_levels(faces.astype(np.float32) - strength)
