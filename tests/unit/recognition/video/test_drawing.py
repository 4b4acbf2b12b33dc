import numpy as np
import pytest

from mien.recognition.drawing import colour_of
from mien.recognition.video.drawing import draw_on_frame
from tests.frame_results import make_face

GREY = np.full((240, 320, 3), 90, dtype=np.uint8)
BOX = (100.0, 80.0, 180.0, 160.0)


def test_a_frame_without_faces_is_left_as_it_is_and_copied() -> None:
    drawn = draw_on_frame(GREY, [])
    assert (drawn == GREY).all()
    assert not np.shares_memory(drawn, GREY)


def test_the_box_is_in_the_colour_of_the_expression() -> None:
    drawn = draw_on_frame(GREY, [make_face(box_xyxy=BOX)])
    assert tuple(drawn[120, 100]) == tuple(drawn[159, 140]) == colour_of("happy")
    assert (drawn[100:140, 110:170] == 90).all()
    assert (GREY == 90).all()


def test_the_label_stands_above_the_box_and_a_flag_in_a_line_of_its_own() -> None:
    plain = draw_on_frame(GREY, [make_face(box_xyxy=BOX)])
    flagged = draw_on_frame(GREY, [make_face(box_xyxy=BOX, flags=("too_small",))])
    assert tuple(plain[61, 101]) == tuple(flagged[41, 101]) == colour_of("happy")
    assert tuple(plain[41, 101]) == (90, 90, 90)


def test_each_probability_has_a_bar_of_its_length() -> None:
    drawn = draw_on_frame(GREY, [make_face(box_xyxy=BOX)])
    bars = drawn[80 : 80 + 3 * 14, 184 : 184 + 74].reshape(3, 14, 74, 3)
    is_filled = (bars[:, 1, 1:73] != 40).any(axis=2)
    assert is_filled.sum(axis=1).tolist() == [round(0.8 * 72), round(0.1 * 72), round(0.1 * 72)]


def test_bars_go_to_the_left_where_there_is_no_room_to_the_right() -> None:
    drawn = draw_on_frame(GREY, [make_face(box_xyxy=(200.0, 80.0, 300.0, 180.0))])
    assert (drawn[80 : 80 + 42, 304:] == 90).all()
    assert (drawn[81, 122:196] != 90).all()


def test_small_faces_have_no_bars() -> None:
    drawn = draw_on_frame(GREY, [make_face(box_xyxy=(100.0, 80.0, 150.0, 130.0))])
    assert (drawn[82:130, 160:] == 90).all()


@pytest.mark.parametrize(
    "box_xyxy",
    [(-50.0, -50.0, 40.0, 40.0), (300.0, 200.0, 420.0, 340.0), (-10.0, -10.0, 400.0, 300.0), (318.0, 0.0, 319.0, 1.0)],
    ids=["upper left", "lower right", "larger than the frame", "a pixel"],
)
@pytest.mark.parametrize("size_hw", [(240, 320), (17, 33), (2, 2)])
def test_boxes_that_stick_out_are_drawn_inside(
    box_xyxy: tuple[float, float, float, float], size_hw: tuple[int, int]
) -> None:
    frame = np.full((*size_hw, 3), 90, dtype=np.uint8)
    assert draw_on_frame(frame, [make_face(box_xyxy=box_xyxy, flags=("cut_off", "unsure"))]).shape == (*size_hw, 3)


def test_words_stand_in_the_lower_left_corner_and_labels_above_them() -> None:
    drawn = draw_on_frame(GREY, [], words=["30 frames/s", "2 dropped"])
    assert tuple(drawn[239, 0]) == tuple(drawn[198, 0]) == (0, 0, 0)
    assert (drawn[198:] == 255).any()
    assert (drawn[:198] == 90).all()
    first, second = (draw_on_frame(GREY, [], words=[line]) for line in ("30 frames/s", "2 dropped"))
    assert (drawn[198:219] == first[219:]).all()
    assert (drawn[219:] == second[219:]).all()
    with_face = draw_on_frame(GREY, [make_face(box_xyxy=(0.0, 239.0, 80.0, 240.0))], words=["30 frames/s"])
    assert tuple(with_face[220, 1]) == colour_of("happy")


def test_a_frame_that_may_not_be_written_is_drawn_on() -> None:
    frame = GREY.copy()
    frame.flags.writeable = False
    assert draw_on_frame(frame, [make_face(box_xyxy=BOX)]).flags.writeable
