"""Down-scaling: a face that was only a few pixels wide in its picture."""

import cv2
import numpy as np

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption


@register_corruption(
    "downscaling",
    card=CorruptionCard(
        title="down-scaling", unit="% of the side's pixels lost", strengths=(25, 40, 50, 65, 75), source=HENDRYCKS
    ),
)
def downscale(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces made smaller by areas and enlarged again, bilinearly."""
    height, width = faces.shape[1:3]
    small = tuple(max(1, round(side * (1 - strength / 100))) for side in (width, height))
    resized = [
        cv2.resize(
            cv2.resize(face, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=cv2.INTER_LINEAR
        )
        for face in faces
    ]
    return np.stack(resized).astype(np.uint8, copy=False)
