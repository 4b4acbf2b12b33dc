import numpy as np
import pytest

from mien.images.operations.samplewise_center import samplewise_center

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(48, 48), (20, 30, 3)], ids=["grey", "colour"])
def test_samplewise_center_takes_the_faces_own_mean(shape: tuple[int, ...]) -> None:
    face = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    centred = samplewise_center(face)
    assert centred.dtype == np.float32
    assert abs(centred.mean(dtype=np.float64)) < 1e-5
    np.testing.assert_allclose(centred - centred.min(), face - face.min().astype(float), atol=1e-4)
