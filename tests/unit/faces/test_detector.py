import numpy as np
import pytest

from mien.errors import MienError
from mien.faces.detector import DetectorCard, clip_detections, create_detector, register_detector
from mien.structures import Detection


def detection(*box: float) -> Detection:
    return Detection(np.array(box, dtype=np.float32), 1.0)


def test_create_detector_suggests_a_name() -> None:
    with pytest.raises(MienError, match=r"^unknown face detector 'harr'; did you mean 'haar'\?$"):
        create_detector("harr")


def test_create_detector_gives_what_was_asked_for() -> None:
    assert create_detector("none").name == "none"


def test_register_detector_refuses_a_taken_name() -> None:
    create_detector("none")
    card = DetectorCard(source="here", licence="MIT", has_landmarks=False)
    with pytest.raises(MienError, match="face detector 'none' is registered twice"):
        register_detector("none", card=card)(lambda _: create_detector("haar"))


def test_clip_detections_clips_sorts_and_leaves_out_what_lies_outside() -> None:
    found = [
        detection(10, 10, 20, 20),
        detection(-5, -5, 50, 50),
        detection(90, 10, 140, 30),
        detection(200, 0, 220, 9),
    ]
    boxes = [each.box_xyxy.tolist() for each in clip_detections(found, (60, 100))]
    assert boxes == [[0, 0, 50, 50], [90, 10, 100, 30], [10, 10, 20, 20]]


def test_clip_detections_leaves_out_slivers() -> None:
    assert clip_detections([detection(99.5, 10, 140, 30)], (60, 100)) == []
