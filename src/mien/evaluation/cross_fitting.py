"""Cross-fitting: rows calibrated by what was fitted on other rows, so that nothing flatters what is measured on them.

The comparison of calibrators and the quantile of conformal sets use it.
"""

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.calibrators import fit_calibrator
from mien.metrics.predictions import Predictions
from mien.recognition.calibrators import log_probabilities


def cross_fit(predictions: Predictions, folds: NDArray[np.int64], *, calibrator: str) -> NDArray[np.float32]:
    """Return each row's probabilities by a calibrator that was fitted on the other folds, shape ``(N, C)``, float32.

    Args:
        predictions: Uncalibrated, on validation.
        folds: The fold of each row, counted from 0, shape ``(N,)``.
        calibrator: Name of a calibrator.

    Raises:
        DataError: If there is but one fold, or no such calibrator.
    """
    calibrated = np.empty_like(predictions.probabilities)
    for fold in np.unique(folds):
        others = predictions.select(folds != fold)
        fitted = fit_calibrator(calibrator, others.probabilities, others.labels)
        calibrated[folds == fold] = fitted.apply(log_probabilities(predictions.probabilities[folds == fold]))
    return calibrated


def deal_evenly(labels: NDArray[np.int64], num_folds: int = 5) -> NDArray[np.int64]:
    """Return a fold for each row, shape ``(N,)``: classes one after another, row by row; fewer folds for fewer rows.

    Args:
        labels: True classes, shape ``(N,)``, int64.
        num_folds: Folds, at least 1.

    Example:
        >>> deal_evenly(np.array([1, 0, 1, 0, 1]), 2)
        array([0, 0, 1, 1, 0])
    """
    folds = np.empty(len(labels), dtype=np.int64)
    folds[np.argsort(labels, kind="stable")] = np.arange(len(labels)) % num_folds
    return folds
