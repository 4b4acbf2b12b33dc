import math

import numpy as np
import pytest
from PIL import Image

from mien.images.resampling import GAUSSIAN, MITCHELL, Kernel, resample, weight_matrix

GREY = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
FACE = np.random.default_rng(2).integers(0, 256, (48, 48), dtype=np.uint8)


def bicubic(x: np.ndarray) -> np.ndarray:
    x, a = np.abs(x), -0.5
    inner = (a + 2) * x**3 - (a + 3) * x**2 + 1
    outer = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))


def lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


PILLOWS = {
    "BOX": Kernel(0.5, lambda x: np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)),
    "BILINEAR": Kernel(1.0, lambda x: np.maximum(0, 1 - np.abs(x))),
    "HAMMING": Kernel(1.0, lambda x: np.where(np.abs(x) < 1, np.sinc(x) * (0.54 + 0.46 * np.cos(np.pi * x)), 0)),
    "BICUBIC": Kernel(2.0, bicubic),
    "LANCZOS": Kernel(3.0, lanczos),
}


@pytest.mark.parametrize("name", PILLOWS)
@pytest.mark.parametrize("size_hw", [(224, 224), (17, 31), (90, 20), (1, 1), (48, 49)], ids=str)
@pytest.mark.parametrize("picture", [GREY, FACE], ids=["60x90", "48x48"])
def test_resample_with_pillows_kernels_gives_what_pillow_gives(
    name: str, size_hw: tuple[int, int], picture: np.ndarray
) -> None:
    """This proves the resampler; the two kernels that Pillow lacks are proved below."""
    expected = Image.fromarray(picture.astype(np.float32)).resize(size_hw[::-1], Image.Resampling[name])
    np.testing.assert_allclose(resample(picture, size_hw, PILLOWS[name]), np.asarray(expected), atol=2e-3)


def brute_force(picture: np.ndarray, size_hw: tuple[int, int], weigh: object, radius: float) -> np.ndarray:
    """One pixel at a time, straight from the definition."""
    assert callable(weigh)
    steps = [old / new for old, new in zip(picture.shape, size_hw, strict=True)]
    growths = [max(1.0, step) for step in steps]
    result = np.zeros(size_hw)
    for row in range(size_hw[0]):
        for column in range(size_hw[1]):
            total = weights = 0.0
            for y in range(picture.shape[0]):
                for x in range(picture.shape[1]):
                    down = (y + 0.5 - (row + 0.5) * steps[0]) / growths[0]
                    right = (x + 0.5 - (column + 0.5) * steps[1]) / growths[1]
                    if max(abs(down), abs(right)) < radius - 1e-9:
                        weight = weigh(down) * weigh(right)
                        total, weights = total + weight * float(picture[y, x]), weights + weight
            result[row, column] = total / weights
    return result


def gaussian(x: float) -> float:
    return math.exp(-(x**2) / (2 * 0.5**2))


def mitchell(x: float) -> float:
    b = c = 1 / 3
    x = abs(x)
    if x < 1:
        return ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)) / 6
    return ((-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6


@pytest.mark.parametrize(
    ("kernel", "weigh"), [(GAUSSIAN, gaussian), (MITCHELL, mitchell)], ids=["gaussian", "mitchell"]
)
@pytest.mark.parametrize("size_hw", [(28, 33), (5, 4), (6, 20)], ids=str)
def test_gaussian_and_mitchell_are_what_their_papers_say(
    kernel: Kernel, weigh: object, size_hw: tuple[int, int]
) -> None:
    picture = GREY[:12, :14]
    expected = brute_force(picture, size_hw, weigh, kernel.radius)
    np.testing.assert_allclose(resample(picture, size_hw, kernel), expected, atol=1e-9)


@pytest.mark.parametrize("kernel", [GAUSSIAN, MITCHELL], ids=["gaussian", "mitchell"])
def test_a_plain_picture_stays_plain_and_a_ramp_a_ramp(kernel: Kernel) -> None:
    assert np.allclose(resample(np.full((48, 48), 77), (224, 224), kernel), 77)
    ramp = np.tile(np.arange(48.0), (4, 1))
    inner = resample(ramp, (4, 240), kernel)[0, 20:-20]
    tolerance = 1e-9 if kernel is MITCHELL else 0.06  # the Gaussian only comes near to it
    assert np.abs(np.diff(inner) - 0.2).max() < tolerance


def test_resample_takes_each_channel_for_itself() -> None:
    resampled = resample(COLOUR, (50, 20), MITCHELL)
    assert resampled.shape == (50, 20, 3)
    for channel in range(3):
        np.testing.assert_allclose(resampled[..., channel], resample(COLOUR[..., channel], (50, 20), MITCHELL))


def test_weight_matrix_has_lines_that_sum_to_one_and_cannot_be_changed() -> None:
    weights = weight_matrix(48, 224, GAUSSIAN)
    assert np.allclose(weights.sum(axis=1), 1)
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1
