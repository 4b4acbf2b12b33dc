import numpy as np
import pytest

from mien.recognition.tracking.frames import cut_patch, reduce_frame
from mien.recognition.tracking.median_flow import Move
from mien.recognition.tracking.tracked_face import Sighting, TrackedFace
from mien.structures import Detection
from tests.moving_faces import find_face, make_background, paste_head

PICTURE = make_background().copy()
paste_head(PICTURE, "astronaut", (200, 100))
FRAME = reduce_frame(PICTURE)
STILL = Move(np.zeros(2), 1.0)


def see(shift: float = 0.0) -> Sighting:
    box_xyxy = find_face((200, 100)).box_xyxy + np.float32(shift)
    return Sighting(Detection(box_xyxy, 0.9), cut_patch(FRAME, box_xyxy))


def test_a_face_is_confirmed_by_its_second_detection_not_by_being_carried() -> None:
    face = TrackedFace(1, see(), 0.0)
    face.carry(see(), 0.1)
    assert (face.is_confirmed, face.is_detected) == (False, False)
    face.accept(see(), 0.2)
    assert (face.is_confirmed, face.is_detected, face.detected_s) == (True, True, 0.2)


def test_expect_box_goes_on_with_the_velocity() -> None:
    face = TrackedFace(1, see(), 0.0)
    np.testing.assert_allclose(face.expect_shift(1.0), [0, 0])
    face.accept(see(4), 0.1)
    np.testing.assert_allclose(face.expect_shift(0.6), [20, 20], rtol=1e-5)
    np.testing.assert_allclose(face.expect_box(0.6), see(24).detection.box_xyxy, rtol=1e-5)


def test_the_velocity_forgets_slowly() -> None:
    face = TrackedFace(1, see(), 0.0)
    face.accept(see(4), 0.1)  # 40 pixels a second
    face.accept(see(4), 0.1 + 0.15)  # none, after one time constant
    np.testing.assert_allclose(face.expect_shift(1.25), np.full(2, 40 / np.e), rtol=1e-4)


def test_look_for_moves_the_box_and_knows_the_look() -> None:
    sighting = TrackedFace(1, see(), 0.0).look_for(STILL, FRAME)
    assert sighting is not None
    np.testing.assert_allclose(sighting.detection.box_xyxy, see().detection.box_xyxy)
    assert sighting.detection.score == 0.9


@pytest.mark.parametrize(
    ("move", "picture"),
    [
        (None, PICTURE),
        (Move(np.array([335.0, 0.0]), 1.0), PICTURE),
        (STILL, make_background(5)),
    ],
    ids=["no flow", "out of the picture", "another look"],
)
def test_look_for_loses_the_face(move: Move | None, picture: np.ndarray) -> None:
    face = TrackedFace(1, see(), 0.0)
    assert face.look_for(move, reduce_frame(picture)) is None
    np.testing.assert_allclose(face.detection.box_xyxy, see().detection.box_xyxy)


def test_hide_goes_back_to_the_look_of_the_last_detection() -> None:
    face = TrackedFace(1, see(), 0.0)
    face.carry(see(9), 0.1)
    assert (face.patch != face.detected_patch).any()
    face.hide()
    assert face.is_hidden
    assert face.patch is face.detected_patch
    face.accept(see(9), 0.2)
    assert not face.is_hidden


def test_area_by_hand() -> None:
    assert TrackedFace(1, see(), 0.0).area == pytest.approx(80 * 90)
