import numpy as np
import pytest

from mien.evaluation.pictures import draw_class_bars
from mien.evaluation.pictures.frame import title_of
from mien.metrics.figures import compute_figures


def test_draw_class_bars_sets_three_bars_and_two_whiskers_on_each_class(look, figures):
    picture = look(draw_class_bars, figures)
    (axes,) = picture.axes
    classes = figures.all_rows.per_class
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [getattr(each, name) for name in ("precision", "recall", "f1") for each in classes]
    whiskers = [tuple(line.get_ydata()) for line in axes.lines]
    assert whiskers == [getattr(each, f"{name}_interval") for name in ("precision", "recall") for each in classes]
    for whisker, bar in zip(axes.lines, axes.patches, strict=False):
        assert whisker.get_xdata() == pytest.approx([bar.get_x() + bar.get_width() / 2] * 2)
    assert axes.get_title() == title_of(figures)
    assert [text.get_text() for text in picture.legends[0].get_texts()] == [
        "precision, 95 % interval",
        "recall, 95 % interval",
        "F1",
    ]


def test_draw_class_bars_gives_a_class_without_cases_no_bar(look, make_predictions):
    figures = compute_figures(make_predictions(40, labels=np.array([0] * 30 + [1] * 10)))
    (axes,) = look(draw_class_bars, figures).axes
    assert [text.get_text() for text in axes.texts] == ["no cases"]
    assert all(bar.get_x() + bar.get_width() < 1.5 for bar in axes.patches)
    names = [each.get_text() for each in axes.get_xticklabels()]
    assert names == ["angry\n30 cases", "happy\n10 cases\n(few)", "sad\n0 cases"]
