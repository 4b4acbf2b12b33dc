import errno
import os
import sys

import numpy as np
import pytest
from PIL import Image

from mien.errors import MienError, MissingExtraError
from mien.evaluation import pictures
from mien.evaluation.pictures import draw_confusion_matrix, draw_reliability_diagram
from mien.expressions import FER2013_EXPRESSIONS
from mien.metrics.figures import Figures, compute_figures

DRAWERS = [draw_confusion_matrix, draw_reliability_diagram]


@pytest.fixture(scope="module")
def figures(make_predictions) -> Figures:
    return compute_figures(make_predictions(350, expressions=FER2013_EXPRESSIONS))


def _drawn(monkeypatch, draw, figures, file):
    """The matplotlib figure behind a picture."""
    drawn = []
    save = pictures._save

    def look(picture, target):
        drawn.append(picture)
        return save(picture, target)

    monkeypatch.setattr(pictures, "_save", look)
    draw(figures, file)
    return drawn[0]


def _texts(monkeypatch, draw, figures, file) -> list[str]:
    from matplotlib.text import Text

    return [each.get_text() for each in _drawn(monkeypatch, draw, figures, file).findobj(Text)]


@pytest.mark.parametrize("draw", DRAWERS)
def test_pictures_are_900_pixels_wide_and_not_blank(draw, figures, tmp_path):
    file = draw(figures, tmp_path / "deep" / "picture.png")
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        assert picture.width == 900
        assert np.asarray(picture.convert("L")).std() > 10


@pytest.mark.parametrize("draw", DRAWERS)
def test_pictures_are_the_same_each_time(draw, figures, tmp_path):
    first, second = draw(figures, tmp_path / "a.png"), draw(figures, tmp_path / "b.png")
    assert first.read_bytes() == second.read_bytes()


def test_draw_confusion_matrix_writes_names_shares_and_counts(monkeypatch, figures, tmp_path):
    texts = _texts(monkeypatch, draw_confusion_matrix, figures, tmp_path / "matrix.png")
    counts = np.array(figures.all_rows.confusion_matrix)
    cells = [text for text in texts if " %\n" in text]
    expected = [f"{100 * count / row.sum():.1f} %\n{count:,}" for row in counts for count in row]
    assert sorted(cells) == sorted(expected)
    assert {*FER2013_EXPRESSIONS, "true", "answered"} <= set(texts)
    assert f"angry\n{counts[0].sum()} cases" in texts


def test_draw_confusion_matrix_shows_the_diagonal_darker(make_predictions, tmp_path):
    figures = compute_figures(make_predictions(300, skill=20.0, expressions=FER2013_EXPRESSIONS))
    with Image.open(draw_confusion_matrix(figures, tmp_path / "matrix.png")) as picture:
        grey = np.asarray(picture.convert("L"))
    assert (grey < 100).mean() > 0.08  # seven full cells of 49
    assert (grey > 200).mean() > 0.5


def test_draw_confusion_matrix_marks_a_class_without_cases(monkeypatch, make_predictions, tmp_path):
    figures = compute_figures(make_predictions(30, labels=np.zeros(30, np.int64)))
    texts = _texts(monkeypatch, draw_confusion_matrix, figures, tmp_path / "matrix.png")
    assert texts.count("–") == 6
    assert "sad\n0 cases" in texts


def test_draw_reliability_diagram_says_the_calibration_error(monkeypatch, figures, tmp_path):
    texts = _texts(monkeypatch, draw_reliability_diagram, figures, tmp_path / "reliability.png")
    error = figures.all_rows.expected_calibration_error
    assert {f"expected calibration error {100 * error:.2f} %", "confidence", "accuracy", "rows"} <= set(texts)


def test_draw_reliability_diagram_sets_a_bar_on_each_bin(monkeypatch, figures, tmp_path):
    picture = _drawn(monkeypatch, draw_reliability_diagram, figures, tmp_path / "reliability.png")
    upper, lower = picture.axes
    bins = figures.all_rows.calibration_bins
    filled = [each for each in bins if each.num_rows]
    assert [bar.get_height() for bar in upper.patches] == pytest.approx([each.accuracy for each in filled])
    assert [bar.get_height() for bar in lower.patches] == [each.num_rows for each in bins]
    for axes, shown in ((upper, filled), (lower, bins)):
        centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
        assert centres == pytest.approx([(each.lower + each.upper) / 2 for each in shown])
    diagonal, dots = upper.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert dots.get_xdata() == pytest.approx([each.confidence for each in filled])
    assert dots.get_ydata() == pytest.approx([each.accuracy for each in filled])


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({}, "judgement", "compact on test of fer2013\n40 rows, accuracy "),
        ({"is_leaky": True}, "judgement", "compact on test of fer2013, leaky\n40 rows, accuracy "),
        ({"split": "validation"}, "choice", "compact on validation of fer2013, chosen on it\n40 rows, accuracy "),
    ],
    ids=["judgement", "leaky", "choice"],
)
@pytest.mark.parametrize("draw", DRAWERS)
def test_pictures_say_what_their_figures_are(monkeypatch, make_predictions, tmp_path, *, draw, changes, kind, words):
    figures = compute_figures(make_predictions(**changes), kind=kind)
    texts = _texts(monkeypatch, draw, figures, tmp_path / "picture.png")
    assert any(text.startswith(words) for text in texts)


@pytest.mark.parametrize("draw", DRAWERS)
def test_pictures_name_the_extra_when_matplotlib_is_missing(monkeypatch, figures, tmp_path, draw):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[train\]'"):
        draw(figures, tmp_path / "picture.png")


@pytest.mark.parametrize("draw", DRAWERS)
def test_pictures_leave_nothing_half_written(monkeypatch, figures, tmp_path, draw):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(MienError, match=r"picture\.png: cannot be written: no space left"):
        draw(figures, tmp_path / "picture.png")
    assert not list(tmp_path.iterdir())
