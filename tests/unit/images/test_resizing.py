import numpy as np
import pytest
from PIL import Image

from mien.images.resizing import FILTER_NAMES, resize

GREY = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", FILTER_NAMES)
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_resize_equals_pillow(name: str, image: np.ndarray) -> None:
    pillow_filter = {"area": Image.Resampling.BOX}.get(name) or Image.Resampling[name.upper()]
    expected = np.asarray(Image.fromarray(image).resize((31, 17), pillow_filter))
    assert (resize(image, (17, 31), filter_name=name) == expected).all()


def test_resize_area_is_the_mean_of_whole_blocks() -> None:
    means = GREY.reshape(20, 3, 30, 3).mean(axis=(1, 3))
    assert np.abs(resize(GREY, (20, 30), filter_name="area") - means).max() <= 1.0


@pytest.mark.parametrize("name", FILTER_NAMES)
def test_resize_to_the_same_size_changes_no_bit(name: str) -> None:
    assert (resize(GREY, (60, 90), filter_name=name) == GREY).all()


@pytest.mark.parametrize(
    ("image", "size_hw", "name", "message"),
    [
        (GREY, (10, 10), "cubic", "unknown filter 'cubic'; known: nearest, bilinear"),
        (GREY, (0, 10), "box", r"two positive whole numbers \(height, width\), got \(0, 10\)"),
        (GREY, (10,), "box", "two positive whole numbers"),
        (GREY, (10.5, 3), "box", "two positive whole numbers"),
        (GREY, "48", "box", "two positive whole numbers"),
        (GREY.astype(float), (10, 10), "box", r"\(H, W\) or \(H, W, 3\) uint8, got \(60, 90\) float64"),
        (COLOUR[..., :2], (10, 10), "box", r"got \(60, 90, 2\) uint8"),
    ],
    ids=["filter", "zero", "one side", "fraction", "text", "dtype", "channels"],
)
def test_resize_refuses(image: np.ndarray, size_hw: tuple[int, int], name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resize(image, size_hw, filter_name=name)
