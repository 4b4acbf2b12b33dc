"""A rectangle of each picture erased."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mien.training.augmentation.draws import of_each


@dataclass(frozen=True)
class Erasing:
    """Erases a rectangle of some pictures.

    Source: Zhong et al., Random Erasing Data Augmentation, https://arxiv.org/abs/1708.04896. Differs: both sides are
    drawn evenly from a range in pixels.

    The arguments are those of `AugmentationSettings`.
    """

    erase: float
    erase_pixels: tuple[int, int]
    erase_fill: str
    value_range: tuple[float, float]

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return pictures, shape ``(B, C, H, W)``, float32, some of them with a rectangle erased."""
        if not self.erase:
            return images
        count, _, height, width = images.shape
        draws = torch.rand((6, count), generator=generator).to(images.device, non_blocking=True)
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
        return torch.where(is_erased[:, None], self._fill(images, draws[5], generator), images)

    def _fill(self, images: Tensor, draws: Tensor, generator: torch.Generator) -> Tensor:
        lowest, highest = self.value_range
        if self.erase_fill == "black":
            return images.new_full((), lowest)
        if self.erase_fill == "mean":
            return images.mean(dim=(2, 3), keepdim=True)
        if self.erase_fill == "noise":
            draws = torch.rand(images.shape, generator=generator).to(images.device, non_blocking=True)
            return lowest + draws * (highest - lowest)
        return lowest + of_each(draws, images) * (highest - lowest)
