import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import transform

from mien.images.resampling import GAUSSIAN, MITCHELL, resample
from mien.images.resizing import FILTER_NAMES, PILLOW_FILTERS, resize

GREY = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)
FACE = np.random.default_rng(2).integers(0, 256, (48, 48), dtype=np.uint8)
LARGE = (224, 224)


@pytest.mark.parametrize("name", PILLOW_FILTERS)
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("size_hw", [(17, 31), LARGE], ids=str)
def test_resize_equals_pillow(name: str, image: np.ndarray, size_hw: tuple[int, int]) -> None:
    expected = np.asarray(Image.fromarray(image).resize(size_hw[::-1], PILLOW_FILTERS[name]))
    assert (resize(image, size_hw, filter_name=name) == expected).all()


def test_pillows_filters_go_by_pillows_names() -> None:
    names = {name: PILLOW_FILTERS[name].name.lower() for name in PILLOW_FILTERS}
    assert names == {name: name for name in names} | {"area": "box"}


def test_resize_nearest_equals_opencv() -> None:
    expected = cv2.resize(FACE, LARGE, interpolation=cv2.INTER_NEAREST_EXACT)
    assert (resize(FACE, LARGE, filter_name="nearest") == expected).all()


def test_resize_bilinear_enlarges_as_opencv_and_scikit_image() -> None:
    enlarged = resize(FACE, LARGE, filter_name="bilinear").astype(int)
    assert np.abs(enlarged - cv2.resize(FACE, LARGE, interpolation=cv2.INTER_LINEAR)).max() <= 1
    expected = transform.resize(FACE, LARGE, order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    assert np.abs(enlarged - expected).max() <= 1.01


def test_resize_area_shrinks_as_opencv() -> None:
    expected = cv2.resize(GREY, (30, 20), interpolation=cv2.INTER_AREA)
    assert np.abs(resize(GREY, (20, 30), filter_name="area").astype(int) - expected).max() <= 1


def test_resize_area_is_the_mean_of_whole_blocks() -> None:
    means = GREY.reshape(20, 3, 30, 3).mean(axis=(1, 3))
    assert np.abs(resize(GREY, (20, 30), filter_name="area") - means).max() <= 1.0


@pytest.mark.parametrize(
    ("name", "kernel"), [("gaussian", GAUSSIAN), ("mitchell", MITCHELL)], ids=["gaussian", "mitchell"]
)
@pytest.mark.parametrize("image", [FACE, COLOUR], ids=["grey", "colour"])
def test_resize_rounds_and_clips_what_is_resampled(name: str, kernel: object, image: np.ndarray) -> None:
    assert kernel in (GAUSSIAN, MITCHELL)
    resampled = resample(image, LARGE, GAUSSIAN if name == "gaussian" else MITCHELL)
    resized = resize(image, LARGE, filter_name=name)
    assert resized.dtype == np.uint8
    assert np.abs(resized - np.clip(resampled, 0, 255)).max() <= 0.5


def test_resize_sharpens_and_blurs_as_the_filters_are_known_to() -> None:
    edge = np.where(np.arange(48) < 24, 60, 180).astype(np.uint8)[None].repeat(48, axis=0)
    spread = {name: np.ptp(resize(edge, LARGE, filter_name=name).astype(int)) for name in FILTER_NAMES}
    assert spread["lanczos"] > spread["bicubic"] > spread["mitchell"] > spread["bilinear"] == 120
    steepest = {
        name: np.abs(np.diff(resize(edge, LARGE, filter_name=name)[0].astype(int))).max() for name in FILTER_NAMES
    }
    assert steepest["nearest"] > steepest["lanczos"] > steepest["mitchell"]
    assert steepest["nearest"] == steepest["area"] == 120


@pytest.mark.parametrize("name", FILTER_NAMES)
def test_resize_to_the_same_size_changes_no_bit(name: str) -> None:
    assert (resize(GREY, (60, 90), filter_name=name) == GREY).all()


@pytest.mark.parametrize("name", FILTER_NAMES)
@pytest.mark.parametrize("image", [FACE // 3 + 80, COLOUR // 3 + 80], ids=["grey", "colour"])
def test_resize_of_numbers_agrees_with_that_of_levels(name: str, image: np.ndarray) -> None:
    as_numbers = resize(image.astype(np.float32), (96, 100), filter_name=name)
    assert as_numbers.dtype == np.float32
    assert as_numbers.shape[:2] == (96, 100)
    # Pillow rounds levels between the two directions too.
    assert np.abs(as_numbers - resize(image, (96, 100), filter_name=name)).max() <= 2


@pytest.mark.parametrize(
    ("image", "size_hw", "name", "message"),
    [
        (GREY, (10, 10), "cubic", "unknown filter 'cubic'; known: nearest, bilinear, .*, gaussian, mitchell"),
        (GREY, (0, 10), "box", r"two positive whole numbers \(height, width\), got \(0, 10\)"),
        (GREY, (10,), "box", "two positive whole numbers"),
        (GREY, (10.5, 3), "box", "two positive whole numbers"),
        (GREY, "48", "box", "two positive whole numbers"),
        (GREY.astype(float), (10, 10), "box", r"\(H, W, 3\), uint8 or float32, got \(60, 90\) float64"),
        (COLOUR[..., :2], (10, 10), "box", r"got \(60, 90, 2\) uint8"),
    ],
    ids=["filter", "zero", "one side", "fraction", "text", "dtype", "channels"],
)
def test_resize_refuses(image: np.ndarray, size_hw: tuple[int, int], name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resize(image, size_hw, filter_name=name)
