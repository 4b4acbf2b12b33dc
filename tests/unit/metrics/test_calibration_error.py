import math
import re

import numpy as np
import pytest

from mien.errors import DataError
from mien.metrics.calibration_error import CalibrationBin, calibration_bins, error_of_bins, expected_calibration_error


def _sharp_answers(num_rows: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(7, 0.4), num_rows)
    return probabilities, random.integers(0, 7, num_rows)


@pytest.mark.parametrize("num_bins", [1, 10, 15])
def test_expected_calibration_error_equals_torchmetrics(num_bins):
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    probabilities, labels = _sharp_answers(700, seed=num_bins)
    theirs = functional.multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(labels), num_classes=7, n_bins=num_bins, norm="l1"
    )
    assert expected_calibration_error(probabilities, labels, num_bins=num_bins) == pytest.approx(theirs.item())


def test_expected_calibration_error_uses_15_bins_unless_told():
    probabilities, labels = _sharp_answers(400, seed=0)
    assert expected_calibration_error(probabilities, labels) == expected_calibration_error(
        probabilities, labels, num_bins=15
    )
    assert len(calibration_bins(probabilities, labels)) == 15


def test_expected_calibration_error_by_hand():
    # (0.5, 1]: 0.9 right, 0.7 wrong, 0.8 right: mean 0.8, accuracy 2/3. (0, 0.5]: 0.4 right: 0.4 against 1.
    probabilities = np.array([[0.9, 0.1, 0], [0.7, 0.3, 0], [0.2, 0.8, 0], [0.4, 0.3, 0.3]])
    labels = np.array([0, 1, 1, 0])
    expected = 3 / 4 * (0.8 - 2 / 3) + 1 / 4 * (1 - 0.4)
    assert expected_calibration_error(probabilities, labels, num_bins=2) == pytest.approx(expected)


def test_expected_calibration_error_of_perfect_certainty_is_zero():
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0


def test_calibration_bins_hold_their_upper_edge():
    bins = calibration_bins(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 0]), num_bins=2)
    assert [each.num_rows for each in bins] == [1, 1]
    assert (bins[0].lower, bins[0].upper, bins[1].upper) == (0.0, 0.5, 1.0)


def test_calibration_bins_hold_a_confidence_that_rounding_put_above_one():
    last = calibration_bins(np.array([[1.00001, 0.0]]), np.array([0]), num_bins=4)[-1]
    assert (last.num_rows, last.accuracy) == (1, 1.0)


def test_calibration_bins_hold_each_row_once():
    probabilities, labels = _sharp_answers(333, seed=4)
    bins = calibration_bins(probabilities, labels)
    assert sum(each.num_rows for each in bins) == 333
    assert all(each.lower < each.confidence <= each.upper for each in bins if each.num_rows)
    num_right = sum(each.num_rows * each.accuracy for each in bins if each.num_rows)
    assert num_right == pytest.approx((probabilities.argmax(axis=1) == labels).sum())


def test_calibration_bins_without_rows_have_no_figure():
    first = calibration_bins(np.array([[0.9, 0.1]]), np.array([0]))[0]
    assert first.num_rows == 0
    assert math.isnan(first.accuracy)
    assert math.isnan(first.confidence)


@pytest.mark.parametrize(
    ("shape", "num_labels", "num_bins", "message"),
    [
        pytest.param((4,), 4, 15, "probabilities have shape (4,) and labels (4,); expected (N, C) and (N,)", id="flat"),
        pytest.param((4, 2), 3, 15, "probabilities have shape (4, 2) and labels (3,)", id="lengths"),
        pytest.param((0, 2), 0, 15, "there are no rows to compute a figure from", id="no rows"),
        pytest.param((4, 2), 4, 0, "num_bins is 0; expected at least 1", id="no bins"),
    ],
)
@pytest.mark.parametrize("function", [calibration_bins, expected_calibration_error])
def test_calibration_refuses(function, shape, num_labels, num_bins, message):
    with pytest.raises(DataError, match=re.escape(message)):
        function(np.full(shape, 0.5), np.zeros(num_labels, np.int64), num_bins=num_bins)


def test_error_of_bins_refuses_bins_without_rows():
    with pytest.raises(DataError, match="the calibration bins hold no rows"):
        error_of_bins((CalibrationBin(0.0, 1.0, 0, math.nan, math.nan),))
