import cv2
import numpy as np
import pytest

from mien.faces.alignment import LEVEL_DEGREES, level_eyes, level_eyes_by_looking, measure_eye_slope

EYES = np.array([[40.0, 50.0], [80.0, 50.0]])


def turn_points(points: np.ndarray, degrees: float) -> np.ndarray:
    """Turn points clockwise, as one sees it, about (60, 50)."""
    radians = np.radians(degrees)
    turn = np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    return (points - [60, 50]) @ turn + [60, 50]


def draw_eyes(degrees: float) -> np.ndarray:
    """A picture with a red right and a green left eye."""
    picture = np.zeros((100, 120, 3), dtype=np.uint8)
    for (x, y), colour in zip(turn_points(EYES, degrees), ((255, 0, 0), (0, 255, 0)), strict=True):
        cv2.circle(picture, (round(x), round(y)), 4, colour, -1)
    return picture


def find_eyes(picture: np.ndarray) -> np.ndarray | None:
    """Where the two colours are; the rest of the five points is made up."""
    points = [np.argwhere(picture[..., channel] > 128)[:, ::-1] for channel in (0, 1)]
    if not all(map(len, points)):
        return None
    return np.vstack([*(each.mean(axis=0) for each in points), np.zeros((3, 2))])


@pytest.mark.parametrize("degrees", [0, 24, -40, 90, 170, -170])
def test_measure_eye_slope_is_above_0_where_the_left_eye_is_lower(degrees: float) -> None:
    assert measure_eye_slope(turn_points(EYES, degrees)) == pytest.approx(degrees)


def test_measure_eye_slope_refuses_one_eye() -> None:
    with pytest.raises(ValueError, match=r"the eyes must be two points, got \(3, 4\) twice"):
        measure_eye_slope(np.array([[3, 4], [3, 4]]))


@pytest.mark.parametrize("degrees", [0, 12, -24, 60, 150])
@pytest.mark.parametrize("is_grey", [False, True], ids=["colour", "grey"])
def test_level_eyes_levels_and_keeps_their_middle(degrees: float, is_grey: bool) -> None:
    picture = draw_eyes(degrees)
    levelled = level_eyes(picture, turn_points(EYES, degrees))
    assert levelled.dtype == np.uint8
    found = find_eyes(levelled)
    assert found is not None
    np.testing.assert_allclose(found[:2], EYES, atol=1)
    if is_grey:
        grey = level_eyes(picture[..., 0], turn_points(EYES, degrees))
        assert (grey == levelled[..., 0]).all()


def test_level_eyes_brings_black_in_at_the_edges() -> None:
    levelled = level_eyes(np.full((100, 120, 3), 200, dtype=np.uint8), turn_points(EYES, 30))
    assert levelled[0, 0].tolist() == [0, 0, 0]
    assert levelled[50, 60].tolist() == [200, 200, 200]


@pytest.mark.parametrize("degrees", [5, -24, 45])
def test_level_eyes_by_looking_overcomes_a_detector_that_sees_half_the_slope(degrees: float) -> None:
    looks = []

    def find_half(picture: np.ndarray) -> np.ndarray | None:
        found = find_eyes(picture)
        assert found is not None
        slope = measure_eye_slope(found)
        looks.append(slope)
        return np.vstack([turn_points(EYES, slope / 2), np.zeros((3, 2))])

    levelled = level_eyes_by_looking(draw_eyes(degrees), find_half)
    assert levelled is not None
    found = find_eyes(levelled)
    assert found is not None
    assert abs(measure_eye_slope(found)) <= 2 * LEVEL_DEGREES
    assert len(looks) <= 5


def test_level_eyes_by_looking_leaves_level_eyes_to_the_bit() -> None:
    picture = draw_eyes(0)
    assert level_eyes_by_looking(picture, find_eyes) is picture


def test_level_eyes_by_looking_gives_nothing_without_eyes_and_keeps_the_turn_when_they_get_lost() -> None:
    assert level_eyes_by_looking(np.zeros((9, 9), dtype=np.uint8), lambda _: None) is None
    answers = iter([np.vstack([turn_points(EYES, 30), np.zeros((3, 2))]), None])
    levelled = level_eyes_by_looking(draw_eyes(30), lambda _: next(answers))
    assert levelled is not None
    assert (levelled == level_eyes(draw_eyes(30), turn_points(EYES, 30))).all()
