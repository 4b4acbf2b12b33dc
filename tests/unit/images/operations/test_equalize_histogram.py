import cv2
import numpy as np
from skimage.exposure import equalize_hist

from mien.images.operations.equalize_histogram import equalize_histogram

FACE = np.clip(np.random.default_rng(0).normal(120, 20, (48, 48)), 0, 255).astype(np.uint8)


def test_equalize_histogram_is_opencvs() -> None:
    assert (equalize_histogram(FACE) == cv2.equalizeHist(FACE)).all()


def test_equalize_histogram_ranks_as_scikit_image_does() -> None:
    equalized, expected = equalize_histogram(FACE).astype(float), equalize_hist(FACE) * 255
    assert np.abs(equalized - expected)[FACE.min() < FACE].max() < 2


def test_equalize_histogram_spreads_the_levels() -> None:
    equalized = equalize_histogram(FACE)
    assert (equalized.min(), equalized.max()) == (0, 255)
    assert equalized.std() > 3 * FACE.std()


def test_equalize_histogram_of_equal_channels_is_that_of_the_grey_face() -> None:
    assert (equalize_histogram(np.stack([FACE] * 3, axis=2)) == equalize_histogram(FACE)[:, :, None]).all()
