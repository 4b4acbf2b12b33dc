"""Noise, as of a picture taken in the dark."""

import numpy as np

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption, to_levels


@register_corruption(
    "noise",
    card=CorruptionCard(
        title="Gaussian noise",
        unit="grey levels, standard deviation",
        strengths=(5, 10, 20, 30, 45),
        source=HENDRYCKS,
    ),
)
def add_noise(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces with noise of its own in each pixel and channel."""
    return to_levels(faces + strength * random.standard_normal(faces.shape, dtype=np.float32))
