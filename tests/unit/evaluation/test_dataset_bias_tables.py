from dataclasses import replace

import pytest

from mien.evaluation.dataset_bias import BiasReport
from mien.evaluation.dataset_bias_tables import bias_confusion_rows, bias_expression_rows, bias_lines
from mien.metrics.share import Share


@pytest.fixture
def report() -> BiasReport:
    return BiasReport(("a", "b"), 40, (3, 1), {"happy": Share(60, 80)}, ((30, 10), (10, 30)), folds=5, seed=2)


def test_far_above_chance_each_set_has_a_bias(report: BiasReport) -> None:
    first, accuracy, copies = bias_lines(report)
    assert first == "which data set is this? 40 faces of each of a, b, as many of each expression, 5 folds, seed 2"
    assert accuracy.startswith("accuracy 75.00 % (95 % interval 64.52 to 83.19), chance 50.00 %; above chance: each")
    assert copies == "left out, as another of them has the identical picture: 3 of a, 1 of b"


def test_an_interval_that_holds_chance_is_near_it_and_few_faces_warn(report: BiasReport) -> None:
    lines = bias_lines(replace(report, num_faces=20, confusion_matrix=((11, 9), (9, 11))))
    assert "chance 50.00 %; near chance: to this classifier the data sets look alike" in lines[1]
    assert lines[3] == "only 20 faces of each: figures on fewer than 30 say little"


def test_tables_hold_data_sets_and_expressions(report: BiasReport) -> None:
    assert bias_confusion_rows(report) == [["", "a", "b"], ["a", "30", "10"], ["b", "10", "30"]]
    assert bias_expression_rows(report)[1:] == [["happy", "80", "75.00 %", "64.52 to 83.19"]]
