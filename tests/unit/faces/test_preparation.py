from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError, NoFaceError
from mien.faces.preparation import PICTURE_OPERATIONS, check_gives_eyes, find_largest_face, prepare_picture
from mien.images.preparation import bind_steps
from mien.images.reading import read_picture

REPOSITORY = Path(__file__).resolve().parents[3]
PORTRAIT = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb


def test_find_largest_face_takes_grey_and_colour_for_the_same() -> None:
    grey = PORTRAIT[..., 1]
    in_grey = find_largest_face(grey, detector="haar", detector_model="")
    in_colour = find_largest_face(np.stack([grey] * 3, axis=2), detector="haar", detector_model="")
    assert (in_grey.box_xyxy == in_colour.box_xyxy).all()


def test_find_largest_face_says_that_there_is_none() -> None:
    with pytest.raises(NoFaceError, match=r"^no face found by detector 'haar'$"):
        find_largest_face(np.zeros((60, 60, 3), dtype=np.uint8), detector="haar", detector_model="")


def test_find_largest_face_names_an_unknown_detector_and_a_missing_file() -> None:
    with pytest.raises(MienError, match="unknown face detector 'harr'; did you mean 'haar'"):
        find_largest_face(PORTRAIT, detector="harr", detector_model="")
    with pytest.raises(MienError, match=r"nowhere\.xml: no such file"):
        find_largest_face(PORTRAIT, detector="haar", detector_model="nowhere.xml")


def test_threads_find_what_one_finds() -> None:
    step = bind_steps("crop_face", PICTURE_OPERATIONS)
    expected = prepare_picture(PORTRAIT, step)
    with ThreadPoolExecutor(4) as pool:
        assert all((each == expected).all() for each in pool.map(lambda _: prepare_picture(PORTRAIT, step), range(8)))


def test_check_gives_eyes_names_the_detectors_that_do() -> None:
    check_gives_eyes("yunet")
    with pytest.raises(ValueError, match="detector 'haar' does not say where the eyes are; those that do: yunet"):
        check_gives_eyes("haar")


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)], ids=str
)
def test_prepare_picture_refuses_what_is_no_picture(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"a picture must be \(H, W\) or \(H, W, 3\) uint8, got"):
        prepare_picture(picture, [])
