import numpy as np
import pytest
from PIL import Image

from mien.evaluation.pictures import draw_confusion_counts, draw_confusion_matrix
from mien.evaluation.pictures.frame import title_of
from mien.expressions import FER2013_EXPRESSIONS
from mien.metrics.figures import compute_figures


def test_draw_confusion_matrix_writes_names_shares_and_counts(read, figures):
    texts = read(draw_confusion_matrix, figures)
    counts = np.array(figures.all_rows.confusion_matrix)
    cells = [text for text in texts if " %\n" in text]
    expected = [f"{100 * count / row.sum():.1f} %\n{count:,}" for row in counts for count in row]
    assert sorted(cells) == sorted(expected)
    assert {*FER2013_EXPRESSIONS, "true", "answered", title_of(figures)} <= set(texts)
    assert f"angry\n{counts[0].sum()} cases" in texts


def test_draw_confusion_counts_writes_counts_and_colours_by_them(look, figures):
    picture = look(draw_confusion_counts, figures)
    counts = np.array(figures.all_rows.confusion_matrix)
    (axes,) = picture.axes
    assert [each.get_text() for each in axes.texts] == [f"{count:,}" for count in counts.ravel()]
    assert np.array_equal(axes.images[0].get_array(), counts / counts.max())
    assert axes.get_title() == title_of(figures)


def test_draw_confusion_matrix_shows_the_diagonal_darker(make_predictions, tmp_path):
    figures = compute_figures(make_predictions(300, skill=20.0, expressions=FER2013_EXPRESSIONS))
    with Image.open(draw_confusion_matrix(figures, tmp_path / "matrix.png")) as picture:
        grey = np.asarray(picture.convert("L"))
    assert (grey < 100).mean() > 0.08  # seven full cells of 49
    assert (grey > 200).mean() > 0.5


@pytest.mark.parametrize("draw", [draw_confusion_matrix, draw_confusion_counts])
def test_a_class_without_cases_is_marked(read, make_predictions, draw):
    texts = read(draw, compute_figures(make_predictions(30, labels=np.zeros(30, np.int64))))
    assert texts.count("–") == 6
    assert "sad\n0 cases" in texts


def test_draw_confusion_matrix_of_many_classes_writes_shares_alone(read, make_predictions):
    names = tuple(f"class {number}" for number in range(9))
    figures = compute_figures(make_predictions(90, expressions=names))
    counts = np.array(figures.all_rows.confusion_matrix)
    texts = read(draw_confusion_matrix, figures)
    assert [text for text in texts if text.endswith(" %") and "\n" not in text] == [
        f"{100 * count / row.sum():.0f} %" for row in counts for count in row
    ]
