from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import MienError
from mien.faces.detector import create_detector
from mien.faces.detectors.haar import HaarDetector, drop_overlapping
from mien.images.reading import read_picture
from mien.structures import Detection

PICTURES = Path(__file__).resolve().parents[4] / "examples" / "pictures"


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


@pytest.fixture(scope="module")
def image_rgb() -> np.ndarray:
    return read_picture(PICTURES / "astronaut.png").image_rgb


def detection(x: float, y: float, side: float, score: float) -> Detection:
    return Detection(np.array([x, y, x + side, y + side], dtype=np.float32), score)


def test_detect_finds_the_astronaut(haar: HaarDetector, image_rgb: np.ndarray) -> None:
    (found,) = haar.detect(image_rgb)
    assert np.abs(found.box_xyxy - [177, 66, 274, 163]).max() < 12
    assert found.landmarks is None


def test_detect_finds_the_same_face_in_a_picture_that_it_reduces(haar: HaarDetector, image_rgb: np.ndarray) -> None:
    (found,) = haar.detect(cv2.resize(image_rgb, (2560, 2560)))
    assert np.abs(found.box_xyxy / 5 - [177, 66, 274, 163]).max() < 12


def test_detect_finds_every_face_of_the_montage(haar: HaarDetector) -> None:
    assert len(haar.detect(read_picture(PICTURES / "montage.jpg").image_rgb)) == 8


def test_detect_finds_nothing_in_one_colour(haar: HaarDetector) -> None:
    assert haar.detect(np.full((200, 300, 3), 128, dtype=np.uint8)) == []


def test_drop_overlapping_keeps_the_surest() -> None:
    sure, inside, beside, apart = (
        detection(0, 0, 100, 3.0),
        detection(20, 20, 40, 2.0),
        detection(80, 0, 100, 1.0),
        detection(300, 0, 50, 0.5),
    )
    assert drop_overlapping([inside, apart, beside, sure]) == [sure, beside, apart]
    assert drop_overlapping([sure, beside], largest_overlap=0.1) == [sure]


def test_it_takes_another_cascade(image_rgb: np.ndarray) -> None:
    other = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
    assert create_detector("haar", other).detect(image_rgb)


def test_it_names_a_missing_cascade(tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"gone.xml: no such file; detector 'haar' needs a cascade of OpenCV \(.xml\)"):
        create_detector("haar", tmp_path / "gone.xml")


@pytest.mark.parametrize("contents", ["", "not xml", "<?xml version='1.0'?><opencv_storage></opencv_storage>"])
def test_it_names_a_file_that_is_no_cascade(tmp_path: Path, contents: str) -> None:
    (tmp_path / "bad.xml").write_text(contents)
    with pytest.raises(MienError, match=r"bad.xml: not a cascade of OpenCV \(.xml\)"):
        create_detector("haar", tmp_path / "bad.xml")
