import pytest

from mien.evaluation.pictures import draw_reliability_diagram
from mien.evaluation.pictures.frame import title_of


def test_draw_reliability_diagram_says_the_calibration_error(read, figures):
    texts = read(draw_reliability_diagram, figures)
    words = f"expected calibration error {100 * figures.all_rows.expected_calibration_error:.2f} %"
    assert {words, "confidence", "accuracy", "rows", title_of(figures)} <= set(texts)


def test_draw_reliability_diagram_sets_a_bar_on_each_bin(look, figures):
    upper, lower = look(draw_reliability_diagram, figures).axes
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
