import numpy as np
import pytest

from mien.errors import DataError
from mien.evaluation.calibrators import fit_calibrator
from mien.evaluation.cross_fitting import cross_fit, deal_evenly
from mien.metrics.predictions import Predictions
from mien.recognition.calibrators import log_probabilities
from tests.unit.conftest import PredictionsMaker

FOLDS = np.arange(60) // 3 % 3


def on_validation(make_predictions: PredictionsMaker) -> Predictions:
    return make_predictions(60, split="validation")


def test_cross_fit_calibrates_each_fold_by_the_others(make_predictions: PredictionsMaker) -> None:
    predictions = on_validation(make_predictions)
    calibrated = cross_fit(predictions, FOLDS, calibrator="vector")
    others = predictions.select(FOLDS != 1)
    fitted = fit_calibrator("vector", others.probabilities, others.labels)
    expected = fitted.apply(log_probabilities(predictions.probabilities[FOLDS == 1]))
    np.testing.assert_array_equal(calibrated[FOLDS == 1], expected)


@pytest.mark.parametrize("name", ["temperature", "vector", "isotonic"])
def test_no_row_is_calibrated_by_its_own_label(make_predictions: PredictionsMaker, name: str) -> None:
    predictions = on_validation(make_predictions)
    labels = np.where(FOLDS == 2, (predictions.labels + 1) % 3, predictions.labels)
    relabelled = make_predictions(60, split="validation", labels=labels)
    one, other = (cross_fit(each, FOLDS, calibrator=name) for each in (predictions, relabelled))
    np.testing.assert_array_equal(one[FOLDS == 2], other[FOLDS == 2])
    assert (one[FOLDS != 2] != other[FOLDS != 2]).any()


def test_cross_fit_refuses_one_fold(make_predictions: PredictionsMaker) -> None:
    with pytest.raises(DataError, match="the mask marks none of the 60 rows"):
        cross_fit(on_validation(make_predictions), np.zeros(60, np.int64), calibrator="none")


def test_deal_evenly_spreads_classes_and_rows() -> None:
    labels = np.random.default_rng(0).integers(0, 4, 103)
    folds = deal_evenly(labels)
    assert np.ptp(np.bincount(folds)) <= 1
    for number in range(4):
        assert np.ptp(np.bincount(folds[labels == number], minlength=5)) <= 1
    assert sorted(deal_evenly(labels[:3])) == [0, 1, 2]
