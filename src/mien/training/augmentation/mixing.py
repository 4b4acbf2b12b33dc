"""Two pictures made into one, and their classes with them: mixup and cutmix, drawn for each picture by itself."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mien.training.augmentation.draws import draw_some, of_each


@dataclass(frozen=True)
class Mixing:
    """Blends pictures with others of their batch, or pastes a rectangle of another into them.

    Source: Zhang et al., mixup, https://arxiv.org/abs/1710.09412; Yun et al., CutMix,
    https://arxiv.org/abs/1905.04899. Differs: each picture has a share of its own, where the papers draw one a batch.

    The arguments are those of `AugmentationSettings`.
    """

    mixup: float
    cutmix: float
    mix_probability: float

    @property
    def is_on(self) -> bool:
        """Whether anything is mixed at all."""
        return bool((self.mixup or self.cutmix) and self.mix_probability)

    def __call__(self, images: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return mixed pictures and the probabilities of their classes; each is made of two pictures at most.

        Args:
            images: Pictures, shape ``(B, C, H, W)``, float32.
            targets: Probabilities of the classes, shape ``(B, num_classes)``, float32.
            generator: Source of all randomness, on the CPU.
        """
        if not self.is_on:
            return images, targets
        count, _, height, width = images.shape
        order = torch.randperm(count, generator=generator).to(images.device, non_blocking=True)
        others, other_targets = images[order], targets[order]
        is_mixed = draw_some(count, self.mix_probability, generator)
        is_pasted = is_mixed & draw_some(count, self._share_of_cutmix, generator)
        kept = torch.ones(count)  # what a picture keeps of itself
        if self.mixup:
            kept = torch.where(is_mixed & ~is_pasted, _draw_beta(count, self.mixup, generator), kept)
            images = torch.lerp(others, images, of_each(kept, images))
        if self.cutmix:
            rows, columns = _draw_boxes(1 - _draw_beta(count, self.cutmix, generator), (height, width), generator)
            rows &= is_pasted[:, None]
            area = rows.float().mean(dim=1) * columns.float().mean(dim=1)
            kept = torch.where(is_pasted, 1 - area, kept)
            rows, columns = rows.to(images.device, non_blocking=True), columns.to(images.device, non_blocking=True)
            images = torch.where(rows[:, None, :, None] & columns[:, None, None, :], others, images)
        return images, torch.lerp(other_targets, targets, kept.to(targets.device, non_blocking=True)[:, None])

    @property
    def _share_of_cutmix(self) -> float:
        if not self.mixup:
            return 1.0
        return 0.5 if self.cutmix else 0.0


def _draw_beta(count: int, alpha: float, generator: torch.Generator) -> Tensor:
    """Return shares from a beta distribution with both parameters alike, shape ``(B,)``, float32."""
    # torch's own takes no generator.
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, count)).float()


def _draw_boxes(areas: Tensor, size_hw: tuple[int, int], generator: torch.Generator) -> list[Tensor]:
    """Return rectangles of the pictures' proportions about random middles, cut at the edges.

    They are given as the rows and the columns in them, shapes ``(B, H)`` and ``(B, W)``, bool.
    """
    insides = []
    for side in size_hw:
        middle = torch.rand(len(areas), generator=generator) * side
        half = areas.sqrt() * side / 2
        place = torch.arange(side) + 0.5
        insides.append((place - middle[:, None]).abs() < half[:, None])
    return insides
