from typing import Any

import numpy as np
import pytest

from mien.recognition.drawing import draw_faces, draw_message
from mien.structures import Face

GREY = np.full((400, 500, 3), 128, dtype=np.uint8)


def face(*box: float, expression: str = "happy", flags: tuple[str, ...] = ()) -> Face:
    probabilities: dict[str, Any] = {expression: 0.9, "other": 0.1}
    return Face(
        box_xyxy=box,  # type: ignore[arg-type]
        detector_score=1.0,
        expression=expression,
        probabilities=probabilities,
        flags=flags,
    )


@pytest.mark.parametrize("level", [0, 128, 255], ids=["black", "grey", "white"])
def test_draw_faces_stands_out_on_any_background(level: int) -> None:
    drawn = draw_faces(np.full((400, 500, 3), level, dtype=np.uint8), [face(100, 100, 300, 300)]).astype(int)
    edge = drawn[200, 90:110].sum(axis=1)
    assert edge.max() - edge.min() > 300
    label = drawn[60:100, 100:220].sum(axis=2)
    assert label.max() - label.min() > 300


def test_draw_faces_leaves_the_face_itself_alone() -> None:
    drawn = draw_faces(GREY, [face(100, 100, 300, 300)])
    assert (drawn[110:290, 110:290] == 128).all()


@pytest.mark.parametrize(
    "box",
    [(0, 0, 500, 400), (-5, -5, 40, 40), (450, 0, 500, 30), (400, 350, 500, 400)],
    ids=["whole", "corner", "top right", "bottom right"],
)
def test_draw_faces_bears_boxes_at_the_edge(box: tuple[float, ...]) -> None:
    drawn = draw_faces(GREY, [face(*box, expression="surprise", flags=("too_small", "blurred", "turned", "unsure"))])
    assert drawn.shape == GREY.shape
    assert (drawn != GREY).sum() > 300


def test_draw_faces_writes_flags_as_a_further_line() -> None:
    plain = (draw_faces(GREY, [face(100, 100, 300, 300)]) != GREY).sum()
    assert (draw_faces(GREY, [face(100, 100, 300, 300, flags=("blurred",))]) != GREY).sum() > plain + 1000


def test_draw_faces_knows_a_colour_for_unknown_expressions() -> None:
    assert (draw_faces(GREY, [face(100, 100, 300, 300, expression="bored")]) == 255).any()


def test_draw_faces_enlarges_a_small_picture() -> None:
    assert draw_faces(GREY[:48, :48], [face(0, 0, 48, 48)]).shape == (240, 240, 3)
    assert draw_faces(GREY[:10, :500], []).shape == (40, 2000, 3)
    assert draw_faces(GREY[:1, :1], []).shape == (240, 240, 3)


def test_draw_faces_remarks_that_there_is_none() -> None:
    drawn = draw_faces(GREY, [])
    assert (drawn[:40, :150] != GREY[:40, :150]).any()
    assert (drawn[60:] == GREY[60:]).all()


def test_draw_message_wraps_a_long_line_into_the_card() -> None:
    card = draw_message("folder/picture.jpg: " + "not a picture " * 60)
    assert card.shape == (160, 480, 3)
    assert (card[:, 470:] == 48).all()
    assert (card[152:] == 48).all()
