"""Bars: a grey bar over the rows where an aligned face has its eyes or its mouth."""

import numpy as np

from mien.evaluation.robustness.corruption import CorruptionCard, Faces, register_corruption

GREY = 128
_HEIGHT = 0.24
_EYES, _MOUTH = 0.37, 0.79
"""Rows of FER2013's mean face, as shares of the height, as `mien.training.augmentation.occlusion` has them."""


@register_corruption(
    "covered_eyes",
    card=CorruptionCard(
        title="bar over the eyes",
        unit="% of the bar, which is 24 % of the height",
        strengths=(20, 40, 60, 80, 100),
        source="mien's own",
    ),
)
def cover_eyes(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces with a bar that grows from the row of the eyes."""
    return _cover(faces, _EYES, strength)


@register_corruption(
    "covered_mouth",
    card=CorruptionCard(
        title="bar over the mouth",
        unit="% of the bar, which is 24 % of the height",
        strengths=(20, 40, 60, 80, 100),
        source="mien's own",
    ),
)
def cover_mouth(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces with a bar that grows from the row of the mouth."""
    return _cover(faces, _MOUTH, strength)


def _cover(faces: Faces, middle: float, strength: float) -> Faces:
    height = faces.shape[1]
    half = _HEIGHT / 2 * strength / 100
    covered = faces.copy()
    covered[:, round((middle - half) * height) : round((middle + half) * height)] = GREY
    return covered
