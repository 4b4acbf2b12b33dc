import warnings

import numpy as np
import pytest
from skimage.feature import local_binary_pattern as local_binary_pattern_of_scikit_image

from mien.images.preparation import prepare_face
from mien.images.texture import MOST_POINTS, local_binary_codes

RANDOM = np.random.default_rng(0)
SMOOTH = np.clip(120 + np.cumsum(RANDOM.integers(-3, 4, (48, 48)), axis=1), 0, 255).astype(np.uint8)
PICTURES = {
    "noise": RANDOM.integers(0, 256, (48, 48), dtype=np.uint8),
    "smooth": SMOOTH,
    "few levels": RANDOM.integers(0, 3, (20, 31), dtype=np.uint8),
    "one level": np.full((30, 40), 77, dtype=np.uint8),
    "black": np.zeros((9, 9), dtype=np.uint8),
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
    "thin": RANDOM.integers(0, 256, (2, 70), dtype=np.uint8),
    "numbers": RANDOM.random((48, 48), dtype=np.float32),
    "after gamma": prepare_face(SMOOTH, "gamma_equalize"),
    "one number": np.full((12, 12), 0.1, dtype=np.float32),
}


@pytest.mark.parametrize(("num_points", "radius"), [(30, 1), (8, 1), (24, 3), (16, 2.5), (1, 1), (31, 0.4)])
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_local_binary_codes_equal_scikit_images(picture: np.ndarray, num_points: int, radius: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of rounding in floating-point pictures, where the two agree as well
        expected = local_binary_pattern_of_scikit_image(picture, num_points, radius, method="default")
    assert (local_binary_codes(picture, num_points=num_points, radius=radius) == expected).all()


def test_the_first_neighbour_lies_to_the_right_and_the_next_upwards() -> None:
    picture = np.zeros((5, 5), dtype=np.uint8)
    picture[2, 2], picture[2, 3], picture[1, 2] = 100, 200, 200
    code = int(local_binary_codes(picture, num_points=4, radius=1)[2, 2])
    assert code == 0b0011


def test_many_pictures_at_once_equal_one_by_one() -> None:
    stack = np.stack([PICTURES["noise"], PICTURES["smooth"]])
    codes = local_binary_codes(stack, num_points=30, radius=1)
    assert codes.dtype == np.uint32
    assert all(
        (one == local_binary_codes(each, num_points=30, radius=1)).all() for one, each in zip(codes, stack, strict=True)
    )


@pytest.mark.parametrize(
    ("num_points", "radius", "message"),
    [
        (0, 1, f"num_points must be from 1 to {MOST_POINTS}, got 0"),
        (32, 1, "num_points must be from 1 to 31, got 32"),
        (8, 0, "radius must be above 0, got 0"),
        (8, float("nan"), "radius must be above 0, got nan"),
    ],
)
def test_local_binary_codes_refuse(num_points: int, radius: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local_binary_codes(SMOOTH, num_points=num_points, radius=radius)
