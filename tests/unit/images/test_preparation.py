from typing import Any

import numpy as np
import pytest

from mien.errors import MienError
from mien.images.preparation import OperationCard, prepare_face, prepare_faces, register_operation

STEPS = ({"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48], "filter": "bilinear"})
FACES = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)


@pytest.mark.parametrize("channels", [None, 3], ids=["grey", "three equal channels"])
def test_prepare_face_passes_a_grey_face_of_48_pixels_unchanged(channels: int | None) -> None:
    face = FACES[0] if channels is None else np.stack([FACES[0]] * channels, axis=2)
    assert prepare_face(face, STEPS).tobytes() == FACES[0].tobytes()


def test_prepare_face_runs_the_steps_in_order() -> None:
    face = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    backwards = prepare_face(prepare_face(face, STEPS[1:]), STEPS[:1])
    assert prepare_face(face, STEPS).shape == (48, 48)
    assert (prepare_face(face, STEPS[::-1]) == backwards).all()


def test_prepare_face_without_steps_changes_nothing() -> None:
    assert (prepare_face(FACES[0], []) == FACES[0]).all()


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        ({"operation": "to_gray"}, MienError, "unknown image operation 'to_gray'; did you mean 'to_grey'?"),
        ({"size_hw": [48, 48]}, ValueError, "a step must name its operation, got {'size_hw'"),
        ({"operation": "resize"}, ValueError, "step 'resize': missing a required argument: 'size_hw'"),
        ({"operation": "resize", "size_hw": [4, 4], "mode": 1}, ValueError, "unexpected keyword argument 'mode'"),
    ],
    ids=["unknown", "nameless", "missing argument", "unknown argument"],
)
def test_prepare_face_refuses_a_step(step: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prepare_face(FACES[0], [step])


def test_prepare_face_refuses_what_is_no_face() -> None:
    with pytest.raises(ValueError, match=r"a face must be \(H, W\) or \(H, W, 3\) uint8, got \(48, 48\) float32"):
        prepare_face(FACES[0].astype(np.float32), STEPS)


def test_prepare_faces_equals_one_by_one() -> None:
    mixed = [FACES[0], np.stack([FACES[1]] * 3, axis=2), np.zeros((70, 20, 3), np.uint8)]
    prepared = prepare_faces(mixed, STEPS)
    assert prepared.shape == (3, 48, 48)
    assert all((one == prepare_face(face, STEPS)).all() for one, face in zip(prepared, mixed, strict=True))


@pytest.mark.parametrize(
    ("faces", "message"),
    [([], "at least one face"), ([FACES[0], FACES[1][:40]], r"one size, got \[\(40, 48\), \(48, 48\)\]; add a resize")],
    ids=["none", "sizes"],
)
def test_prepare_faces_refuses(faces: list[np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare_faces(faces, STEPS[:1])


def test_register_operation_refuses_a_taken_name() -> None:
    prepare_face(FACES[0], STEPS)
    with pytest.raises(
        MienError, match=r"image operation 'to_grey' is registered twice: in mien.images.operations.grey"
    ):
        register_operation("to_grey", card=OperationCard(source="here"))(lambda face: face)
