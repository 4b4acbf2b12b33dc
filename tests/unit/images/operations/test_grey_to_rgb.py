import numpy as np
import pytest

from mien.images.operations.grey import to_grey
from mien.images.operations.grey_to_rgb import grey_to_rgb

GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_to_rgb_gives_three_equal_channels_that_to_grey_undoes(dtype: type) -> None:
    face = grey_to_rgb(GREY.astype(dtype))
    assert face.shape == (4, 5, 3)
    assert face.dtype == dtype
    assert (face == GREY[:, :, None]).all()
    assert (to_grey(face) == GREY).all()


def test_grey_to_rgb_leaves_a_colour_face() -> None:
    face = np.zeros((4, 5, 3), dtype=np.uint8)
    assert grey_to_rgb(face) is face
