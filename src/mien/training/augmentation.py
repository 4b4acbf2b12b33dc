"""Random changes of a batch of faces, a different one for each picture, as tensor operations on any device."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """A random flip, turn, scaling, shift and erased rectangle for each picture by itself.

    Args:
        flip: Probability of a left-right mirror.
        rotation_degrees: Largest turn either way.
        scale: Largest relative change of size either way.
        shift: Largest move either way, as a share of the side.
        erase: Probability that a rectangle is erased to a random grey.
        erase_pixels: Smallest and largest side of the rectangle, in pixels.
        lowest: Value of black: 0, or another where faces were prepared to other numbers.
        highest: Value of white.
    """

    flip: float = 0.5
    rotation_degrees: float = 15.0
    scale: float = 0.15
    shift: float = 0.15
    erase: float = 0.5
    erase_pixels: tuple[int, int] = (6, 20)
    lowest: float = 0.0
    highest: float = 255.0

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed pictures; what moves in from outside is black.

        Args:
            images: Pictures, shape ``(B, C, H, W)``, uint8, or float from `lowest` to `highest`.
            generator: Source of all randomness, on the CPU.

        Returns:
            Pictures, shape ``(B, C, H, W)``, float32 from `lowest` to `highest`.
        """
        images = images.float()
        images = self._move(images, generator)
        return self._erase(images, generator)

    def _move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        if not (self.flip or self.rotation_degrees or self.scale or self.shift):
            return images
        count = len(images)
        draws = torch.rand((5, count), generator=generator) * 2 - 1
        angle = draws[0] * math.radians(self.rotation_degrees)
        size = 1 + draws[1] * self.scale
        mirror = torch.where((draws[2] + 1) / 2 < self.flip, -1.0, 1.0)
        # grid_sample asks where each pixel comes from, in -1..1, so a share of the side counts twice.
        theta = torch.empty(count, 2, 3)
        theta[:, 0, 0] = mirror * angle.cos() / size
        theta[:, 0, 1] = -mirror * angle.sin() / size
        theta[:, 1, 0] = angle.sin() / size
        theta[:, 1, 1] = angle.cos() / size
        theta[:, :, 2] = 2 * self.shift * draws[3:5].T
        grid = F.affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
        moved = F.grid_sample(images - self.lowest, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return moved + self.lowest

    def _erase(self, images: Tensor, generator: torch.Generator) -> Tensor:
        if not self.erase:
            return images
        count, _, height, width = images.shape
        draws = torch.rand((6, count), generator=generator).to(images.device)
        low, high = self.erase_pixels
        tall = (low + draws[0] * (high - low + 1)).floor().clamp(max=height)
        wide = (low + draws[1] * (high - low + 1)).floor().clamp(max=width)
        top = (draws[2] * (height - tall + 1)).floor()
        left = (draws[3] * (width - wide + 1)).floor()
        y = torch.arange(height, device=images.device)[None, :, None]
        x = torch.arange(width, device=images.device)[None, None, :]
        top, left, tall, wide = (value[:, None, None] for value in (top, left, tall, wide))
        is_erased = (y >= top) & (y < top + tall) & (x >= left) & (x < left + wide)
        is_erased &= (draws[4] < self.erase)[:, None, None]
        grey = (self.lowest + draws[5] * (self.highest - self.lowest))[:, None, None, None]
        return torch.where(is_erased[:, None], grey, images)
