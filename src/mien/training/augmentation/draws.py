"""Draws that the random changes share; all randomness comes from one generator on the CPU.

They go to the pictures' device with ``non_blocking``: else the CPU would wait for a GPU at each of them.
"""

import torch
from torch import Tensor


def draw_either_way(count: int, largest: float, probability: float, generator: torch.Generator) -> Tensor:
    """Return one number a picture, evenly from ``-largest`` to ``largest``, or 0 where nothing is to happen.

    Args:
        count: Number of pictures.
        largest: Largest absolute value.
        probability: Share of the pictures to which something happens.
        generator: Source of the draws.
    """
    return keep_some((torch.rand(count, generator=generator) * 2 - 1) * largest, probability, generator)


def keep_some(values: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Return values, shape ``(..., B)``, set to 0 for pictures to which nothing is to happen; 1 draws nothing.

    Args:
        values: One number a picture, or several rows of such.
        probability: Share of the pictures that keep them.
        generator: Source of the draws.
    """
    return values if probability >= 1 else values * draw_some(values.shape[-1], probability, generator)


def draw_some(count: int, probability: float, generator: torch.Generator) -> Tensor:
    """Return which pictures something happens to, shape ``(B,)``, bool."""
    return torch.rand(count, generator=generator) < probability


def of_each(values: Tensor, images: Tensor) -> Tensor:
    """Return one number a picture, shape ``(B, 1, 1, 1)``, on the device of the pictures."""
    return values.to(images.device, non_blocking=True)[:, None, None, None]
