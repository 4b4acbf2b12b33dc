import cv2
import numpy as np
import pytest

from mien.images.operations.clahe import clahe

FACE = np.clip(np.random.default_rng(0).normal(120, 20, (48, 60)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("clip_limit", "tiles_hw"), [(2.0, (8, 8)), (4.0, (2, 3)), (40, (1, 1))])
def test_clahe_is_opencvs(clip_limit: float, tiles_hw: tuple[int, int]) -> None:
    expected = cv2.createCLAHE(clipLimit=clip_limit, tileGridSize=tiles_hw[::-1]).apply(FACE)
    assert (clahe(FACE, clip_limit=clip_limit, tiles_hw=tiles_hw) == expected).all()


def test_clahe_raises_contrast_less_where_it_is_limited() -> None:
    spreads = [clahe(FACE, clip_limit=limit, tiles_hw=(2, 2)).std() for limit in (1.0, 2.0, 10.0)]
    assert FACE.std() < spreads[0] < spreads[1] < spreads[2]


def test_clahe_of_equal_channels_is_that_of_the_grey_face() -> None:
    assert (clahe(np.stack([FACE] * 3, axis=2)) == clahe(FACE)[:, :, None]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clip_limit": 0}, "clip_limit must be above 0, got 0"),
        ({"tiles_hw": [8]}, r"tiles_hw must be two positive whole numbers, got \[8\]"),
        ({"tiles_hw": [0, 8]}, r"got \[0, 8\]"),
    ],
)
def test_clahe_refuses(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clahe(FACE, **arguments)
