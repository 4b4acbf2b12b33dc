import numpy as np
import pytest
from sklearn.preprocessing import scale

from mien.images.operations.samplewise_standardize import samplewise_standardize

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(48, 48), (20, 30, 3)], ids=["grey", "colour"])
def test_samplewise_standardize_agrees_with_scikit_learn(shape: tuple[int, ...]) -> None:
    face = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    standardized = samplewise_standardize(face)
    assert standardized.dtype == np.float32
    np.testing.assert_allclose(standardized.ravel(), scale(face.ravel().astype(float)), atol=1e-5)


def test_samplewise_standardize_of_one_level_is_zero() -> None:
    assert (samplewise_standardize(np.full((4, 4), 200, dtype=np.uint8)) == 0).all()


def test_samplewise_standardize_does_not_mind_light_and_contrast() -> None:
    face = RANDOM.integers(0, 100, (20, 20), dtype=np.uint8)
    np.testing.assert_allclose(samplewise_standardize(face), samplewise_standardize(face * 2 + 20), atol=1e-5)
