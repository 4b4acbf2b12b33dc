"""Glasses and masks, drawn as the training augmentation draws them."""

import numpy as np
import torch

from mien.evaluation.robustness.corruption import CorruptionCard, Faces, register_corruption, to_levels
from mien.training.augmentation.occlusion import Occlusion

_SOURCE = "the augmentation `occlusion` of mien's training"


@register_corruption(
    "glasses",
    card=CorruptionCard(title="glasses", unit="% of opacity", strengths=(20, 40, 60, 80, 100), source=_SOURCE),
)
def draw_glasses(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces with glasses of one grey and tint each."""
    return _draw("glasses", faces, strength, random)


@register_corruption(
    "mask",
    card=CorruptionCard(title="mask", unit="% of opacity", strengths=(20, 40, 60, 80, 100), source=_SOURCE),
)
def draw_masks(faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    """Return faces with a mask of one grey each."""
    return _draw("mask", faces, strength, random)


def _draw(shape: str, faces: Faces, strength: float, random: np.random.Generator) -> Faces:
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    channels = faces[..., None] if faces.ndim == 3 else faces
    images = torch.from_numpy(channels).permute(0, 3, 1, 2).float()
    covered = Occlusion(occlusion=1.0, occlusions=(shape,), value_range=(0.0, 255.0))(images, generator)
    drawn = torch.lerp(images, covered, strength / 100).permute(0, 2, 3, 1).numpy()
    return to_levels(drawn).reshape(faces.shape)
