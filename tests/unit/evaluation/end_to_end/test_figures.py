import math

import numpy as np
import pytest

from mien.evaluation.end_to_end import EndToEndReport, OpenedFaces, measure_end_to_end
from mien.metrics.bootstrap import accuracy_difference_interval
from mien.metrics.intervals import wilson_interval


def test_figures_are_those_worked_by_hand(report: EndToEndReport) -> None:
    (answers,) = report.detectors
    figures = report.figures(answers)
    assert (figures.num_faces, figures.found.value, figures.overlap, figures.false_boxes) == (4, 0.5, 1.0, 0.5)
    assert (figures.right_if_found.value, figures.given_if_found.value) == (0.5, 0.5)
    assert (figures.right.value, figures.given.value, figures.difference) == (0.25, 0.75, -0.5)
    assert figures.right.interval == wilson_interval(1, 4)
    assert figures.right_if_found.interval == wilson_interval(1, 2)
    first, second = np.array([True, False, False, False]), np.array([True, False, True, True])
    assert figures.difference_interval == accuracy_difference_interval(first, second)
    assert figures.median_ms == pytest.approx(np.median(answers.seconds) * 1000)


def test_figures_of_groups_are_of_their_faces_alone(report: EndToEndReport) -> None:
    (answers,) = report.detectors
    assert set(report.groups()) == {
        *("all", "without a copy in training", "40 pixels", "80 pixels", "plain background", "busy background"),
    }
    for side in (40, 80):
        mask = report.series.sides == side
        assert report.figures(answers, group=f"{side} pixels").num_faces == mask.sum() == 2
        assert report.figures(answers, group=f"{side} pixels").found.value == answers.is_found[mask].mean()
    assert report.figures(answers, group="without a copy in training").right.value == pytest.approx(1 / 3)


def test_where_no_face_is_found_shares_of_those_are_not_there(opened: OpenedFaces) -> None:
    class Blind:
        name = "scripted"

        def detect(self, image_rgb: np.ndarray) -> list[object]:
            return []

    report = measure_end_to_end(opened, detectors=[Blind()], sides=(40,))
    figures = report.figures(report.detectors[0])
    assert (figures.found.value, figures.right.value, figures.right_if_found.interval) == (0, 0, None)
    assert math.isnan(figures.overlap)
    assert math.isnan(figures.right_if_found.value)
