import re
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.tables import (
    TITLES,
    accuracy_line,
    class_rows,
    confusion_rows,
    coverage_lines,
    figure_rows,
    figure_text,
    headline_lines,
    interval_text,
    markdown_table,
    percent,
    update_between_markers,
)
from mien.metrics.bootstrap import BOOTSTRAPPED
from mien.metrics.coverage import coverage_curve
from mien.metrics.figures import compute_figures


def test_accuracy_line_of_the_published_size(make_predictions):
    rows = replace(
        compute_figures(make_predictions()).all_rows,
        num_rows=3589,
        accuracy=2484 / 3589,
        accuracy_interval=(0.676824, 0.707032),
    )
    assert accuracy_line(rows) == "accuracy 69.21 % (95 % interval 67.68 to 70.70) on 3,589 rows"


def test_headline_lines_say_what_comes_first(make_predictions):
    labels = np.array([0] * 100 + [1] * 7 + [2] * 93)
    expressions = ("angry", "disgust", "sad")
    figures = compute_figures(make_predictions(200, labels=labels, expressions=expressions), kind="judgement")
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    assert headline_lines(figures) == [
        "compact on test of fer2013, views: plain, flip",
        accuracy_line(rows),
        f"without a copy in training: {accuracy_line(without_copy)}",
        "people agree with these labels in 65 ± 5 % (Goodfellow et al., Challenges in Representation Learning, 2013)",
        "few cases of disgust (7): figures on fewer than 30 say little",
        "The model had not seen these rows.",
    ]
    assert rows.accuracy != without_copy.accuracy


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("choice", "The model was chosen by these figures; they do not judge it."),
        ("plain", "What the model has seen was not asked."),
        ("held_out", "Each row was answered once, by the run that had not seen it."),
    ],
)
def test_headline_lines_say_what_the_figures_are_for(make_predictions, kind, line):
    assert headline_lines(compute_figures(make_predictions(), kind=kind))[-1] == line


def test_headline_lines_tell_peoples_accuracy_of_fer2013_alone(make_predictions):
    lines = headline_lines(compute_figures(make_predictions(data_set="fer2013-six")))
    assert not any("people" in line for line in lines)


def test_headline_lines_warn_of_few_rows(make_predictions):
    has_copy = np.arange(40) < 11
    lines = headline_lines(compute_figures(make_predictions(40, has_copy_in_training=has_copy)))
    assert "without a copy in training only 29 rows: figures on fewer than 30 say little" in lines
    assert any(line.startswith("few cases of angry (14), happy (13), sad (13): ") for line in lines)
    lines = headline_lines(compute_figures(make_predictions(29, has_copy_in_training=np.ones(29, bool))))
    assert [line for line in lines if "say little" in line] == ["only 29 rows: figures on fewer than 30 say little"]


def test_figure_rows_hold_both_sets_of_rows_and_their_intervals(make_predictions):
    figures = compute_figures(make_predictions(200), num_draws=50)
    header, *rows = figure_rows(figures)
    assert header == ["figure", "all rows", "95 % interval", "no copy", "95 % interval"]
    assert [row[0] for row in rows] == [TITLES[name] for name in BOOTSTRAPPED[1:]]
    macro_f1, log_loss = rows[2], rows[5]
    low, high = figures.rows_without_copy.bootstrap.intervals["macro_f1"]
    assert macro_f1[3:] == [percent(figures.rows_without_copy.macro_f1), f"{100 * low:.2f} to {100 * high:.2f}"]
    low, high = figures.all_rows.bootstrap.intervals["log_loss"]
    assert log_loss[1:3] == [f"{figures.all_rows.log_loss:.4f}", f"{low:.4f} to {high:.4f}"]


def test_figure_rows_without_draws_or_rows_have_no_columns_of_them(make_predictions):
    assert figure_rows(compute_figures(make_predictions(40)))[0] == ["figure", "all rows", "no copy"]
    figures = compute_figures(make_predictions(9, has_copy_in_training=np.ones(9, bool)))
    assert figure_rows(figures)[0] == ["figure", "all rows"]
    assert {len(row) for row in figure_rows(figures)} == {2}


def test_what_is_not_known_is_a_dash():
    assert figure_text("cohen_kappa", float("nan")) == "–"
    assert interval_text("cohen_kappa", (float("nan"), float("nan"))) == "–"
    assert interval_text("recall", None) == "–"


