"""What a corruption is, the registry of them, and the one function that runs any of them.

A corruption is one function with ``@register_corruption`` in ``mien.evaluation.robustness.corruptions``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.registry import Registry

Faces = NDArray[np.uint8]
"""Faces, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB."""

Corruption = Callable[[Faces, float, np.random.Generator], Faces]
"""From faces, a strength above 0 in the card's unit, and the source of all draws to faces of the same shape.

What it draws must not hang on the strength, so that stronger means more of the same.
"""

HENDRYCKS = "after Hendrycks and Dietterich, https://arxiv.org/abs/1903.12261; strengths are mien's own"
NUM_STRENGTHS = 5
_FACES_AT_A_TIME = 256


@dataclass(frozen=True)
class CorruptionCard:
    """What is known about a corruption.

    Args:
        title: Its name in words.
        unit: What its strength counts; 0 changes nothing.
        strengths: The five that are measured, from weak to strong.
        source: What it follows.

    Raises:
        ValueError: If there are not five strengths above 0, each larger than the one before.
    """

    title: str
    unit: str
    strengths: tuple[float, ...]
    source: str

    def __post_init__(self) -> None:
        if len(self.strengths) != NUM_STRENGTHS or not (np.diff((0.0, *self.strengths)) > 0).all():
            raise ValueError(f"strengths are {self.strengths}; expected {NUM_STRENGTHS} that rise from above 0")


CORRUPTIONS: Registry[Corruption, CorruptionCard] = Registry(
    "corruption", package="mien.evaluation.robustness.corruptions"
)
"""All corruptions."""


def register_corruption(name: str, *, card: CorruptionCard) -> Callable[[Corruption], Corruption]:
    """Return the decorator that enters a corruption under ``name``.

    Args:
        name: What the command line calls it.
        card: What is known about it.

    Raises:
        MienError: If the name is taken.
    """
    return CORRUPTIONS.register(name, card=card)


def corrupt_faces(faces: Faces, corruption: str, strength: float, *, seed: int = 0) -> Faces:
    """Return corrupted faces of the same shape; equal for equal seeds.

    Args:
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB.
        corruption: Registered name.
        strength: In the unit that the corruption's card states, up to the card's strongest; 0 changes nothing.
        seed: Seed of whatever is drawn.

    Raises:
        MienError: If the corruption is unknown.
        DataError: If faces are not of this kind.
        ValueError: If the strength is below 0 or above the card's strongest.
    """
    entry = CORRUPTIONS.get(corruption)
    if faces.dtype != np.uint8 or not (faces.ndim == 3 or (faces.ndim == 4 and faces.shape[3] == 3)):
        raise DataError(f"faces are {faces.dtype} {faces.shape}; only uint8 (N, H, W[, 3]) can be corrupted")
    if not 0 <= strength <= entry.card.strengths[-1]:
        raise ValueError(f"{corruption}: strength is {strength:g}; expected 0..{entry.card.strengths[-1]:g}")
    corrupted = faces.copy()
    if strength == 0:
        return corrupted
    random = np.random.default_rng(seed)
    for start in range(0, len(faces), _FACES_AT_A_TIME):
        part = slice(start, start + _FACES_AT_A_TIME)
        corrupted[part] = entry.plugin(corrupted[part], strength, random)
    return corrupted


def to_levels(values: NDArray[np.floating]) -> Faces:
    """Return grey values as whole levels, cut at 0 and 255."""
    levels: Faces = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels
