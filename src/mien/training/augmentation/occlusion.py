"""Something drawn over the face: glasses, a mask, a hand; soft shapes of one grey, another for each picture.

Places are shares of the side, from the middle of a face whose eyes lie 0.19 to the left and right and 0.13 above it,
and whose mouth lies 0.29 below it: those of FER2013's mean face.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mien.training.augmentation.draws import draw_either_way, draw_some, of_each

Shape = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""From places right of and below the middle, each ``(B, H, W)``, how much of each pixel is covered, 0..1."""

_SOFT = 0.03
"""Width of a shape's edge, from all to nothing."""


@dataclass(frozen=True)
class Occlusion:
    """Draws glasses, a mask or a hand over some of the pictures.

    The arguments are those of `AugmentationSettings`.
    """

    occlusion: float
    occlusions: tuple[str, ...]
    value_range: tuple[float, float]

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return pictures, shape ``(B, C, H, W)``, float32, some of them with something over the face."""
        if not self.occlusion:
            return images
        count = len(images)
        x, y = _draw_places(images, generator)
        kinds = torch.randint(len(self.occlusions), (count,), generator=generator)
        is_chosen = draw_some(count, self.occlusion, generator)
        cover = torch.zeros_like(x)
        for kind, name in enumerate(self.occlusions):
            rows = ((kinds == kind) & is_chosen).nonzero().squeeze(1)
            cover[rows] = _SHAPES[name](x[rows], y[rows], generator)
        lowest, highest = self.value_range
        grey = lowest + torch.rand(count, generator=generator) * (highest - lowest)
        return torch.lerp(images, of_each(grey, images), cover[:, None])


def _draw_places(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return where each pixel lies on a shape that sits a little beside, tilted, larger or smaller."""
    count, _, height, width = images.shape
    shift_x, shift_y, growth = (draw_either_way(count, most, 1, generator) for most in (0.04, 0.04, 0.1))
    tilt = draw_either_way(count, math.radians(6), 1, generator)
    across = ((torch.arange(width, device=images.device) + 0.5) / width - 0.5).expand(count, height, width)
    down = ((torch.arange(height, device=images.device) + 0.5) / height - 0.5)[:, None].expand(count, height, width)
    return _turn(across - _at(across, shift_x), down - _at(down, shift_y), tilt, 1 + growth)


def _turn(x: Tensor, y: Tensor, angle: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    cosine, sine = _at(x, angle.cos() / size), _at(x, angle.sin() / size)
    return cosine * x - sine * y, sine * x + cosine * y


def _at(places: Tensor, values: Tensor) -> Tensor:
    """Return one number a picture, shape ``(B, 1, 1)``, where the places are."""
    return values.to(places.device, non_blocking=True)[:, None, None]


# --- shapes --------------------------------------------------------------------------------------------------------


def _cover(distance: Tensor) -> Tensor:
    """Return how much is covered at a distance from the edge of a shape, negative inside."""
    return (0.5 - distance / _SOFT).clamp(0, 1)


def _to_line(x: Tensor, y: Tensor, start: tuple[float, float], end: tuple[float, float]) -> Tensor:
    """Return distances from a line between two places."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    x, y = x - start[0], y - start[1]
    share = ((x * along_x + y * along_y) / (along_x**2 + along_y**2)).clamp(0, 1)
    return ((x - share * along_x).square() + (y - share * along_y).square()).sqrt()


def _glasses(x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
    """Draw two lenses in a frame; some are clear, some dark."""
    side, height = x.abs(), y + 0.12
    reach = (((side - 0.2) / 0.15) ** 4 + (height / 0.1) ** 4) ** 0.25
    to_lens = (reach - 1) * 0.1
    frame = to_lens.abs() - 0.015
    bridge = _to_line(side, height, (0.0, -0.02), (0.05, -0.02)) - 0.015
    temple = _to_line(side, height, (0.35, -0.03), (0.6, -0.05)) - 0.015
    outline = _cover(torch.minimum(frame, torch.minimum(bridge, temple)))
    tint = torch.rand(len(x), generator=generator)
    return torch.maximum(outline, _at(x, tint) * _cover(to_lens))


def _mask(x: Tensor, y: Tensor, _: torch.Generator) -> Tensor:
    """Draw what covers nose, mouth and chin, with a band to each ear."""
    side = x.abs()
    upper_edge, lower_edge = 0.06 + 1.2 * side**2, 0.56 - 0.9 * side**2
    cloth = torch.maximum(torch.maximum(upper_edge - y, y - lower_edge), side - 0.34)
    band = _to_line(side, y, (0.33, 0.2), (0.5, -0.02)) - 0.012
    return _cover(torch.minimum(cloth, band))


def _hand(x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a palm with five fingers that comes from below, over the mouth or a cheek, to the left or right."""
    count = len(x)
    sideways = draw_either_way(count, 0.35, 1, generator)
    upwards = torch.rand(count, generator=generator) * 0.15
    tilt = sideways * 1.6 + draw_either_way(count, math.radians(15), 1, generator)
    is_right = torch.where(draw_some(count, 0.5, generator), -1.0, 1.0)
    x, y = _turn(x - _at(x, sideways), y - _at(y, 0.45 - upwards), tilt, torch.ones(count))
    x = x * _at(x, is_right)
    to_hand = _to_line(x, y, (0.0, 0.0), (0.0, 0.4)) - 0.13
    for place, tip in ((-0.11, -0.28), (-0.04, -0.34), (0.035, -0.33), (0.105, -0.26)):
        to_hand = torch.minimum(to_hand, _to_line(x, y, (place * 0.9, 0.0), (place * 1.3, tip)) - 0.034)
    thumb = _to_line(x, y, (-0.08, 0.06), (-0.25, -0.08)) - 0.036
    return _cover(torch.minimum(to_hand, thumb))


_SHAPES: dict[str, Shape] = {"glasses": _glasses, "mask": _mask, "hand": _hand}
