"""A part of each picture in place of the whole: one at a random place, or all ten of the usual crops."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.functional import ten_crop

from mien.training.augmentation.draws import draw_some


@dataclass(frozen=True)
class Cropping:
    """Cuts a square out of each picture, or ten.

    The arguments are those of `AugmentationSettings`.
    """

    crop_pixels: int
    crop_probability: float
    ten_crop: bool

    @property
    def copies(self) -> int:
        """How many pictures come of one."""
        return 10 if self.ten_crop else 1

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return crops, shape ``(B * copies, C, S, S)``, those of one picture behind each other."""
        side = self.crop_pixels
        if not side:
            return images
        if self.ten_crop:
            return torch.stack(ten_crop(images, [side, side]), dim=1).flatten(0, 1)
        top, left = self._draw_corners(images, generator)
        along = torch.arange(side)
        rows = (top[:, None] + along).to(images.device, non_blocking=True)[:, :, None]
        columns = (left[:, None] + along).to(images.device, non_blocking=True)[:, None, :]
        pictures = torch.arange(len(images), device=images.device)[:, None, None]
        return images[pictures, :, rows, columns].permute(0, 3, 1, 2)

    def _draw_corners(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return top and left of each crop, shape ``(2, B)``."""
        rooms = [whole - self.crop_pixels for whole in images.shape[2:]]
        corners = torch.stack([torch.randint(room + 1, (len(images),), generator=generator) for room in rooms])
        if self.crop_probability >= 1:
            return corners
        centre = torch.tensor([[round(room / 2)] for room in rooms])
        return torch.where(draw_some(len(images), self.crop_probability, generator), corners, centre)
