import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from mien.errors import DataError
from mien.models.hog_lbp import LBP_CODES, HogLbp
from tests.conftest import make_patterns

NUM_GRADIENTS = 5 * 5 * 4 * 9


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return make_patterns(6)[0]


@pytest.mark.parametrize(
    ("options", "num_gradients", "num_textures"),
    [
        ({}, 5 * 5 * 2 * 2 * 9, 6 * 6 * 59),
        ({"orientations": 4, "cell_pixels": 12}, 3 * 3 * 2 * 2 * 4, 6 * 6 * 59),
        ({"block_cells": 1, "lbp_grid": 2}, 6 * 6 * 9, 2 * 2 * 59),
    ],
)
def test_there_are_as_many_features_as_cells_and_fields(
    faces: np.ndarray, options: dict, num_gradients: int, num_textures: int
) -> None:
    features = HogLbp(**options)(faces)
    assert features.shape == (6, num_gradients + num_textures)
    assert features.dtype == np.float32


def test_the_shares_of_a_field_sum_to_one_also_where_fields_are_uneven(faces: np.ndarray) -> None:
    textures = HogLbp(lbp_grid=5)(faces)[:, NUM_GRADIENTS:].reshape(6, 25, LBP_CODES)
    np.testing.assert_allclose(textures.sum(axis=2), 1, atol=1e-6)


@pytest.mark.parametrize("radius", [1, 2])
def test_textures_are_the_histograms_of_scikit_images_codes(faces: np.ndarray, radius: int) -> None:
    textures = HogLbp(lbp_radius=radius)(faces)[:, NUM_GRADIENTS:].reshape(6, 6, 6, LBP_CODES)
    codes = local_binary_pattern(faces[4], 8, radius, method="nri_uniform")
    field = codes[16:24, 32:40]
    expected = np.histogram(field, bins=LBP_CODES, range=(0, LBP_CODES))[0] / 64
    np.testing.assert_allclose(textures[4, 2, 4], expected, atol=1e-7)


def test_an_edge_is_found_in_the_direction_it_has() -> None:
    face = np.zeros((1, 48, 48), dtype=np.uint8)
    face[:, :, 21:] = 200
    gradients = HogLbp()(face)[0, :NUM_GRADIENTS].reshape(5, 5, 2, 2, 9)
    strength = gradients.sum(axis=(0, 1, 2, 3))
    assert strength.argmax() == 0  # an edge that runs down is a gradient across, the first direction
    assert strength[0] > 0.99 * strength.sum()
    assert gradients[:, 1].sum() > 0
    assert gradients[:, 4].sum() == 0


def test_brighter_faces_have_the_same_features(faces: np.ndarray) -> None:
    features = HogLbp(lbp_radius=1)
    darker, brighter = features(faces // 2), features(faces // 2 + 40)
    inner = slice(0, NUM_GRADIENTS)
    np.testing.assert_allclose(darker[:, inner], brighter[:, inner], atol=1e-5)
    # Outside a face is black: only the fields along its border can tell how bright it is.
    shape = (6, 6, 6, LBP_CODES)
    middle = (slice(None), slice(1, 5), slice(1, 5))
    np.testing.assert_array_equal(
        darker[:, NUM_GRADIENTS:].reshape(shape)[middle], brighter[:, NUM_GRADIENTS:].reshape(shape)[middle]
    )


@pytest.mark.parametrize("name", ["orientations", "cell_pixels", "block_cells", "lbp_radius", "lbp_grid"])
def test_numbers_below_one_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0; expected at least 1"):
        HogLbp(**{name: 0})


@pytest.mark.parametrize(("options", "side"), [({}, 16), ({"lbp_grid": 20}, 20), ({"lbp_radius": 12}, 25)])
def test_faces_that_are_too_small_are_refused(options: dict, side: int) -> None:
    features = HogLbp(**options)
    assert features.smallest_side == side
    with pytest.raises(DataError, match=f"faces are 48x{side - 1}; {side}x{side} is the smallest"):
        features(np.zeros((2, side - 1, 48), dtype=np.uint8))
    assert np.isfinite(features(np.zeros((2, side, side), dtype=np.uint8))).all()
