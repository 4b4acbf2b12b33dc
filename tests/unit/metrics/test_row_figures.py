import json
import math

import numpy as np
import pytest
from sklearn import metrics as sk

from mien.errors import DataError
from mien.metrics.bootstrap import bootstrap_intervals
from mien.metrics.brier import brier_score
from mien.metrics.figures import compute_figures
from mien.metrics.intervals import wilson_interval
from mien.metrics.row_figures import RowFigures, compute_row_figures


def test_compute_row_figures_equals_scikit_learn(make_predictions):
    predictions = make_predictions(200)
    rows = compute_row_figures(predictions)
    truth, answers = predictions.labels, predictions.predicted
    theirs = sk.top_k_accuracy_score(truth, predictions.probabilities, k=2, labels=range(3))
    assert rows.top_2_accuracy == pytest.approx(theirs)
    assert rows.weighted_f1 == pytest.approx(sk.f1_score(truth, answers, average="weighted"))
    assert rows.cohen_kappa == pytest.approx(sk.cohen_kappa_score(truth, answers))
    assert rows.brier_score == brier_score(predictions.probabilities, truth)
    assert rows.bootstrap is None


def test_compute_row_figures_gives_each_class_its_intervals(make_predictions):
    predictions = make_predictions(200)
    for index, each in enumerate(compute_row_figures(predictions).per_class):
        num_right = int((predictions.is_right & (predictions.labels == index)).sum())
        assert each.recall_interval == wilson_interval(num_right, each.num_cases)
        assert each.precision_interval == wilson_interval(num_right, each.num_answers)


def test_compute_row_figures_draws_as_often_as_asked(make_predictions):
    predictions = make_predictions(60)
    rows = compute_row_figures(predictions, num_draws=40)
    assert rows.bootstrap == bootstrap_intervals(predictions, num_draws=40)


def test_compute_row_figures_refuses_a_negative_number_of_draws(make_predictions):
    with pytest.raises(DataError, match="num_draws is -1; expected at least 1"):
        compute_row_figures(make_predictions(), num_draws=-1)


def test_a_class_without_cases_or_answers_has_no_intervals(make_predictions):
    probabilities = np.tile(np.array([0.6, 0.4, 0.0], np.float32), (4, 1))
    predictions = make_predictions(4, probabilities=probabilities, labels=np.array([0, 0, 0, 1]))
    first, second, third = compute_row_figures(predictions).per_class
    assert first.recall_interval is not None
    assert (second.precision_interval, third.recall_interval) == (None, None)
    assert second.recall_interval == wilson_interval(0, 1)


@pytest.mark.parametrize(("num_rows", "is_few"), [(29, True), (30, False)])
def test_few_rows_are_fewer_than_thirty(make_predictions, num_rows, is_few):
    assert compute_row_figures(make_predictions(num_rows)).has_few_rows is is_few
    labels = np.append(np.zeros(num_rows, np.int64), np.ones(40, np.int64))
    first, second, third = compute_row_figures(make_predictions(num_rows + 40, labels=labels)).per_class
    assert (first.has_few_cases, second.has_few_cases, third.has_few_cases) == (is_few, False, False)


def test_from_dict_gives_back_equal_figures(make_predictions):
    predictions = make_predictions(60, labels=np.arange(60) % 2)
    figures = compute_figures(predictions, num_draws=20)
    content = json.loads(json.dumps(figures.to_dict(), allow_nan=False))
    rebuilt = RowFigures.from_dict(content["all_rows"])
    assert rebuilt.bootstrap == figures.all_rows.bootstrap
    assert rebuilt.per_class[:2] == figures.all_rows.per_class[:2]
    assert rebuilt.per_class[2].recall_interval is None
    assert math.isnan(rebuilt.per_class[2].recall)


def test_from_dict_gives_nan_again_where_chance_alone_agrees(make_predictions):
    answers = np.tile(np.array([1, 0, 0], np.float32), (5, 1))
    predictions = make_predictions(5, labels=np.zeros(5, np.int64), probabilities=answers)
    content = compute_figures(predictions, num_draws=5).to_dict()["all_rows"]
    assert (content["cohen_kappa"], content["bootstrap"]["intervals"]["cohen_kappa"]) == (None, [None, None])
    rebuilt = RowFigures.from_dict(content)
    assert math.isnan(rebuilt.cohen_kappa)
    assert np.isnan(rebuilt.bootstrap.intervals["cohen_kappa"]).all()


def test_from_dict_takes_an_old_record(make_predictions):
    content = compute_figures(make_predictions()).to_dict()["all_rows"]
    for name in ("top_2_accuracy", "weighted_f1", "cohen_kappa", "brier_score", "bootstrap"):
        del content[name]
    for each in content["per_class"]:
        del each["recall_interval"], each["precision_interval"]
    rows = RowFigures.from_dict(content)
    assert np.isnan([rows.top_2_accuracy, rows.weighted_f1, rows.cohen_kappa, rows.brier_score]).all()
    assert rows.bootstrap is None
    assert rows.per_class[0].recall_interval is None
    assert rows.accuracy == content["accuracy"]
