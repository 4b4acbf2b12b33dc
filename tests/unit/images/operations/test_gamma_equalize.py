import math

import numpy as np
import pytest

from mien.images.operations.gamma_equalize import gamma_equalize

FACE = np.random.default_rng(0).integers(20, 200, (48, 48), dtype=np.uint8)


def test_gamma_equalize_is_the_formula_pixel_by_pixel() -> None:
    mean = sum(int(level) for level in FACE.ravel()) / FACE.size
    expected = [min(int(level) ** (math.log(50) / math.log(mean)), 100) / 255 for level in FACE.ravel()]
    equalized = gamma_equalize(FACE)
    assert equalized.dtype == np.float32
    np.testing.assert_allclose(equalized.ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize("mean", [15, 60, 128, 230])
def test_gamma_equalize_sends_the_mean_level_to_50(mean: int) -> None:
    face = np.full((10, 10), mean, dtype=np.uint8)
    np.testing.assert_allclose(gamma_equalize(face) * 255, 50, rtol=1e-6)


def test_gamma_equalize_evens_out_the_light() -> None:
    means = [float(gamma_equalize((FACE * part).astype(np.uint8)).mean()) for part in (0.3, 0.6, 1)]
    assert max(means) - min(means) < 0.01


def test_gamma_equalize_takes_the_channels_of_a_colour_face_together() -> None:
    face = np.stack([FACE, FACE // 2, FACE // 4], axis=2)
    assert gamma_equalize(face)[5, 5, 1] == gamma_equalize(face.reshape(48, 144))[5, 16]


def test_gamma_equalize_clips_at_100() -> None:
    face = FACE.copy()
    face[0, 0] = 255
    assert gamma_equalize(face // 4 + 3).max() <= np.float32(100 / 255)
    dim = np.ones((48, 48), dtype=np.uint8)
    dim[0, 0] = 255
    assert gamma_equalize(dim)[0, 0] == np.float32(100 / 255)


@pytest.mark.parametrize("level", [0, 1])
def test_gamma_equalize_leaves_a_black_face_black(level: int) -> None:
    assert (gamma_equalize(np.full((4, 4, 3), level, dtype=np.uint8)) == 0).all()
