from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien.evaluation.end_to_end import EndToEndReport, OpenedFaces, measure_end_to_end
from mien.evaluation.scenes import deal_scenes
from mien.recognition.analyzer import Analyzer
from mien.recognition.model_file import load_model_file
from mien.structures import Detection
from tests.conftest import make_rows
from tests.tiny_model import TINY_CONTRACT, write_tiny_model


class Scripted:
    """Finds in each further scene the boxes that it was told."""

    name = "scripted"

    def __init__(self, boxes: list[list[list[float]]]) -> None:
        self.boxes = iter(boxes)

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        return [Detection(np.array(box, dtype=np.float32), 1.0) for box in next(self.boxes)]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> OpenedFaces:
    """Four faces; as a given crop each is answered as its expression says, but for the second."""
    margins = {"none": 0.0, "haar": 0.0, "yunet": 0.0, "scripted": 0.0}
    contract = replace(TINY_CONTRACT, crop_margins=margins)
    model_file = load_model_file(write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx", contract))
    faces = tuple(make_rows(4)[0])
    series, analyzer = deal_scenes(faces, sides=(40, 80)), Analyzer(model_file, "none")
    answers = [next(analyzer.analyze_each(series[row].square().image_rgb)).faces[0].expression for row in range(4)]
    known = model_file.contract.expressions
    answers[1] = known[(known.index(answers[1]) + 1) % len(known)]
    return OpenedFaces(
        model_file,
        data_set="made",
        split="validation",
        kind="choice",
        faces=faces,
        expressions=tuple(answers),
        has_copy_in_training=np.array([False, False, False, True]),
    )


@pytest.fixture
def scripted(opened: OpenedFaces) -> Callable[[], Scripted]:
    """Makes a detector that finds the first face, the second and a box elsewhere, nothing, and a part of the fourth."""
    series = deal_scenes(opened.faces, sides=(40, 80))
    squares = [series[row].box_xyxy for row in range(4)]
    elsewhere = np.array([0, 0, 20, 20]) if squares[1].min() > 20 else np.array([600, 440, 640, 480])
    inset = 0.3 * (squares[3][2] - squares[3][0])
    part = squares[3] + [inset, inset, -inset, -inset]  # 0.16 of the area, around the same centre
    boxes = [[squares[0].tolist()], [squares[1].tolist(), elsewhere.tolist()], [], [part.tolist()]]
    return lambda: Scripted(boxes)


@pytest.fixture
def report(opened: OpenedFaces, scripted: Callable[[], Scripted]) -> EndToEndReport:
    return measure_end_to_end(opened, detectors=[scripted()], sides=(40, 80))
