from itertools import pairwise

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.scenes import SERIES_SIZE_HW, Scene, deal_scenes, paste_face
from tests.conftest import make_rows

SCENE = Scene(np.zeros((100, 100, 3), np.uint8), np.array([20.0, 20, 40, 40]))


@pytest.mark.parametrize("is_busy", [False, True])
def test_paste_face_puts_the_face_where_it_says(is_busy: bool) -> None:
    face = make_rows(7)[0][6]
    scene = paste_face(face, np.random.default_rng(3), is_busy=is_busy, side=60, size_hw=(120, 200))
    assert scene.image_rgb.shape == (120, 200, 3)
    left, top, right, bottom = scene.box_xyxy.astype(int)
    assert (right - left, bottom - top) == (60, 60)
    assert abs(float(scene.image_rgb[top:bottom, left:right].mean()) - float(face.mean())) < 1
    outside = np.ones((120, 200), dtype=bool)
    outside[top:bottom, left:right] = False
    assert (scene.image_rgb[outside].std() > 10) == is_busy


def test_paste_face_takes_colour() -> None:
    face = np.zeros((48, 48, 3), dtype=np.uint8)
    face[..., 0] = 200
    scene = paste_face(face, np.random.default_rng(0), is_busy=False, side=50, size_hw=(100, 100))
    assert scene.square().image_rgb[5, 5].tolist() == [200, 0, 0]


def test_scenes_of_crop_margins_are_those_that_margins_were_measured_on() -> None:
    """The place and the mean level of a scene as it was made before there were series of scenes."""
    face = np.arange(48 * 48, dtype=np.uint16).reshape(48, 48).astype(np.uint8)
    scene = paste_face(face, np.random.default_rng(0), is_busy=True, side=160, size_hw=(320, 320))
    assert scene.box_xyxy.tolist() == [88, 89, 248, 249]
    assert scene.image_rgb.mean() == pytest.approx(152.8017, abs=1e-3)


@pytest.mark.parametrize(
    ("box", "overlap", "holds"),
    [
        ([20, 20, 40, 40], 1.0, True),
        ([20, 20, 40, 30], 0.5, True),
        ([30, 20, 50, 40], 1 / 3, False),
        ([29, 20, 49, 40], 220 / 580, True),
        ([60, 60, 70, 70], 0.0, False),
    ],
)
def test_overlap_and_centre_are_those_worked_by_hand(box: list[float], overlap: float, holds: bool) -> None:
    assert SCENE.overlap_with(np.array(box)) == pytest.approx(overlap)
    assert SCENE.holds_centre_of(np.array(box)) == holds


def test_square_is_the_pasted_face_alone() -> None:
    image = np.arange(100 * 100 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 100, 3)
    square = Scene(image, SCENE.box_xyxy).square()
    np.testing.assert_array_equal(square.image_rgb, image[20:40, 20:40])
    assert square.box_xyxy.tolist() == [0, 0, 20, 20]


def test_sides_and_backgrounds_are_dealt_evenly() -> None:
    series = deal_scenes(tuple(make_rows(12)[0]), sides=(32, 48, 64), seed=1)
    dealt = sorted(zip(series.sides.tolist(), series.is_busy.tolist(), strict=True))
    assert dealt == sorted([(side, is_busy) for side in (32, 48, 64) for is_busy in (False, True)] * 2)
    assert series.sides.tolist() != deal_scenes(series.faces, sides=(32, 48, 64), seed=2).sides.tolist()


def test_a_scene_is_the_same_each_time_and_hangs_on_no_other_face() -> None:
    faces = tuple(make_rows(4)[0])
    series, other = deal_scenes(faces, seed=5), deal_scenes((*faces[::-1][:3], faces[3]), seed=5)
    assert series[3].image_rgb.shape == (*SERIES_SIZE_HW, 3)
    for scene in (series[3], other[3]):
        np.testing.assert_array_equal(scene.image_rgb, deal_scenes(faces, seed=5)[3].image_rgb)
    boxes = [series[row].box_xyxy[:2].tolist() for row in range(len(series))]
    assert all(one != next_one for one, next_one in pairwise(boxes))


@pytest.mark.parametrize("sides", [(), (32, 32), (0,), (481,)])
def test_sides_that_are_none_are_refused(sides: tuple[int, ...]) -> None:
    came = ", ".join(map(str, sides)) or "none"
    with pytest.raises(MienError, match=f"sides of faces are {came}; expected at least one from 1 to 480 pixels, none"):
        deal_scenes(tuple(make_rows(4)[0]), sides=sides)
