from itertools import permutations

import numpy as np
import pytest

from mien.errors import DataError
from mien.metrics.coverage import coverage_curve


def _answers(make_predictions, confidences, is_right):
    """Predictions of two classes with these confidences, all answered with the first."""
    probabilities = np.column_stack([confidences, 1 - np.array(confidences)]).astype(np.float32)
    labels = np.where(is_right, 0, 1)
    return make_predictions(len(labels), probabilities=probabilities, labels=labels, expressions=("happy", "sad"))


def test_coverage_curve_worked_by_hand(make_predictions):
    curve = coverage_curve(_answers(make_predictions, [0.6, 0.9, 0.7, 0.8], [False, True, True, False]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.accuracy == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.area == pytest.approx((1 + 1 / 2 + 2 / 3 + 1 / 2) / 4)
    assert curve.best_accuracy == pytest.approx([1, 1, 2 / 3, 1 / 2])


def test_rows_of_equal_confidence_count_as_their_mean_over_all_orders(make_predictions):
    confidences, is_right = [0.9, 0.7, 0.7, 0.7, 0.6], np.array([False, True, False, True, True])
    curve = coverage_curve(_answers(make_predictions, confidences, is_right))
    orders = [[0, *middle, 4] for middle in permutations([1, 2, 3])]
    means = np.mean([np.cumsum(is_right[order]) for order in orders], axis=0) / np.arange(1, 6)
    assert curve.accuracy == pytest.approx(means)


def test_coverage_curve_ends_at_the_accuracy_and_does_not_care_for_the_order_of_rows(make_predictions):
    predictions = make_predictions(200)
    curve = coverage_curve(predictions)
    assert curve.accuracy[-1] == pytest.approx(predictions.is_right.mean())
    assert predictions.is_right.mean() < curve.area < curve.best_accuracy.mean()
    rows = np.random.default_rng(0).permutation(200)
    parts = {name: getattr(predictions, name)[rows] for name in ("probabilities", "labels")}
    assert np.array_equal(coverage_curve(make_predictions(200, **parts)).accuracy, curve.accuracy)


def test_accuracy_at_answers_at_least_that_share(make_predictions):
    curve = coverage_curve(_answers(make_predictions, [0.9, 0.8, 0.7, 0.6], [True, False, True, False]))
    assert curve.accuracy_at(0.5) == pytest.approx(1 / 2)
    assert curve.accuracy_at(0.51) == pytest.approx(2 / 3)
    assert curve.accuracy_at(0.01) == 1
    assert curve.accuracy_at(1) == pytest.approx(1 / 2)


@pytest.mark.parametrize("coverage", [0, 1.1])
def test_accuracy_at_refuses_what_is_no_share(make_predictions, coverage):
    with pytest.raises(DataError, match=f"coverage is {coverage}; expected a number above 0 and at most 1"):
        coverage_curve(make_predictions()).accuracy_at(coverage)
