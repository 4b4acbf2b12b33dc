import numpy as np
import pytest

from mien.faces.cropping import crop_face, find_crop_square

IMAGE = np.random.default_rng(0).integers(1, 256, (60, 80, 3), dtype=np.uint8)


def box(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("box_xyxy", "margin", "corner", "side"),
    [
        (box(20, 10, 40, 30), 0.0, (20, 10), 20),
        (box(20, 10, 40, 30), 0.2, (18, 8), 24),
        (box(25, 10, 35, 30), 0.0, (20, 10), 20),
        (box(20, 15, 40, 25), 0.5, (15, 5), 30),
        (box(20, 10, 40, 30), -0.5, (25, 15), 10),
        (box(20.4, 10.4, 40.4, 30.4), 0.0, (20, 10), 20),
    ],
    ids=["square", "margin", "tall box", "wide box", "negative margin", "fractions"],
)
def test_crop_face_cuts_a_square_around_the_box(
    box_xyxy: np.ndarray, margin: float, corner: tuple[int, int], side: int
) -> None:
    left, top = corner
    expected = IMAGE[top : top + side, left : left + side]
    assert (crop_face(IMAGE, box_xyxy, margin=margin) == expected).all()
    assert find_crop_square(box_xyxy, margin=margin) == (left, top, side)


def test_crop_face_is_black_outside_the_picture() -> None:
    crop = crop_face(IMAGE, box(0, 0, 20, 20), margin=0.5)
    assert crop.shape == (30, 30, 3)
    assert (crop[:5] == 0).all()
    assert (crop[:, :5] == 0).all()
    assert (crop[5:, 5:] == IMAGE[:25, :25]).all()
    corner = crop_face(IMAGE, box(60, 40, 80, 60), margin=0.5)
    assert (corner[:25, :25] == IMAGE[35:, 55:]).all()
    assert (corner[25:] == 0).all()


def test_crop_face_of_the_whole_picture_without_margin_is_the_picture_in_a_square() -> None:
    crop = crop_face(IMAGE, box(0, 0, 80, 60), margin=0.0)
    assert crop.shape == (80, 80, 3)
    assert (crop[10:70] == IMAGE).all()
    square = IMAGE[:48, :48]
    assert (crop_face(square, box(0, 0, 48, 48), margin=0.0) == square).all()


def test_crop_face_keeps_a_grey_picture_grey() -> None:
    assert crop_face(IMAGE[..., 0], box(20, 10, 40, 30), margin=0.0).shape == (20, 20)


def test_crop_face_of_the_smallest_box_has_a_pixel() -> None:
    assert crop_face(IMAGE, box(5, 5, 5.2, 5.2), margin=0.0).shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("box_xyxy", "message"),
    [
        (box(20, 10, 20, 30), r"must have an area, got \(20, 10, 20, 30\)"),
        (box(20, 30, 40, 10), "must have an area"),
        (box(0, 0, np.nan, 10), "must have an area"),
        (box(80, 10, 90, 20), r"\(80, 10, 90, 20\) lies outside the picture of 80x60"),
        (box(-9, -9, 0, 5), "lies outside the picture"),
    ],
    ids=["no width", "upside down", "not a number", "right of it", "left of it"],
)
def test_crop_face_refuses_a_box(box_xyxy: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        crop_face(IMAGE, box_xyxy)
