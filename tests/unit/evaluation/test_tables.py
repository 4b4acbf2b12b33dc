import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.protocol import open_test_split
from mien.evaluation.tables import (
    accuracy_line,
    class_rows,
    confusion_rows,
    headline_lines,
    markdown_table,
    percent,
    records_markdown,
    update_between_markers,
)
from mien.metrics.figures import compute_figures


def test_accuracy_line_of_the_published_size(make_predictions):
    rows = replace(
        compute_figures(make_predictions()).all_rows,
        num_rows=3589,
        accuracy=2484 / 3589,
        accuracy_interval=(0.676824, 0.707032),
    )
    assert accuracy_line(rows) == "accuracy 69.21 % (95 % interval 67.68 to 70.70) on 3,589 rows"


def test_headline_lines_say_each_figure(make_predictions):
    figures = compute_figures(make_predictions(200), kind="judgement")
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    assert headline_lines(figures) == [
        "compact on test of fer2013, views: plain, flip",
        accuracy_line(rows),
        f"without a copy in training: {accuracy_line(without_copy)}",
        f"balanced accuracy {100 * rows.balanced_accuracy:.2f} %, macro-F1 {100 * rows.macro_f1:.2f} %",
        f"log loss {rows.log_loss:.4f}, expected calibration error {100 * rows.expected_calibration_error:.2f} %",
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


def test_records_markdown_marks_weights_of_unknown_source(make_predictions, tmp_path):
    record = open_test_split(make_predictions(forerunners=UNKNOWN), results_folder=tmp_path, recipe={})
    assert "| compact (began with weights of unknown source) |" in records_markdown([record])


def test_class_rows_name_what_has_no_figure(make_predictions):
    probabilities = np.tile(np.array([0.6, 0.4, 0.0], np.float32), (4, 1))
    figures = compute_figures(make_predictions(4, probabilities=probabilities, labels=np.array([0, 0, 0, 1])))
    assert class_rows(figures) == [
        ["expression", "cases", "answers", "precision", "recall", "F1"],
        ["angry", "3", "4", "75.00 %", "100.00 %", "85.71 %"],
        ["happy", "1", "0", "never answered", "0.00 %", "0.00 %"],
        ["sad", "0", "0", "never answered", "no cases", "no cases"],
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


def test_records_markdown_gives_a_row_a_record(make_predictions, tmp_path):
    first = open_test_split(
        make_predictions(90),
        results_folder=tmp_path / "results",
        recipe={},
        shipped_name="small",
        num_parameters=784_263,
        choice=make_predictions(50, random_seed=4, split="validation"),
    )
    second = open_test_split(
        make_predictions(90, is_leaky=True, has_copy_in_training=np.ones(90, bool)),
        results_folder=tmp_path / "results",
        recipe={},
    )
    lines = records_markdown([first, second], relative_to=tmp_path).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    rows, without_copy = first.figures.all_rows, first.figures.rows_without_copy
    assert cells[0][:6] == [
        "name",
        "protocol",
        "parameters",
        "PublicTest",
        "PrivateTest (95 % interval)",
        "without a copy in training",
    ]
    low, high = rows.accuracy_interval
    assert cells[2] == [
        "small",
        "official",
        "784,263",
        percent(first.content["choice"]["accuracy"]),
        f"{percent(rows.accuracy)} ({100 * low:.2f} to {100 * high:.2f})",
        f"{percent(without_copy.accuracy)} "
        f"({100 * without_copy.accuracy_interval[0]:.2f} to {100 * without_copy.accuracy_interval[1]:.2f})",
        percent(rows.balanced_accuracy),
        percent(rows.macro_f1),
        percent(rows.expected_calibration_error),
        "[0001-compact](results/official/fer2013/0001-compact.json)",
    ]
    assert cells[3][:4] == ["compact (leaky)", "official", "", ""]
    assert cells[3][5] == "no such rows"
    assert len({len(line) for line in lines}) == 1


def test_records_markdown_names_the_splits_of_other_data_sets(make_predictions, tmp_path):
    record = open_test_split(make_predictions(data_set="rafdb"), results_folder=tmp_path, recipe={})
    header = records_markdown([record]).splitlines()[0]
    assert "| validation |" in header
    assert "test (95 % interval)" in header


def test_records_markdown_of_none_says_so():
    assert records_markdown([]) == "No test split has been opened yet."


def test_records_markdown_refuses_several_data_sets(make_predictions, tmp_path):
    records = [
        open_test_split(make_predictions(data_set=name), results_folder=tmp_path, recipe={}) for name in ("b", "a")
    ]
    with pytest.raises(MienError, match="one table holds one data set; these records are of a, b"):
        records_markdown(records)


def test_records_markdown_links_to_the_file_itself_unless_told(make_predictions, tmp_path):
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    assert f"({Path(record.file).as_posix()})" in records_markdown([record])


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
