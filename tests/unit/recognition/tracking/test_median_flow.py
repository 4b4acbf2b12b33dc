import cv2
import numpy as np
import pytest

from mien.recognition.tracking import median_flow
from mien.recognition.tracking.frames import reduce_frame
from mien.recognition.tracking.median_flow import Move, follow_boxes
from tests.moving_faces import find_face, make_background, paste_head


def draw(*corners: tuple[float, float], side: int = 200) -> np.ndarray:
    frame = make_background().copy()
    for name, corner in zip(("astronaut", "hopper"), corners, strict=False):
        paste_head(frame, name, corner, side=side)
    return frame


def follow(before: np.ndarray, after: np.ndarray, boxes: list[np.ndarray], shift: float = 0.0) -> list[Move | None]:
    shifts = np.full((len(boxes), 2), shift)
    return follow_boxes(reduce_frame(before), reduce_frame(after), np.stack(boxes), shifts_xy=shifts)


def test_move_shifts_and_grows_about_the_centre() -> None:
    move = Move(np.array([1.0, -2.0]), 2.0)
    moved = move.apply(np.array([[0.0, 0.0], [10.0, 20.0]]), np.array([5.0, 10.0]))
    np.testing.assert_allclose(moved, [[-4, -12], [16, 28]])
    assert moved.dtype == np.float32


def test_follow_boxes_finds_the_shift_of_each_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(median_flow, "_FACES_AT_ONCE", 1)
    before, after = draw((100, 100), (350, 150)), draw((106, 97), (345, 154))
    moves = follow(before, after, [find_face((100, 100)).box_xyxy, find_face((350, 150)).box_xyxy])
    for move, shift in zip(moves, ([6, -3], [-5, 4]), strict=True):
        assert move is not None
        np.testing.assert_allclose(move.shift_xy, shift, atol=0.4)
        assert move.growth == pytest.approx(1, abs=0.01)


def test_follow_boxes_finds_the_growth() -> None:
    before = draw((200, 100))
    turn = cv2.getRotationMatrix2D((300, 185), 0, 1.05)
    after = cv2.warpAffine(before, turn, (640, 480))
    (move,) = follow(before, after, [find_face((200, 100)).box_xyxy])
    assert move is not None
    assert move.growth == pytest.approx(1.05, abs=0.01)


def test_follow_boxes_leaves_out_points_that_do_not_come_back() -> None:
    before, after = draw((200, 100)), draw((206, 97))
    x1, y1, x2, y2 = find_face((206, 97)).box_xyxy.astype(int)
    covered = after[y1 + (y2 - y1) * 45 // 100 : y2 + 10, x1 - 10 : x2 + 10]
    covered[:] = np.random.default_rng(0).integers(0, 255, covered.shape)
    (move,) = follow(before, after, [find_face((200, 100)).box_xyxy])
    assert move is not None
    np.testing.assert_allclose(move.shift_xy, [6, -3], atol=0.5)


def test_follow_boxes_begins_at_the_expected_shift() -> None:
    before, after = draw((20, 100), side=60), draw((140, 220), side=60)
    box = find_face((20, 100), side=60).box_xyxy
    (move,) = follow(before, after, [box], 117)
    assert move is not None
    np.testing.assert_allclose(move.shift_xy, [120, 120], atol=0.5)


@pytest.mark.parametrize("after", [make_background(5), np.zeros((480, 640, 3), np.uint8)], ids=["elsewhere", "black"])
def test_follow_boxes_loses_a_face_that_is_gone(after: np.ndarray) -> None:
    assert follow(draw((100, 100)), after, [find_face((100, 100)).box_xyxy]) == [None]


def test_follow_boxes_loses_a_face_that_grows_at_once() -> None:
    before = draw((200, 100))
    after = cv2.warpAffine(before, cv2.getRotationMatrix2D((300, 185), 0, 1.35), (640, 480))
    assert follow(before, after, [find_face((200, 100)).box_xyxy]) == [None]


def test_follow_boxes_works_in_the_smallest_pictures() -> None:
    frame = np.random.default_rng(0).integers(0, 255, (3, 2, 3), dtype=np.uint8)
    assert len(follow(frame, frame, [np.array([0.0, 0.0, 2.0, 3.0])])) == 1
