import numpy as np
import pytest
from skimage.feature import local_binary_pattern as local_binary_pattern_of_scikit_image

from mien.images.operations.local_binary_pattern import local_binary_pattern

FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def test_local_binary_pattern_holds_the_24_leading_bits_of_scikit_images_30() -> None:
    codes = local_binary_pattern_of_scikit_image(FACE, 30, 1, method="default")
    pattern = local_binary_pattern(FACE)
    assert pattern.dtype == np.float32
    np.testing.assert_allclose(pattern * float(2**30 - 1), codes, rtol=2**-24)


@pytest.mark.parametrize("num_points", [1, 8, 24])
def test_local_binary_pattern_of_up_to_24_points_can_be_undone(num_points: int) -> None:
    codes = local_binary_pattern_of_scikit_image(FACE, num_points, 2, method="default")
    pattern = local_binary_pattern(FACE, num_points=num_points, radius=2)
    assert (np.round(pattern.astype(np.float64) * (2**num_points - 1)) == codes).all()


def test_local_binary_pattern_takes_each_channel_for_itself() -> None:
    face = np.stack([FACE, FACE[::-1], FACE.T], axis=2)
    pattern = local_binary_pattern(face)
    assert all((pattern[..., place] == local_binary_pattern(face[..., place])).all() for place in range(3))


@pytest.mark.parametrize(("num_points", "radius", "message"), [(0, 1, "num_points must"), (8, -1, "radius must")])
def test_local_binary_pattern_refuses(num_points: int, radius: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local_binary_pattern(FACE, num_points=num_points, radius=radius)
