"""All random changes of a batch, one after the other, as tensor operations on any device."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from torch import Tensor

from mien.training.augmentation.cropping import Cropping
from mien.training.augmentation.erasing import Erasing
from mien.training.augmentation.light import Light
from mien.training.augmentation.mixing import Mixing
from mien.training.augmentation.movement import Movement
from mien.training.augmentation.occlusion import Occlusion
from mien.training.augmentation.settings import AugmentationSettings

Change = Callable[[Tensor, torch.Generator], Tensor]
Part = TypeVar("Part", Occlusion, Movement, Cropping, Light, Erasing, Mixing)


@dataclass(frozen=True)
class Augmentation:
    """Changes each picture by itself: what covers the face moves with it, what is erased stays as it is.

    Args:
        changes: What happens to a batch, in order.
        copies: How many pictures come of one.
    """

    changes: tuple[Change, ...]
    copies: int

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed pictures, shape ``(B * copies, C, H, W)``, float32, between black and white.

        Args:
            images: Pictures, shape ``(B, C, H, W)``, uint8, or float between black and white.
            generator: Source of all randomness, on the CPU.
        """
        images = images.float()
        for change in self.changes:
            images = change(images, generator)
        return images


def build_augmentation(
    settings: AugmentationSettings, *, value_range: tuple[float, float] = (0.0, 255.0)
) -> Augmentation:
    """Return what a recipe does to each picture by itself.

    Args:
        settings: The recipe's section.
        value_range: Values of black and white: 0 and 255 unless faces were prepared to other numbers.
    """
    values = dict(settings) | {"value_range": value_range}
    cropping = _build(Cropping, values)
    before = (_build(Occlusion, values), _build(Movement, values))
    after = (_build(Light, values), _build(Erasing, values))
    return Augmentation((*before, cropping, *after), copies=cropping.copies)


def build_mixing(settings: AugmentationSettings) -> Mixing:
    """Return how a recipe mixes pictures of a batch."""
    return _build(Mixing, dict(settings))


def _build(part: type[Part], values: dict[str, Any]) -> Part:
    """Return a part, made of the values that it has arguments for."""
    return part(**{field.name: values[field.name] for field in fields(part)})
