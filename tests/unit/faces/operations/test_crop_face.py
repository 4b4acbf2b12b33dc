from pathlib import Path

import numpy as np
import pytest

from mien.faces import cropping
from mien.faces.detector import create_detector
from mien.faces.operations.crop_face import crop_face
from mien.images.reading import read_picture

REPOSITORY = Path(__file__).resolve().parents[4]
MONTAGE = read_picture(REPOSITORY / "examples" / "pictures" / "montage.jpg").image_rgb


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
def test_crop_face_cuts_the_largest_face_with_its_margin(margin: float) -> None:
    largest = create_detector("haar").detect(MONTAGE)[0]
    expected = cropping.crop_face(MONTAGE, largest.box_xyxy, margin=margin)
    assert (crop_face(MONTAGE, margin=margin) == expected).all()


def test_crop_face_by_no_detector_is_the_whole_picture_as_a_square() -> None:
    cropped = crop_face(MONTAGE[:100, :80], detector="none", margin=0)
    assert cropped.shape == (100, 100, 3)
    assert (cropped[:, 10:90] == MONTAGE[:100, :80]).all()


def test_crop_face_of_a_grey_picture_is_grey() -> None:
    assert crop_face(np.ascontiguousarray(MONTAGE[..., 1])).ndim == 2


def test_crop_face_refuses_a_margin_that_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="margin must be above -1, got -1"):
        crop_face(MONTAGE, margin=-1)
