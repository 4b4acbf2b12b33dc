"""Blur, as of a face out of focus."""

import cv2
import numpy as np

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption


@register_corruption(
    "blur",
    card=CorruptionCard(
        title="blur",
        unit="% of the side, the Gaussian's deviation",
        strengths=(1, 2, 3, 4.5, 6),
        source=HENDRYCKS,
    ),
)
def blur(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces under a Gaussian."""
    sigma = strength / 100 * max(faces.shape[1:3])
    return np.stack([cv2.GaussianBlur(face, (0, 0), sigma) for face in faces]).astype(np.uint8, copy=False)
