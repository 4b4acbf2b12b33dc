"""Where pixels come from: mirrors, turns, scalings, shifts and slants, as one affine map a picture."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mien.training.augmentation.draws import draw_either_way, draw_some, keep_some

_PADDING_MODES = {"black": "zeros", "mean": "zeros", "edge": "border", "mirror": "reflection"}


@dataclass(frozen=True)
class Movement:
    """Mirrors, turns, scales, shifts and slants each picture by itself.

    The arguments are those of `AugmentationSettings`.
    """

    flip: float
    flip_vertical: float
    rotation_degrees: float
    rotation_probability: float
    scale: float
    scale_probability: float
    shift: float
    shift_probability: float
    shear_degrees: float
    shear_probability: float
    fill: str
    value_range: tuple[float, float]

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return moved pictures, shape ``(B, C, H, W)``, float32, of such."""
        largest = (self.rotation_degrees, self.scale, self.shift, self.shear_degrees)
        if not (self.flip or self.flip_vertical or any(largest)):
            return images
        return move(images, self._draw_maps(images, generator), fill=self.fill, black=self.value_range[0])

    def _draw_maps(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count = len(images)
        # These five come first and always, so that a recipe without the others draws what it always drew.
        draws = torch.rand((5, count), generator=generator) * 2 - 1
        mirror = torch.where((draws[2] + 1) / 2 < self.flip, -1.0, 1.0)
        angle = keep_some(draws[0] * math.radians(self.rotation_degrees), self.rotation_probability, generator)
        size = 1 + keep_some(draws[1] * self.scale, self.scale_probability, generator)
        shift_xy = keep_some(self.shift * draws[3:5], self.shift_probability, generator)
        upside, shear = torch.ones(count), torch.zeros(count)
        if self.flip_vertical:
            upside = torch.where(draw_some(count, self.flip_vertical, generator), -1.0, 1.0)
        if self.shear_degrees:
            shear = draw_either_way(count, math.radians(self.shear_degrees), self.shear_probability, generator)
        return affine_maps(
            angle=angle,
            size=size,
            shear=shear,
            mirror_xy=torch.stack([mirror, upside]),
            shift_xy=shift_xy,
            size_hw=(images.shape[2], images.shape[3]),
        )


def affine_maps(
    *, angle: Tensor, size: Tensor, shear: Tensor, mirror_xy: Tensor, shift_xy: Tensor, size_hw: tuple[int, int]
) -> Tensor:
    """Return where each pixel of a picture comes from, shape ``(B, 2, 3)``, as ``affine_grid`` takes it.

    Args:
        angle: Turn in radians, anticlockwise, shape ``(B,)``.
        size: How many times larger the picture becomes, shape ``(B,)``.
        shear: Slant in radians, shape ``(B,)``: a line that went down goes down to the left.
        mirror_xy: -1 where it is mirrored left to right or upside down, else 1, shape ``(2, B)``.
        shift_xy: Where the middle comes from, right and down of it as a share of the side, shape ``(2, B)``.
        size_hw: Height and width of the pictures.
    """
    height, width = size_hw
    maps = torch.empty(len(angle), 2, 3)
    maps[:, 0, 0] = mirror_xy[0] * angle.cos() / size
    maps[:, 0, 1] = -mirror_xy[0] * angle.sin() / size
    maps[:, 1, 0] = mirror_xy[1] * angle.sin() / size
    maps[:, 1, 1] = mirror_xy[1] * angle.cos() / size
    maps[:, :, 1] += shear.tan()[:, None] * maps[:, :, 0]
    # Both axes run from -1 to 1: a step down is as long as one to the right in a square only, a whole side is 2.
    maps[:, 0, 1] *= height / width
    maps[:, 1, 0] *= width / height
    maps[:, :, 2] = 2 * shift_xy.T
    return maps


def move(images: Tensor, maps: Tensor, *, fill: str = "black", black: float = 0.0) -> Tensor:
    """Return pictures whose pixels come from elsewhere, shape ``(B, C, H, W)``, float32.

    Args:
        images: Pictures, shape ``(B, C, H, W)``, float32.
        maps: Where each pixel comes from, as `affine_maps` gives it.
        fill: What comes from outside: ``black``, ``mean``, ``edge`` or ``mirror``.
        black: Value of black.
    """
    outside = images.mean(dim=(2, 3), keepdim=True) if fill == "mean" else black
    grid = F.affine_grid(maps.to(images.device, non_blocking=True), list(images.shape), align_corners=False)
    padding_mode = _PADDING_MODES[fill]
    moved = F.grid_sample(images - outside, grid, mode="bilinear", padding_mode=padding_mode, align_corners=False)
    return moved + outside
