from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.protocol import open_test_split
from mien.evaluation.record_tables import records_markdown
from mien.evaluation.tables import percent


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


def test_records_markdown_marks_weights_of_unknown_source(make_predictions, tmp_path):
    record = open_test_split(
        make_predictions(forerunners=({"source": "bare.pt", "data_set": "unknown"},)),
        results_folder=tmp_path,
        recipe={},
    )
    assert "| compact (began with weights of unknown source) |" in records_markdown([record])
