"""Which calibrator suits a run, and what conformal sets do on it, measured by cross-fitting on validation alone.

Every row is calibrated by what was fitted on other rows. `mien calibrate` prints it; nothing here touches test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.data.splits import deal_folds
from mien.evaluation.calibrators import check_calibrator, fit_calibrator
from mien.evaluation.conformal import SetFigures, count_members, fit_sets_for
from mien.evaluation.cross_fitting import cross_fit
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import predict_split
from mien.evaluation.protocol import check_may_choose
from mien.evaluation.tables import percent
from mien.metrics.brier import brier_score
from mien.metrics.calibration_error import expected_calibration_error
from mien.metrics.classification import log_loss
from mien.metrics.predictions import Predictions
from mien.recognition.calibrators import CALIBRATORS, log_probabilities
from mien.recognition.conformal import SET_METHODS
from mien.training.training_data import read_training_data

NUM_FOLDS = 5
COVERAGES: tuple[float, ...] = (0.8, 0.9, 0.95)


@dataclass(frozen=True)
class CalibratorFigures:
    """What a calibrator makes of rows that it was not fitted on.

    Args:
        name: Name of the calibrator.
        log_loss: Mean negative natural logarithm of the right class's probability, in nats.
        expected_calibration_error: Over 15 bins of equal width, 0 to 1.
        brier_score: Mean squared distance of a row's probabilities from the truth, summed over classes, 0 to 2.
        accuracy: Share of rows answered rightly, 0 to 1.
    """

    name: str
    log_loss: float
    expected_calibration_error: float
    brier_score: float
    accuracy: float


@dataclass(frozen=True)
class CalibrationReport:
    """What was measured of a run's calibration.

    Args:
        calibrators: The figures of every calibrator, over five folds.
        best: The one with the smallest log loss; of equal ones that which changes least.
        calibrator: The one under the sets.
        sets: The figures of every kind of set and coverage, over two halves.
    """

    calibrators: tuple[CalibratorFigures, ...]
    best: str
    calibrator: str
    sets: tuple[SetFigures, ...]

    def calibrator_rows(self) -> list[list[str]]:
        """Return the figures of the calibrators as rows of text, the header first."""
        header = ["calibrator", "log loss", "calibration error", "Brier score", "accuracy"]
        return [header] + [
            [
                each.name,
                f"{each.log_loss:.4f}",
                percent(each.expected_calibration_error),
                f"{each.brier_score:.4f}",
                percent(each.accuracy),
            ]
            for each in self.calibrators
        ]


def measure_calibration(
    run: JudgedModel,
    *,
    views: Sequence[str] | None = None,
    average: str = "logits",
    calibrator: str | None = None,
    seed: int = 0,
) -> CalibrationReport:
    """Return every calibrator's figures on a run's validation split, and those of conformal sets on one of them.

    Args:
        run: A trained run, or an ensemble.
        views: Views to average; None takes the recipe's.
        average: Whether ``logits`` are averaged over views or ``probabilities``.
        calibrator: The calibrator under the sets; None takes the one with the smallest log loss.
        seed: Seed by which rows are dealt into folds and halves.

    Raises:
        ProtocolError: If the run was trained on validation, or the data set is not the run's.
        DataError: If the data set cannot be read, has too few validation rows, or there is no such calibrator.
    """
    if calibrator is not None:
        check_calibrator(calibrator)
    face_set = read_training_data(run.recipe.data).face_set
    check_may_choose(run.facts["splits_seen"], "validation", model=run.recipe.name, data_set=face_set.name)
    predictions = predict_split(run, face_set, "validation", views=views, average=average)
    validation = face_set.split("validation")
    folds, halves = (deal_folds(validation, number, of=("validation",), seed=seed) for number in (NUM_FOLDS, 2))
    compared = compare_calibrators(predictions, folds)
    best = min(compared, key=lambda each: each.log_loss).name
    chosen = calibrator or best
    sets = tuple(
        cross_fit_sets(predictions, halves, calibrator=chosen, method=method, coverage=coverage)
        for method in SET_METHODS
        for coverage in COVERAGES
    )
    return CalibrationReport(compared, best, chosen, sets)


def compare_calibrators(predictions: Predictions, folds: NDArray[np.int64]) -> tuple[CalibratorFigures, ...]:
    """Return the figures of every calibrator where each fold is calibrated by what was fitted on the others.

    Args:
        predictions: Uncalibrated, on validation.
        folds: The fold of each row, counted from 0, shape ``(N,)``.

    Raises:
        DataError: If there is but one fold.
    """
    return tuple(
        _figures(name, cross_fit(predictions, folds, calibrator=name), predictions.labels) for name in CALIBRATORS
    )


def cross_fit_sets(
    predictions: Predictions, folds: NDArray[np.int64], *, calibrator: str, method: str, coverage: float
) -> SetFigures:
    """Return what conformal sets do where calibrator and quantile are fitted on the other folds.

    Args:
        predictions: Uncalibrated, on validation.
        folds: The fold of each row, two halves mostly, shape ``(N,)``.
        calibrator: Name of a calibrator.
        method: One of `mien.recognition.conformal.SET_METHODS`.
        coverage: Share of rows whose set shall hold the right class, between 0 and 1.

    Raises:
        DataError: If there is but one fold, or no such calibrator.
        ModelFileError: If the method is unknown, or the coverage does not lie between 0 and 1.
    """
    members = np.zeros(predictions.probabilities.shape, dtype=bool)
    for fold in np.unique(folds):
        others = predictions.select(folds != fold)
        fitted = fit_calibrator(calibrator, others.probabilities, others.labels)
        sets = fit_sets_for(others, calibrator=calibrator, method=method, coverage=coverage)
        new = fitted.apply(log_probabilities(predictions.probabilities[folds == fold]))
        members[folds == fold] = sets.select(new)
    return count_members(members, predictions, method=method, coverage=coverage)


def set_rows(measured: Sequence[SetFigures]) -> list[list[str]]:
    """Return figures of sets as rows of text, the header first: coverage of all rows and of each class, sizes.

    Args:
        measured: At least one, all of one model.
    """
    header = ["sets", "asked", "coverage (95 % interval)", "classes in a set", "empty"]
    rows = [[*header, *measured[0].coverage_per_class]]
    for each in measured:
        low, high = each.coverage_interval
        covered = f"{percent(each.coverage)} ({100 * low:.2f} to {100 * high:.2f})"
        by_class = [percent(math.nan if share is None else share) for share in each.coverage_per_class.values()]
        rows.append(
            [each.method, percent(each.asked), covered, f"{each.mean_size:.2f}", percent(each.share_empty), *by_class]
        )
    return rows


def _figures(name: str, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> CalibratorFigures:
    return CalibratorFigures(
        name=name,
        log_loss=log_loss(probabilities, labels),
        expected_calibration_error=expected_calibration_error(probabilities, labels),
        brier_score=brier_score(probabilities, labels),
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
    )
