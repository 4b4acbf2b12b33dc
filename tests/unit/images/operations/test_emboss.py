import numpy as np
import pytest
from PIL import Image, ImageFilter

from mien.images.operations.emboss import emboss
from mien.images.preparation import prepare_face

RANDOM = np.random.default_rng(0)
FACES = {
    "grey": RANDOM.integers(0, 256, (48, 40), dtype=np.uint8),
    "colour": RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8),
    "two rows": RANDOM.integers(0, 256, (2, 9), dtype=np.uint8),
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
}


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_emboss_is_pillows(face: np.ndarray) -> None:
    assert (emboss(face) == np.asarray(Image.fromarray(face).filter(ImageFilter.EMBOSS))).all()


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_emboss_of_numbers_is_that_of_levels_over_255(face: np.ndarray) -> None:
    embossed = emboss(face.astype(np.float32) / np.float32(255))
    assert embossed.dtype == np.float32
    np.testing.assert_allclose(embossed * 255, emboss(face), atol=0.51)


def test_emboss_after_gamma_is_what_pillow_makes_of_its_levels() -> None:
    equalized = prepare_face(FACES["grey"], "gamma_equalize")
    levels = np.round(equalized * 255).astype(np.uint8)
    np.testing.assert_allclose(emboss(equalized) * 255, emboss(levels), atol=1.51)


def test_emboss_of_a_plain_face_is_middle_grey_but_for_its_edge() -> None:
    embossed = emboss(np.full((9, 9), 40, dtype=np.uint8))
    assert (embossed[1:-1, 1:-1] == 128).all()
    assert (embossed[0] == 40).all()
