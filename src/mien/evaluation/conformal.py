"""Fitting conformal sets on the validation split, and counting how often such a set holds the right class.

`mien.recognition.conformal` says what they are; records, `mien calibrate` and export use these functions.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import ProtocolError
from mien.evaluation.calibrators import check_rows
from mien.evaluation.cross_fitting import cross_fit, deal_evenly
from mien.metrics.intervals import wilson_interval
from mien.metrics.predictions import Predictions
from mien.recognition.conformal import SET_METHODS, ConformalSets, check_sets, score_classes

DEFAULT_METHOD = "aps"
DEFAULT_COVERAGE = 0.9
_ROUNDING = 1_000_000


@dataclass(frozen=True)
class SetFigures:
    """What conformal sets did on rows that they were not fitted on.

    Args:
        method: How classes were scored.
        asked: Coverage asked for, 0 to 1.
        quantile: Largest score of a class in a set; None if several were fitted, each for other rows.
        num_rows: Number of rows.
        coverage: Share of them whose set holds the right class, 0 to 1.
        coverage_interval: Its 95 % Wilson interval.
        mean_size: Mean number of classes in a set.
        share_empty: Share of empty sets, 0 to 1.
        coverage_per_class: The coverage on the rows of each class by its name; None without rows.
    """

    method: str
    asked: float
    quantile: float | None
    num_rows: int
    coverage: float
    coverage_interval: tuple[float, float]
    mean_size: float
    share_empty: float
    coverage_per_class: dict[str, float | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, ready for JSON."""
        return {**asdict(self), "coverage_interval": list(self.coverage_interval)}


def fit_sets(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    method: str = DEFAULT_METHOD,
    coverage: float = DEFAULT_COVERAGE,
) -> ConformalSets:
    """Return conformal sets whose coverage holds for further rows of the same kind.

    The quantile is the ``ceil((N + 1) * coverage)``-th smallest score of the right classes, rounded up to 6 digits, so
    that a further row, exchangeable with these, is covered with at least that probability; with too few rows for that
    it is 1, and every set holds all classes. Nothing is promised for one class alone or for pictures of another kind.

    Source: Angelopoulos and Bates, "A Gentle Introduction to Conformal Prediction and Distribution-Free Uncertainty
    Quantification", 2021, sections 1 and 2.1, https://arxiv.org/abs/2107.07511. Differs: the class at which ``aps``
    crosses the quantile stays outside, unless it is the most probable; the promise holds without it.

    Args:
        probabilities: On the validation split and calibrated, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.
        method: One of `mien.recognition.conformal.SET_METHODS`.
        coverage: Share of rows whose set shall hold the right class, between 0 and 1.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a label is no class.
        ModelFileError: If the method is unknown, or the coverage does not lie between 0 and 1.

    Example:
        >>> right = np.array([0.9, 0.8, 0.7, 0.6])
        >>> fit_sets(np.stack([right, 1 - right], axis=1), np.zeros(4, np.int64), method="lac", coverage=0.6)
        ConformalSets(method='lac', coverage=0.6, quantile=0.3)
    """
    check_sets(method, coverage)
    check_rows(probabilities, labels)
    scores = np.sort(score_classes(probabilities, method=method)[np.arange(len(labels)), labels])
    rank = math.ceil(round((len(scores) + 1) * coverage, 9))  # 190.00000000000003 is 190
    if rank > len(scores):
        return ConformalSets(method, coverage, 1.0)
    rounded_up = math.ceil(round(float(scores[rank - 1]) * _ROUNDING, 6)) / _ROUNDING
    return ConformalSets(method, coverage, min(1.0, max(0.0, rounded_up)))


def fit_sets_for(
    chosen_on: Predictions,
    *,
    calibrator: str,
    method: str = DEFAULT_METHOD,
    coverage: float = DEFAULT_COVERAGE,
) -> ConformalSets:
    """Return conformal sets for what a calibrator gives that is fitted on the same rows.

    On those rows it would look better than it is, and the sets would cover too little: each fifth of them is therefore
    scored by a calibrator that was fitted on the other four.

    Args:
        chosen_on: What a model answered on validation, uncalibrated.
        calibrator: Name of a calibrator.
        method: One of `mien.recognition.conformal.SET_METHODS`.
        coverage: Share of rows whose set shall hold the right class, between 0 and 1.

    Raises:
        DataError: If there is no such calibrator.
        ModelFileError: If the method is unknown, or the coverage does not lie between 0 and 1.
        ProtocolError: If the answers are of another split.
    """
    if chosen_on.split != "validation":
        raise ProtocolError(f"sets are fitted on validation; these answers are of {chosen_on.split}")
    if len(chosen_on) == 1:  # one row says nothing
        return ConformalSets(method, coverage, 1.0)
    known = cross_fit(chosen_on, deal_evenly(chosen_on.labels), calibrator=calibrator)
    return fit_sets(known, chosen_on.labels, method=method, coverage=coverage)


def measure_sets(sets: ConformalSets, predictions: Predictions) -> SetFigures:
    """Return what sets do on rows that they were not fitted on.

    Args:
        sets: The sets.
        predictions: Calibrated as those were that they were fitted on.
    """
    members = sets.select(predictions.probabilities)
    return count_members(members, predictions, method=sets.method, coverage=sets.coverage, quantile=sets.quantile)


def fit_and_measure_sets(chosen_on: Predictions, judged: Predictions, *, calibrator: str) -> list[SetFigures]:
    """Return what the sets of every method, fitted on one split for a coverage of 90 %, do on another.

    Args:
        chosen_on: What a model answered on validation, uncalibrated.
        judged: What it answered on the split that judges it, calibrated.
        calibrator: Name of the calibrator.

    Raises:
        ProtocolError: If `chosen_on` is of another split.
    """
    return [
        measure_sets(fit_sets_for(chosen_on, calibrator=calibrator, method=method), judged) for method in SET_METHODS
    ]


def count_members(
    members: NDArray[np.bool_],
    predictions: Predictions,
    *,
    method: str,
    coverage: float,
    quantile: float | None = None,
) -> SetFigures:
    """Return how often sets hold the right class and how large they are.

    Args:
        members: Which classes each row's set holds, shape ``(N, C)``, bool.
        predictions: The rows, with their labels.
        method: How classes were scored.
        coverage: Coverage asked for, 0 to 1.
        quantile: Largest score of a class in a set, if there was one for all rows.
    """
    labels = predictions.labels
    is_covered = members[np.arange(len(labels)), labels]
    of_class = {name: is_covered[labels == index] for index, name in enumerate(predictions.expressions)}
    sizes = members.sum(axis=1)
    return SetFigures(
        method=method,
        asked=coverage,
        quantile=quantile,
        num_rows=len(labels),
        coverage=float(is_covered.mean()),
        coverage_interval=wilson_interval(int(is_covered.sum()), len(labels)),
        mean_size=float(sizes.mean()),
        share_empty=float((sizes == 0).mean()),
        coverage_per_class={name: float(rows.mean()) if len(rows) else None for name, rows in of_class.items()},
    )
