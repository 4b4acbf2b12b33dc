import numpy as np

from mien.images.colour import change_luma

RANDOM = np.random.default_rng(0)


def invert(levels: np.ndarray) -> np.ndarray:
    return 255 - levels


def test_change_luma_of_a_grey_face_is_the_change_itself() -> None:
    face = RANDOM.integers(0, 256, (20, 30), dtype=np.uint8)
    assert (change_luma(face, invert) == 255 - face).all()


def test_change_luma_of_three_equal_channels_is_that_of_the_grey_face() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    changed = change_luma(np.stack([levels] * 3, axis=2), invert)
    assert (changed == (255 - levels)[:, :, None]).all()


def test_change_luma_leaves_the_colours() -> None:
    face = np.zeros((4, 4, 3), dtype=np.uint8)
    face[..., 0], face[..., 1], face[..., 2] = 120, 90, 80
    changed = change_luma(face, lambda levels: levels + np.uint8(40)).astype(int)
    assert np.abs(changed - face - 40).max() <= 1
