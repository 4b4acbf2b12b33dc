import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mien.errors import MienError
from mien.evaluation.end_to_end import DetectorAnswers, EndToEndReport, OpenedFaces
from mien.evaluation.pictures.end_to_end import draw_end_to_end
from mien.evaluation.scenes import SceneSeries
from mien.metrics.intervals import wilson_interval
from mien.recognition.model_file import ModelFile
from tests.tiny_model import TINY_CONTRACT


def answers_of(detector: str, is_right: list[bool], *, overlaps: list[float]) -> DetectorAnswers:
    count = len(is_right)
    return DetectorAnswers(
        detector, 0.0, np.array(overlaps), np.array(is_right), np.zeros(count, dtype=np.int64), np.ones(count)
    )


@pytest.fixture
def report(tmp_path) -> EndToEndReport:
    """Four faces, two of 40 and two of 80 pixels; the detector finds one of the first and both of the others."""
    faces = (np.zeros((48, 48), dtype=np.uint8),) * 4
    opened = OpenedFaces(
        ModelFile(tmp_path / "tiny.onnx", TINY_CONTRACT),
        data_set="made",
        split="test",
        kind="judgement",
        faces=faces,
        expressions=("sad",) * 4,
        has_copy_in_training=np.zeros(4, dtype=bool),
    )
    series = SceneSeries(faces, np.array([40, 40, 80, 80]), np.array([False, True, False, True]), seed=0)
    given = answers_of("none", [True, True, True, False], overlaps=[1.0] * 4)
    found = answers_of("haar", [True, False, True, False], overlaps=[0.8, math.nan, 0.8, 0.8])
    return EndToEndReport(opened, series, given, (found,))


def test_recall_and_accuracy_are_drawn_over_the_side(look, report):
    picture = look(draw_end_to_end, report)
    found, right = picture.axes
    assert [line.get_xydata().tolist() for line in found.lines] == [[[40, 0.5], [80, 1.0]]]
    given, haar = right.lines
    assert (given.get_label(), haar.get_label()) == ("given crop", "haar")
    assert given.get_xydata().tolist() == [[40, 1.0], [80, 0.5]]
    assert haar.get_xydata().tolist() == [[40, 0.5], [80, 0.5]]
    low = found.collections[0].get_paths()[0].get_extents().ymin
    assert low == pytest.approx(min(wilson_interval(1, 2)[0], wilson_interval(2, 2)[0]))
    assert picture.get_suptitle() == "tiny on test of made, 4 faces"


def test_the_picture_is_900_pixels_wide_and_takes_many_detectors(report, tmp_path):
    many = replace(report, detectors=report.detectors * 6)
    with Image.open(draw_end_to_end(many, tmp_path / "many.png")) as picture:
        assert picture.width == 900


def test_a_picture_that_cannot_be_written_is_a_known_error(report, tmp_path):
    with pytest.raises(MienError, match="it is a folder"):
        draw_end_to_end(report, tmp_path)
