import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from mien.errors import MienError
from mien.evaluation.robustness import RobustnessReport, robustness_lines, robustness_rows, write_robustness_csv
from mien.evaluation.robustness.tables import robustness_csv
from mien.metrics.intervals import wilson_interval


def test_the_table_has_accuracies_means_and_drops(robustness_report: RobustnessReport) -> None:
    header, worse, same = robustness_rows(robustness_report)
    assert header[:9] == ["corruption", "1", "2", "3", "4", "5", "mean", "no copy", "drop"]
    assert worse[:9] == ["blur", "100.00", "75.00", "50.00", "50.00", "25.00", "60.00 %", "65.71 %", "40.00 %"]
    assert worse[10] == f"{-(24 * math.log(0.8) + 16 * math.log(0.1)) / 40:.4f}"
    assert same[6:10] == ["100.00 %", "100.00 %", "0.00 %", "20.00 %"]


def test_lines_tell_both_sets_of_rows(robustness_report: RobustnessReport) -> None:
    clean = f"clean accuracy 100.00 %, calibration error 20.00 %, log loss {-math.log(0.8):.4f}"
    assert robustness_lines(robustness_report) == [
        f"rows: all; {clean}; mean corruption accuracy 80.00 %, relative drop 20.00 %",
        f"rows: without a copy in training; {clean}; mean corruption accuracy 82.86 %, relative drop 17.14 %",
    ]


def test_rows_that_are_not_there_are_not_told(robustness_report: RobustnessReport, tmp_path: Path) -> None:
    copies = replace(robustness_report.clean, rows_without_copy=None)
    copied = replace(robustness_report.corruptions[0], figures=(copies,) * 5)
    report = RobustnessReport(copies, (copied,), seed=0)
    assert [line.split(";")[0] for line in robustness_lines(report)] == ["rows: all"]
    assert robustness_rows(report)[1][7] == "–"
    assert len(write_robustness_csv(report, tmp_path / "a.csv").read_text().splitlines()) == 1 + 6


def test_csv_holds_every_figure_with_its_interval(robustness_report: RobustnessReport, tmp_path: Path) -> None:
    file = write_robustness_csv(robustness_report, tmp_path / "new" / "robustness.csv")
    with file.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 2 * (1 + 5 + 5)
    assert [lines[0][name] for name in ("corruption", "level", "strength", "rows", "num_rows", "accuracy")] == [
        *("clean", "0", "0", "all", "8", "1.000000"),
    ]
    weaker = lines[4]
    assert [weaker[name] for name in ("corruption", "level", "strength", "views", "split", "seed", "accuracy")] == [
        *("blur", "2", "2", "plain+flip", "test", "0", "0.750000"),
    ]
    assert (float(weaker["accuracy_low"]), float(weaker["accuracy_high"])) == pytest.approx(
        wilson_interval(6, 8), abs=1e-6
    )
    assert float(weaker["log_loss"]) == pytest.approx(-(6 * math.log(0.8) + 2 * math.log(0.1)) / 8, abs=1e-6)


def test_csv_that_cannot_be_written_is_a_known_error(robustness_report: RobustnessReport, tmp_path: Path) -> None:
    with pytest.raises(MienError, match="it is a folder"):
        write_robustness_csv(robustness_report, tmp_path)


def test_csv_without_a_format_rounds_nothing(robustness_report: RobustnessReport) -> None:
    lines = list(csv.DictReader(robustness_csv(robustness_report, number_format="").splitlines()))
    assert float(lines[0]["log_loss"]) == robustness_report.clean.all_rows.log_loss
    assert float(lines[0]["accuracy_low"]) == robustness_report.clean.all_rows.accuracy_interval[0]
