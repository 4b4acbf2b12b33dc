import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.cross_dataset import (
    CrossDatasetReport,
    JudgedDataSet,
    cross_dataset_lines,
    cross_dataset_rows,
    judged_data_set_lines,
    write_cross_dataset_csv,
)
from mien.evaluation.cross_dataset.shared_classes import SharedClasses
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.share import Share


def answer(make_predictions, num_right: int, **changes: object) -> Figures:
    """Figures of eight rows, of which the last has a copy and the first so many are right."""
    answers = np.eye(2, dtype=np.float32)[np.arange(8) % 2] * 0.8 + 0.1
    answers[num_right:] = answers[num_right:, ::-1]
    changes = {"expressions": ("happy", "sad"), "probabilities": answers, **changes}
    return compute_figures(make_predictions(8, **changes), kind=str(changes.pop("kind", "judgement")))


@pytest.fixture
def report(make_predictions) -> CrossDatasetReport:
    """Two of eight rows are left out of the other set; 4 of 8 are right there, 6 of 8 in the own set."""
    own = answer(make_predictions, 6, split="validation")
    judged = JudgedDataSet(
        "raf_db",
        SharedClasses(("happy", "sad"), ("fear",), ("contempt",)),
        {"contempt": 2},
        answer(make_predictions, 4, data_set="raf_db-after-fer2013"),
        unrestricted=Share(3, 8),
        unrestricted_without_copy=Share(3, 7),
        own=own,
        record=None,
    )
    return CrossDatasetReport("compact", "fer2013", own, (judged,))


def test_the_table_has_own_and_other_data_sets(report: CrossDatasetReport) -> None:
    header, own, other = cross_dataset_rows(report)
    told = dict(zip(header, other, strict=True))
    assert told | {"95 % interval": ""} == {
        "judged on": "raf_db",
        "split": "test",
        "classes": "2",
        "rows": "8",
        "left out": "2",
        "accuracy": "50.00 %",
        "95 % interval": "",
        "no copy": "57.14 %",
        "all classes": "37.50 %",
        "balanced accuracy": "50.00 %",
        "own accuracy": "75.00 %",
        "drop": "25.00",
    }
    assert told["95 % interval"] == "21.52 to 78.48"
    assert own[:2] == ["fer2013 (its own)", "validation"]
    assert own[-2:] == ["–", "–"]


def test_without_own_figures_nothing_stands_beside(report: CrossDatasetReport) -> None:
    without = replace(report, own=None, judged=(replace(report.judged[0], own=None),))
    header, other = cross_dataset_rows(without)
    assert (len(other), other[-2:]) == (len(header), ["–", "–"])
    assert "nothing stands beside" in " ".join(cross_dataset_lines(without))
    assert not any("its own validation" in line for line in judged_data_set_lines(without.judged[0]))


def test_where_all_rows_are_copies_the_table_says_so(report: CrossDatasetReport) -> None:
    figures = replace(report.judged[0].figures, rows_without_copy=None)
    copied = replace(report.judged[0], figures=figures, unrestricted_without_copy=None)
    assert cross_dataset_rows(replace(report, judged=(copied,)))[2][7] == "no such rows"
    lines = judged_data_set_lines(copied)
    assert "8 rows are identical to pictures that the model was trained on or chosen by" in lines


def test_lines_name_what_is_left_out_and_warn(report: CrossDatasetReport) -> None:
    lines = judged_data_set_lines(report.judged[0])
    for line in (
        "compact on test of raf_db-after-fer2013, views: plain, flip",
        "only 8 rows: figures on fewer than 30 say little",
        "shared classes: happy, sad",
        "the model's without counterpart, never answered here: fear",
        "the data set's without counterpart: contempt; 2 of 10 rows left out (20.00 %): 2 contempt",
        "1 rows are identical to pictures that the model was trained on or chosen by",
        "among all classes of the model: accuracy 37.50 % (95 % interval 13.68 to 69.43)",
    ):
        assert line in lines
    assert lines[-1].startswith("its own validation split in the shared classes: accuracy 75.00 %")


def test_pictures_that_were_not_compared_are_named(report: CrossDatasetReport) -> None:
    assert len(cross_dataset_lines(report)) == 2
    assert cross_dataset_lines(replace(report, uncompared=("jaffe", "kdef")))[2] == (
        "It began with what saw jaffe, kdef: copies of such pictures were not sought."
    )


def test_the_file_has_both_sets_of_rows(report: CrossDatasetReport, tmp_path: Path) -> None:
    file = write_cross_dataset_csv(report, tmp_path / "a.csv")
    with file.open(newline="") as stream:
        everything, without_copy = csv.DictReader(stream)
    assert (everything["rows"], without_copy["rows"]) == ("all", "without a copy in training")
    assert (everything["num_rows"], without_copy["num_rows"]) == ("8", "7")
    assert (everything["classes_only_model"], everything["classes_only_data_set"]) == ("fear", "contempt")
    assert (everything["accuracy"], everything["accuracy_all_classes"]) == ("0.500000", "0.375000")
    assert (everything["own_accuracy"], everything["num_left_out"]) == ("0.750000", "2")
    assert float(without_copy["accuracy"]) == pytest.approx(4 / 7, abs=1e-6)


def test_rows_that_are_all_copies_have_one_line_without_own(report: CrossDatasetReport, tmp_path: Path) -> None:
    figures = replace(report.judged[0].figures, rows_without_copy=None)
    copied = replace(report.judged[0], figures=figures, unrestricted_without_copy=None, own=None)
    file = write_cross_dataset_csv(replace(report, judged=(copied,)), tmp_path / "a.csv")
    with file.open(newline="") as stream:
        (line,) = csv.DictReader(stream)
    assert (line["rows"], line["own_accuracy"]) == ("all", "")


def test_a_place_that_cannot_be_written_is_refused(report: CrossDatasetReport, tmp_path: Path) -> None:
    with pytest.raises(MienError, match=str(tmp_path)):
        write_cross_dataset_csv(report, tmp_path)
