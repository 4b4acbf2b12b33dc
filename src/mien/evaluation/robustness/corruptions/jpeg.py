"""JPEG: what packing a picture small leaves of it."""

import io

import numpy as np
from PIL import Image

from mien.evaluation.robustness.corruption import HENDRYCKS, CorruptionCard, Faces, register_corruption


@register_corruption(
    "jpeg",
    card=CorruptionCard(
        title="JPEG", unit="points of quality below 100", strengths=(30, 50, 70, 85, 95), source=HENDRYCKS
    ),
)
def pack_as_jpeg(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces as they come back from a JPEG file."""
    return np.stack([_pack(face, round(100 - strength)) for face in faces])


def _pack(face: Faces, quality: int) -> Faces:
    file = io.BytesIO()
    Image.fromarray(face).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
