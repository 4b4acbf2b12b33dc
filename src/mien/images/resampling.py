"""Separable resampling with any kernel, for the filters that Pillow does not have.

The conventions are Pillow's: pixel centres lie at halves, a kernel grows with the step when a picture shrinks
(antialiasing), it is cut at the picture's edge, and its weights sum to one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Kernel:
    """A resampling kernel.

    Args:
        radius: It is 0 from here on, in pixels of the coarser picture.
        weigh: Its weight at distances ``(...)``, float64, which need not sum to one.
    """

    radius: float
    weigh: Callable[[np.ndarray], np.ndarray]


def _weigh_gaussian(distances: np.ndarray) -> np.ndarray:
    # Unlike the others it does not end at 0, so a pixel at its very radius must not depend on rounding.
    return np.where(np.abs(distances) < 1.5 - 1e-9, np.exp(-2.0 * distances**2), 0.0)


def _weigh_mitchell(distances: np.ndarray) -> np.ndarray:
    near = np.abs(distances)
    inner = 7 * near**3 - 12 * near**2 + 16 / 3
    outer = -7 / 3 * near**3 + 12 * near**2 - 20 * near + 32 / 3
    weights: np.ndarray = np.where(near < 1, inner, outer) / 6
    return weights


GAUSSIAN = Kernel(1.5, _weigh_gaussian)
"""Standard deviation 0.5, cut at three of them.

Source: Turkowski 1990, "Filters for common resampling tasks"; TensorFlow's ``tf.image.resize(method="gaussian")``.
"""

MITCHELL = Kernel(2.0, _weigh_mitchell)
"""The cubic with B = C = 1/3; it does not pass through the old pixels, but blurs a little.

Source: Mitchell and Netravali 1988, "Reconstruction filters in computer graphics"; TensorFlow's ``mitchellcubic``.
"""


def resample(image: np.ndarray, size_hw: tuple[int, int], kernel: Kernel) -> np.ndarray:
    """Return a picture of another size, each new pixel a weighted mean of the old ones under the kernel.

    Source: the conventions of Pillow's ``Image.resize``. Differs: nothing is rounded between the two directions.

    Args:
        image: Shape ``(H, W)`` or ``(H, W, C)``, any number type.
        size_hw: New height and width in pixels.
        kernel: The kernel.

    Returns:
        Shape ``(*size_hw,)`` or ``(*size_hw, C)``, float64; kernels with negative weights may go beyond the old range.
    """
    down = weight_matrix(image.shape[0], size_hw[0], kernel)
    across = weight_matrix(image.shape[1], size_hw[1], kernel)
    channels = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
    resampled: np.ndarray = down @ (channels.astype(np.float64) @ across.T)
    return resampled[0] if image.ndim == 2 else np.ascontiguousarray(np.moveaxis(resampled, 0, 2))


@lru_cache(maxsize=64)
def weight_matrix(num_old: int, num_new: int, kernel: Kernel) -> np.ndarray:
    """Return the weights of the old pixels of a line in each new one, shape ``(num_new, num_old)``, float64.

    Args:
        num_old: Pixels of the line.
        num_new: Pixels that it gets.
        kernel: The kernel.
    """
    step = num_old / num_new
    growth = max(1.0, step)
    reach = kernel.radius * growth
    weights = np.zeros((num_new, num_old))
    for row in range(num_new):
        centre = (row + 0.5) * step
        first = max(0, math.floor(centre - reach + 0.5))
        last = min(num_old, math.floor(centre + reach + 0.5))
        distances = (np.arange(first, last) + 0.5 - centre) / growth
        line = kernel.weigh(distances)
        weights[row, first:last] = line / line.sum()
    weights.flags.writeable = False
    return weights
