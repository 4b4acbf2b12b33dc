from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.faces.quality import flag_face, is_cut_off, is_turned, measure_sharpness
from mien.images.reading import read_picture

ASTRONAUT = Path(__file__).resolve().parents[3] / "examples" / "pictures" / "astronaut.png"
BOX = np.array([177, 66, 274, 163], dtype=np.float32)
FRONTAL = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], dtype=np.float32)


@pytest.fixture(scope="module")
def image_rgb() -> np.ndarray:
    return read_picture(ASTRONAUT).image_rgb


def shift_nose(pixels: float) -> np.ndarray:
    shifted = FRONTAL.copy()
    shifted[2, 0] += pixels
    return shifted


def turn(landmarks: np.ndarray, angle_degrees: float) -> np.ndarray:
    angle = np.radians(angle_degrees)
    turned: np.ndarray = landmarks @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return turned


def test_flag_face_says_nothing_about_a_good_face(image_rgb: np.ndarray) -> None:
    assert flag_face(image_rgb, BOX, landmarks=FRONTAL) == ()


def test_flag_face_names_a_small_face(image_rgb: np.ndarray) -> None:
    small = cv2.resize(image_rgb, None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    assert flag_face(small, BOX * 0.35) == ("too_small",)
    assert flag_face(small, BOX * 0.35, too_small_side_pixels=30) == ()


def test_flag_face_names_a_blurred_face(image_rgb: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(image_rgb, (0, 0), 6)
    assert flag_face(blurred, BOX) == ("blurred",)
    assert flag_face(blurred, BOX, blurred_sharpness=0) == ()


def test_flag_face_names_a_turned_face(image_rgb: np.ndarray) -> None:
    assert flag_face(image_rgb, BOX, landmarks=turn(FRONTAL, 60)) == ("turned",)


def test_flag_face_names_a_cut_face(image_rgb: np.ndarray) -> None:
    cut = image_rgb[:, 200:]
    assert flag_face(cut, np.array([0, 66, 74, 163])) == ("cut_off",)


def test_flag_face_can_name_them_all(image_rgb: np.ndarray) -> None:
    blank = np.full((30, 60, 3), 90, dtype=np.uint8)
    assert flag_face(blank, np.array([0, 0, 20, 20]), landmarks=turn(FRONTAL, 90)) == (
        "too_small",
        "blurred",
        "turned",
        "cut_off",
    )


def test_measure_sharpness_falls_with_blur_and_not_with_contrast(image_rgb: np.ndarray) -> None:
    face = image_rgb[66:163, 177:274]
    sharpness = [measure_sharpness(cv2.GaussianBlur(face, (0, 0), sigma)) for sigma in (0.5, 2.0, 4.0)]
    assert measure_sharpness(face) > sharpness[0] > sharpness[1] > sharpness[2]
    assert measure_sharpness((face // 2 + 60).astype(np.uint8)) == pytest.approx(measure_sharpness(face), rel=0.1)


def test_measure_sharpness_of_one_colour_is_zero() -> None:
    assert measure_sharpness(np.full((50, 50), 7, dtype=np.uint8)) == 0.0


@pytest.mark.parametrize(
    ("landmarks", "expected"),
    [
        (FRONTAL, False),
        (shift_nose(10), False),
        (shift_nose(20), True),
        (shift_nose(-20), True),
        (turn(FRONTAL, 25), False),
        (turn(FRONTAL, -50), True),
        (np.zeros((5, 2)), True),
    ],
    ids=["frontal", "a little", "to its left", "to its right", "tilted a little", "on its side", "one point"],
)
def test_is_turned(landmarks: np.ndarray, expected: bool) -> None:
    assert is_turned(landmarks) is expected


@pytest.mark.parametrize(
    ("box_xyxy", "expected"),
    [
        ((10, 10, 50, 50), False),
        ((0, 10, 50, 50), True),
        ((10, 0.4, 50, 50), True),
        ((10, 10, 99.8, 50), True),
        ((10, 10, 50, 80), True),
        ((0, 0, 100, 80), False),
    ],
    ids=["inside", "left", "top", "right", "bottom", "whole picture"],
)
def test_is_cut_off(box_xyxy: tuple[float, ...], expected: bool) -> None:
    assert is_cut_off(np.array(box_xyxy), (80, 100)) is expected
