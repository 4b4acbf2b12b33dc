import numpy as np
import pytest
from PIL import Image

from mien.images.heat_map import AGAINST_RGB, FOR_RGB, overlay_heat_map, scale_heat_map


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([[-4.0, 0.0], [2.0, 4.0]], [[-1.0, 0.0], [0.5, 1.0]]),
        ([[3.0, 4.0], [5.0, 5.0]], [[0.0, 0.5], [1.0, 1.0]]),
        ([[7.0, 7.0], [7.0, 7.0]], [[0.0, 0.0], [0.0, 0.0]]),
        ([[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
        ([[-2.0, -2.0], [-2.0, -1.0]], [[-1.0, -1.0], [-1.0, -0.5]]),
    ],
    ids=["both signs", "nowhere negative", "even", "empty", "nowhere positive"],
)
def test_scale_heat_map_brings_any_map_to_one_scale(raw: list[list[float]], expected: list[list[float]]) -> None:
    scaled = scale_heat_map(np.array(raw, dtype=np.float32))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, expected, atol=1e-6)


def test_scale_heat_map_cuts_off_what_stands_out() -> None:
    raw = np.zeros((20, 20), dtype=np.float32)
    raw[:10] = 1
    raw[0, 0] = 1000
    assert scale_heat_map(raw)[5, 5] == 1


def test_scale_heat_map_shows_a_single_pixel() -> None:
    raw = np.zeros((20, 20), dtype=np.float32)
    raw[3, 4] = 0.001
    assert scale_heat_map(raw)[3, 4] == 1


def test_overlay_heat_map_draws_both_colours_and_leaves_the_rest_grey() -> None:
    picture = np.full((2, 3, 3), (90, 120, 150), dtype=np.uint8)
    heat_map = np.array([[1.0, 0.0, -1.0], [0.0, 0.5, 0.0]], dtype=np.float32)
    drawn = overlay_heat_map(picture, heat_map)
    assert (drawn.shape, drawn.dtype) == ((2, 3, 3), np.uint8)
    assert drawn[0, 1].tolist() == [120, 120, 120]
    np.testing.assert_array_equal(drawn[0, 0], np.round(0.25 * 120 + 0.75 * np.array(FOR_RGB)))
    np.testing.assert_array_equal(drawn[0, 2], np.round(0.25 * 120 + 0.75 * np.array(AGAINST_RGB)))
    assert 120 < drawn[1, 1, 0] < drawn[0, 0, 0]


def test_overlay_heat_map_brings_a_small_map_to_the_size_of_the_face_as_pillow_does() -> None:
    heat_map = np.array([[1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    drawn = overlay_heat_map(np.zeros((8, 8), dtype=np.uint8), heat_map)
    expected = np.asarray(Image.fromarray(heat_map).resize((8, 8), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(drawn[:, :, 0], 0.75 * 255 * expected, atol=3)
