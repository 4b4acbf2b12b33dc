import numpy as np

from mien.images.operations.grey import to_grey

RANDOM = np.random.default_rng(0)


def test_to_grey_is_the_luma_of_bt601() -> None:
    face = RANDOM.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert np.abs(to_grey(face) - face @ np.array([0.299, 0.587, 0.114])).max() <= 0.51


def test_to_grey_of_numbers_is_the_same_luma() -> None:
    face = RANDOM.random((40, 50, 3), dtype=np.float32)
    assert to_grey(face).dtype == np.float32
    np.testing.assert_allclose(to_grey(face), face @ np.array([0.299, 0.587, 0.114]), atol=1e-6)


def test_to_grey_of_equal_channels_is_that_channel() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (to_grey(np.stack([levels] * 3, axis=2)) == levels).all()
    numbers = RANDOM.random((16, 16), dtype=np.float32)
    assert (to_grey(np.stack([numbers] * 3, axis=2)) == numbers).all()


def test_to_grey_leaves_a_grey_face() -> None:
    face = RANDOM.integers(0, 256, (4, 5), dtype=np.uint8)
    assert to_grey(face) is face