def test_coverage_lines_tell_both_sets_of_rows(make_predictions):
    predictions = make_predictions(80)
    curve = coverage_curve(predictions)
    line, without_copy = coverage_lines(predictions)
    assert line == (
        f"accuracy of the surest 90 % {percent(curve.accuracy_at(0.9))}, 75 % {percent(curve.accuracy_at(0.75))}, "
        f"50 % {percent(curve.accuracy_at(0.5))}; area under the curve {curve.area:.4f}"
    )
    area = coverage_curve(predictions.select(~predictions.has_copy_in_training)).area
    assert without_copy.startswith("without a copy in training: accuracy of the surest 90 % ")
    assert without_copy.endswith(f"area under the curve {area:.4f}")
    assert len(coverage_lines(make_predictions(8, has_copy_in_training=np.ones(8, bool)))) == 1


def test_headline_lines_of_folds_name_no_published_split(make_predictions):
    figures = compute_figures(make_predictions(), kind="held_out")
    assert headline_lines(figures)[0] == "compact on all held-out folds of fer2013, views: plain, flip"


def test_headline_lines_say_leaky_and_when_every_row_has_a_copy(make_predictions):
    figures = compute_figures(make_predictions(8, is_leaky=True, has_copy_in_training=np.ones(8, bool)))
    lines = headline_lines(figures)
    assert lines[-1] == "leaky: copies across splits were allowed"
    assert "every row has a copy in training" in lines


UNKNOWN = ({"source": "bare.pt", "data_set": "unknown"},)


@pytest.mark.parametrize("kind", ["judgement", "held_out"])
def test_headline_lines_do_not_claim_what_nobody_knows(make_predictions, kind):
    lines = headline_lines(compute_figures(make_predictions(forerunners=UNKNOWN), kind=kind))
    told = "Nobody knows whether the model had seen these rows: it began with bare.pt, whose source is unknown."
    assert lines[-1] == told
    chosen = compute_figures(make_predictions(forerunners=UNKNOWN), kind="choice")
    assert headline_lines(chosen)[-1] == "The model was chosen by these figures; they do not judge it."


def test_class_rows_name_what_has_no_figure(make_predictions):
    probabilities = np.tile(np.array([0.6, 0.4, 0.0], np.float32), (4, 1))
    figures = compute_figures(make_predictions(4, probabilities=probabilities, labels=np.array([0, 0, 0, 1])))
    assert class_rows(figures) == [
        ["expression", "cases", "answers", "precision", "recall", "95 % interval", "F1"],
        ["angry", "3", "4", "75.00 %", "100.00 %", "43.85 to 100.00", "85.71 %"],
        ["happy", "1", "0", "never answered", "0.00 %", "0.00 to 79.35", "0.00 %"],
        ["sad", "0", "0", "never answered", "no cases", "–", "no cases"],
    ]


def test_confusion_rows_hold_the_counts(make_predictions):
    figures = compute_figures(make_predictions(3000, skill=9.0))
    rows = confusion_rows(figures)
    assert rows[0] == ["", "angry", "happy", "sad"]
    assert [row[0] for row in rows[1:]] == ["angry", "happy", "sad"]
    counts = [[int(cell.replace(",", "")) for cell in row[1:]] for row in rows[1:]]
    assert counts == [list(row) for row in figures.all_rows.confusion_matrix]


@pytest.mark.parametrize(("share", "text"), [(0.5, "50.00 %"), (1, "100.00 %"), (float("nan"), "no cases")])
def test_percent(share, text):
    assert percent(share) == text


def test_markdown_table_pads_and_escapes():
    assert markdown_table([["a", "b", "c"], ["x|y", "longer", "1"]], num_text_columns=2).splitlines() == [
        "| a    | b      |   c |",
        "| ---- | ------ | --: |",
        "| x\\|y | longer |   1 |",
    ]


def test_markdown_table_refuses_uneven_rows():
    with pytest.raises(MienError, match=re.escape("the rows of a table have [1, 2] columns; expected one number")):
        markdown_table([["a", "b"], ["c"]])


def test_update_between_markers_replaces_only_the_named_table():
    text = "# x\n<!-- table: a -->\nold\n<!-- /table -->\nmiddle\n<!-- table: b -->\nkept\n<!-- /table -->\nend\n"
    updated = update_between_markers(text, "a", new="| new |")
    assert updated == text.replace("old", "| new |")
    assert update_between_markers(updated, "a", new="| new |") == updated


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("nothing", "holds the marker <!-- table: a --> 0 times; expected once", id="missing"),
        pytest.param(
            "<!-- table: a --><!-- /table -->" * 2,
            "holds the marker <!-- table: a --> 2 times; expected once",
            id="twice",
        ),
        pytest.param(
            "<!-- table: a --> x", "does not close <!-- table: a -->; expected <!-- /table --> after it", id="open"
        ),
        pytest.param(
            "<!-- /table --><!-- table: a --><!-- table: b --><!-- /table -->",
            "does not close <!-- table: a -->",
            id="another begins first",
        ),
    ],
)
def test_update_between_markers_refuses(text, message):
    with pytest.raises(MienError, match=re.escape(message)):
        update_between_markers(text, "a", new="new")
