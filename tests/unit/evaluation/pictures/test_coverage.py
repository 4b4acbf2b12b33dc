import numpy as np
import pytest

from mien.evaluation.pictures import draw_coverage_curve
from mien.evaluation.pictures.frame import title_of
from mien.metrics.coverage import coverage_curve
from mien.metrics.figures import compute_figures


def test_draw_coverage_curve_draws_both_sets_of_rows(look, make_predictions):
    predictions = make_predictions(300)
    figures = compute_figures(predictions)
    picture = look(draw_coverage_curve, predictions, figures=figures)
    (axes,) = picture.axes
    curves = [coverage_curve(each) for each in (predictions, predictions.select(~predictions.has_copy_in_training))]
    all_rows, without_copy, best, random = axes.lines
    for line, curve in zip((all_rows, without_copy), curves, strict=True):
        assert np.array_equal(line.get_xdata(), curve.coverage)
        assert np.array_equal(line.get_ydata(), curve.accuracy)
    assert np.array_equal(best.get_ydata(), curves[0].best_accuracy)
    assert list(random.get_ydata()) == pytest.approx([figures.all_rows.accuracy] * 2)
    assert len(axes.collections) == 2  # the bands of the intervals
    assert axes.get_title() == title_of(figures)
    assert [each.get_text() for each in picture.legends[0].get_texts()] == [
        f"all rows, area {curves[0].area:.4f}",
        f"without a copy in training, area {curves[1].area:.4f}",
        "all rows, best possible order",
        "all rows, in random order",
    ]


def test_draw_coverage_curve_without_such_rows_draws_one(look, make_predictions):
    predictions = make_predictions(20, has_copy_in_training=np.ones(20, bool))
    (axes,) = look(draw_coverage_curve, predictions, figures=compute_figures(predictions)).axes
    assert len(axes.lines) == 3
