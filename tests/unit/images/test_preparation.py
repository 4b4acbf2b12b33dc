from typing import Any

import numpy as np
import pytest

from mien.errors import MienError
from mien.images.preparation import (
    OPERATIONS,
    OperationCard,
    bind_steps,
    find_export_faults,
    fitted_arguments,
    needs_fitting,
    prepare_face,
    prepare_faces,
    prepared_dtype,
    register_operation,
)

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


def test_prepare_face_takes_steps_however_they_are_written() -> None:
    written = ["to_grey", "resize:size_hw=[48,48],filter=bilinear"]
    face = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    assert (prepare_face(face, written) == prepare_face(face, STEPS)).all()
    assert (prepare_face(face, " ".join(written)) == prepare_face(face, STEPS)).all()


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        ({"operation": "to_gray"}, MienError, "unknown image operation 'to_gray'; did you mean 'to_grey'?"),
        ({"size_hw": [48, 48]}, ValueError, "a step must name its operation, got {'size_hw'"),
        ({"operation": "resize"}, ValueError, "step 'resize': size_hw: missing, expected a list of"),
        ({"operation": "resize", "size_hw": [4, 4], "mode": 1}, ValueError, "step 'resize': mode: unknown option"),
        (
            {"operation": "resize", "size_hw": 4, "mode": 1},
            ValueError,
            "size_hw: expected .* found 4; mode: unknown option",
        ),
        ("featurewise_center", ValueError, "step 'featurewise_center' is not fitted; .* first \\(fit_steps\\)"),
    ],
    ids=["unknown", "nameless", "missing option", "unknown option", "all faults", "unfitted"],
)
def test_prepare_face_refuses_a_step(step: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prepare_face(FACES[0], [step])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("scale clahe", "step 'clahe' takes uint8, but 'scale' gives float32; put 'clahe' before 'scale'"),
        ("scale grey_to_rgb resize:size_hw=[8,8] gamma:exponent=2", "takes uint8, but 'scale' gives float32"),
        ("samplewise_center scale clahe", "'scale' gives float32; put 'clahe' before 'scale'"),
    ],
)
def test_prepare_face_refuses_levels_only_after_numbers(steps: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare_face(FACES[0], steps)
    with pytest.raises(ValueError, match="takes uint8, but"):
        prepared_dtype(steps)


@pytest.mark.parametrize(
    "face",
    [FACES[0].astype(np.float64), FACES[0].astype(np.int32), FACES, FACES[0][:, :, None]],
    ids=["float64", "int32", "many", "one channel"],
)
def test_prepare_face_refuses_what_is_no_face(face: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"a face must be \(H, W\) or \(H, W, 3\), uint8 or float32, got \("):
        prepare_face(face, STEPS)


def test_numbers_stay_numbers() -> None:
    prepared = prepare_face(FACES[0], "scale grey_to_rgb resize:size_hw=[60,60] samplewise_center")
    assert prepared.dtype == np.float32
    assert prepared.shape == (60, 60, 3)


def test_prepare_face_goes_on_with_a_face_of_numbers() -> None:
    begun = prepare_face(FACES[0], "scale")
    assert (prepare_face(begun, "samplewise_center") == prepare_face(FACES[0], "scale samplewise_center")).all()


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


@pytest.mark.parametrize(
    ("steps", "dtype", "expected"),
    [
        ("", "uint8", "uint8"),
        ("to_grey resize:size_hw=[4,4] clahe", "uint8", "uint8"),
        ("scale", "uint8", "float32"),
        ("gamma_equalize emboss resize:size_hw=[4,4]", "uint8", "float32"),
        ("featurewise_center", "uint8", "float32"),
        ("to_grey", "float32", "float32"),
    ],
)
def test_prepared_dtype_follows_the_cards(steps: str, dtype: str, expected: str) -> None:
    assert prepared_dtype(steps, dtype=dtype) == expected


def test_prepared_dtype_refuses_an_unknown_operation() -> None:
    with pytest.raises(MienError, match="unknown image operation 'to_gray'"):
        prepared_dtype("to_gray")


def test_only_fitted_operations_need_fitting_and_only_until_they_are() -> None:
    assert needs_fitting({"operation": "featurewise_standardize"})
    assert needs_fitting({"operation": "featurewise_standardize", "mean": [1.0]})
    assert not needs_fitting({"operation": "featurewise_standardize", "mean": [1.0], "std": [2.0]})
    assert not needs_fitting({"operation": "resize"})
    assert fitted_arguments(OPERATIONS.get("zca_whiten")) == ("mean", "matrix")
    assert fitted_arguments(OPERATIONS.get("resize")) == ()


def test_find_export_faults_names_what_no_contract_holds() -> None:
    (fault,) = find_export_faults([{"operation": "to_grey"}, {"operation": "zca_whiten"}, {"operation": "x"}, {}])
    assert fault.startswith("step 'zca_whiten' cannot be exported: its matrix has a number for every pair of pixels")


def test_bind_steps_looks_everything_up_once() -> None:
    first, second = bind_steps("to_grey emboss")
    assert (first.name, second.name) == ("to_grey", "emboss")
    assert first.run_stack is None


def test_register_operation_refuses_a_taken_name() -> None:
    prepare_face(FACES[0], STEPS)
    with pytest.raises(
        MienError, match=r"image operation 'to_grey' is registered twice: in mien.images.operations.grey"
    ):
        register_operation("to_grey", card=OperationCard(source="here"))(lambda face: face)


@pytest.mark.parametrize("changes", [{"takes": ()}, {"takes": ("int8",)}, {"gives": "float64"}])
def test_a_card_refuses_other_dtypes(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="an operation takes and gives uint8 or float32, got"):
        OperationCard(source="here", **changes)
