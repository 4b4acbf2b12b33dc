import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError, ModelFileError
from mien.evaluation.end_to_end import EndToEndReport, OpenedFaces, measure_end_to_end
from mien.evaluation.end_to_end.measuring import find_pasted
from mien.evaluation.scenes import SIDES, Scene
from mien.faces.detector import FaceDetector
from mien.recognition.model_file import load_model_file
from mien.structures import Face
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

SCENE = Scene(np.zeros((100, 100, 3), np.uint8), np.array([20.0, 20, 40, 40]))


def test_each_scene_is_tallied_as_worked_by_hand(report: EndToEndReport) -> None:
    (answers,) = report.detectors
    np.testing.assert_allclose(answers.overlaps, [1, 1, math.nan, math.nan])
    assert answers.is_found.tolist() == [True, True, False, False]
    assert answers.is_right.tolist() == [True, False, False, False]
    assert answers.num_false_boxes.tolist() == [0, 1, 0, 1]
    assert (answers.seconds > 0).all()
    assert (answers.detector, answers.margin) == ("scripted", 0.0)
    assert report.given.is_right.tolist() == [True, False, True, True]
    assert report.given.num_false_boxes.tolist() == [0] * 4


def face_at(*box: float) -> Face:
    return Face(tuple(box), 1.0, "sad", {"sad": 1.0})


def test_of_several_boxes_the_one_that_overlaps_most_is_the_pasted_face() -> None:
    worse, best = face_at(20, 20, 40, 32), face_at(20, 20, 40, 38)
    assert find_pasted(SCENE, [worse, best, worse]) == (best, pytest.approx(0.9))


@pytest.mark.parametrize(
    "box", [(26, 26, 34, 34), (31, 20, 51, 40), (0, 0, 100, 100)], ids=["too small", "beside", "too large"]
)
def test_a_box_that_is_not_the_pasted_face_is_none(box: tuple[float, ...]) -> None:
    face, overlap = find_pasted(SCENE, [face_at(*box)])
    assert face is None
    assert math.isnan(overlap)


def test_detectors_without_file_or_margin_are_left_out_in_a_line(
    opened: OpenedFaces, scripted: Callable[[], FaceDetector], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    strange = scripted()
    strange.name = "strange"
    report = measure_end_to_end(opened, detectors=["yunet", strange, scripted()], sides=(40, 80))
    assert [each.detector for each in report.detectors] == ["scripted"]
    without_file, without_margin = report.left_out
    assert without_file.startswith(f"without yunet: detector 'yunet' needs {tmp_path}")
    assert without_margin.startswith("without strange: model 'tiny' has no crop margin for detector 'strange'")
    with pytest.raises(MienError, match="without yunet: detector 'yunet' needs"):
        measure_end_to_end(opened, detectors=["yunet"], sides=(40, 80))


def test_all_registered_detectors_but_none_are_measured(
    opened: OpenedFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    shown: list[int] = []
    report = measure_end_to_end(opened, show=shown.append)
    assert [each.detector for each in report.detectors] == ["haar"]
    assert [line.split(":")[0] for line in report.left_out] == ["without yunet"]
    assert shown == [1, 2, 3, 4]
    assert set(report.sides) <= set(SIDES)


def test_a_file_goes_to_detectors_that_need_one_alone(opened: OpenedFaces, tmp_path: Path) -> None:
    missing = tmp_path / "missing.onnx"
    report = measure_end_to_end(opened, detectors=["haar", "yunet"], detector_model=missing, sides=(40,))
    assert [each.detector for each in report.detectors] == ["haar"]
    assert report.left_out[0].startswith(f"without yunet: {missing}: no such file")


@pytest.mark.parametrize(
    ("detectors", "message"),
    [
        ([], "detectors are none; name at least one, and none twice"),
        (["haar", "haar"], "detectors are haar, haar; name at least one, and none twice"),
        (["harr"], "unknown face detector 'harr'; did you mean 'haar'"),
        (["none"], "detector 'none' finds no face in a scene; leave it out, given crops are always measured"),
    ],
)
def test_detectors_that_cannot_be_measured_are_refused(opened: OpenedFaces, detectors: list[str], message: str) -> None:
    with pytest.raises(MienError, match=message):
        measure_end_to_end(opened, detectors=detectors)


def test_sides_that_are_none_are_refused(opened: OpenedFaces) -> None:
    with pytest.raises(MienError, match="sides of faces are 0; expected"):
        measure_end_to_end(opened, sides=(0,))


def test_a_model_file_that_cannot_be_run_is_its_own_error(opened: OpenedFaces, tmp_path: Path) -> None:
    broken = load_model_file(write_tiny_model(tmp_path / "broken.onnx", TINY_CONTRACT, num_classes=3))
    with pytest.raises(ModelFileError, match="the contract names 7 expressions, the graph has 3 logits"):
        measure_end_to_end(replace(opened, model_file=broken))
