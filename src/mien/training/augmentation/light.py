"""Other light on each picture: brighter or darker, with more or less contrast, with noise."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mien.training.augmentation.draws import draw_either_way, draw_some, of_each


@dataclass(frozen=True)
class Light:
    """Changes brightness and contrast of each picture by itself, then adds noise.

    The arguments are those of `AugmentationSettings`.
    """

    brightness: float
    brightness_probability: float
    contrast: float
    contrast_probability: float
    noise_deviation: float
    noise_probability: float
    value_range: tuple[float, float]

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return pictures in another light, float32; values beyond black and white are cut."""
        if not (self.brightness or self.contrast or self.noise_deviation):
            return images
        count, (lowest, highest) = len(images), self.value_range
        if self.brightness:
            changes = draw_either_way(count, self.brightness, self.brightness_probability, generator)
            images = lowest + (images - lowest) * of_each(1 + changes, images)
        if self.contrast:
            changes = draw_either_way(count, self.contrast, self.contrast_probability, generator)
            mean = images.mean(dim=(1, 2, 3), keepdim=True)
            images = mean + (images - mean) * of_each(1 + changes, images)
        if self.noise_deviation:
            deviation = self.noise_deviation * (highest - lowest) / 255
            noise = torch.randn(images.shape, generator=generator).to(images.device, non_blocking=True)
            images = images + noise * of_each(deviation * draw_some(count, self.noise_probability, generator), images)
        return images.clamp(lowest, highest)
