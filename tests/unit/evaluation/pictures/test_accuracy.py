import numpy as np
import pytest

from mien.evaluation.pictures import draw_accuracy
from mien.evaluation.pictures.accuracy import plot_accuracies
from mien.evaluation.pictures.frame import title_of
from mien.evaluation.tables import percent
from mien.metrics.figures import compute_figures


def _words(name, rows):
    low, high = rows.accuracy_interval
    return f"{name}\n{rows.num_rows} rows\n{percent(rows.accuracy)} ({100 * low:.2f} to {100 * high:.2f})"


def test_draw_accuracy_shows_both_sets_of_rows_and_peoples(look, figures):
    picture = look(draw_accuracy, figures)
    (axes,) = picture.axes
    *sets, people = axes.lines
    for place, rows in enumerate((figures.all_rows, figures.rows_without_copy)):
        whisker, dot = sets[2 * place : 2 * place + 2]
        assert whisker.get_xydata().tolist() == [[end, place] for end in rows.accuracy_interval]
        assert dot.get_xydata().tolist() == [[rows.accuracy, place]]
    assert [each.get_text() for each in axes.get_yticklabels()] == [
        _words("all rows", figures.all_rows),
        _words("without a copy in training", figures.rows_without_copy),
    ]
    assert list(people.get_xdata()) == [0.65, 0.65]
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((0.6, 0.7))
    (words,) = picture.legends[0].get_texts()
    assert words.get_text().startswith("people: 65 ± 5 % (Goodfellow")
    assert axes.get_title() == title_of(figures)


def test_draw_accuracy_knows_people_of_no_other_data_set(look, make_predictions):
    has_copy = np.ones(20, bool)
    figures = compute_figures(make_predictions(20, data_set="rafdb", has_copy_in_training=has_copy))
    picture = look(draw_accuracy, figures)
    (axes,) = picture.axes
    assert len(axes.lines) == 2
    assert not axes.patches
    assert not picture.legends
    assert "\n20 rows (few)\n" in axes.get_yticklabels()[0].get_text()


def test_plot_accuracies_sets_several_models_below_each_other(make_predictions):
    answered = {name: compute_figures(make_predictions(40, random_seed=seed)) for seed, name in enumerate("ab")}
    (axes,) = plot_accuracies(answered).axes
    names = [each.get_text().splitlines()[:2] for each in axes.get_yticklabels()]
    assert names == [[name, rows] for name in "ab" for rows in ("all rows", "without a copy in training")]
    dots = [line.get_xdata()[0] for line in axes.lines[1:8:2]]
    assert dots == [rows.accuracy for each in answered.values() for rows in (each.all_rows, each.rows_without_copy)]
    assert axes.get_title() == ""
