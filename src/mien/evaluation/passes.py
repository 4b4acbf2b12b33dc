"""Passes through a network so small that what lies between two layers stays in a core's cache."""

from collections.abc import Sequence

import torch
from torch import Tensor

FACES_IN_A_PASS = 32


def split_into_passes(images: Tensor, *, is_exact: bool = True) -> Sequence[Tensor]:
    """Return faces a few at a time; one after the other they are answered faster than all at once.

    Args:
        images: Shape ``(B, C, H, W)``.
        is_exact: Whether float32 answers must be those of one pass, bit for bit: fewer faces than a pass are
            multiplied by other code, so faces that leave a remainder stay together.
    """
    return [images] if is_exact and len(images) % FACES_IN_A_PASS else torch.split(images, FACES_IN_A_PASS)
