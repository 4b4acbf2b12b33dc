"""Contrast: grey levels brought nearer to a face's mean, or driven away from it."""

import numpy as np

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption, to_levels


@register_corruption(
    "lower_contrast",
    card=CorruptionCard(
        title="lower contrast", unit="% of the contrast lost", strengths=(30, 50, 70, 80, 90), source=HENDRYCKS
    ),
)
def lower_contrast(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces whose levels lie nearer to the mean."""
    return _scale_contrast(faces, 1 - strength / 100)


@register_corruption(
    "higher_contrast",
    card=CorruptionCard(
        title="higher contrast", unit="% of the contrast added", strengths=(50, 100, 150, 200, 300), source=HENDRYCKS
    ),
)
def raise_contrast(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces whose levels lie farther from the mean, cut at black and white."""
    return _scale_contrast(faces, 1 + strength / 100)


def _scale_contrast(faces: Faces, factor: float) -> Faces:
    means = faces.mean(axis=(1, 2), keepdims=True)
    return to_levels(means + factor * (faces - means))
