from dataclasses import replace

import pytest
from PIL import Image

from mien.errors import MienError
from mien.evaluation.pictures.frame import title_of
from mien.evaluation.pictures.robustness import draw_robustness
from mien.evaluation.robustness import RobustnessReport
from mien.metrics.intervals import wilson_interval


def test_draw_robustness_draws_each_corruption_from_the_clean_figure_on(look, robustness_report):
    picture = look(draw_robustness, robustness_report)
    worse, same = picture.axes
    clean, accuracy, error = worse.lines
    assert list(clean.get_ydata()) == [1.0, 1.0]
    assert accuracy.get_xydata().tolist() == [[0, 1], [1, 1], [2, 0.75], [3, 0.5], [4.5, 0.5], [6, 0.25]]
    expected = [
        each.all_rows.expected_calibration_error
        for each in (robustness_report.clean, *robustness_report.corruptions[0].figures)
    ]
    assert list(error.get_ydata()) == expected
    (band,) = worse.collections
    assert band.get_paths()[0].get_extents().ymin == pytest.approx(wilson_interval(2, 8)[0])
    assert list(same.lines[1].get_ydata()) == [1.0] * 6
    assert picture.get_suptitle() == title_of(robustness_report.clean)


def test_draw_robustness_is_900_pixels_wide_and_takes_many(robustness_report, tmp_path):
    many = RobustnessReport(robustness_report.clean, robustness_report.corruptions * 8, seed=0)
    with Image.open(draw_robustness(many, tmp_path / "many.png")) as picture:
        assert picture.width == 900
        assert picture.height > 900


def test_draw_robustness_that_cannot_be_written_is_a_known_error(robustness_report, tmp_path):
    few = replace(robustness_report, corruptions=robustness_report.corruptions[:1])
    with pytest.raises(MienError, match="it is a folder"):
        draw_robustness(few, tmp_path)
