"""``RowFigures``: what is said about one set of rows, with its uncertainty; ``Figures`` holds two of them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.metrics.bootstrap import Bootstrap, bootstrap_intervals
from mien.metrics.brier import brier_score
from mien.metrics.calibration_error import CalibrationBin, calibration_bins, error_of_bins
from mien.metrics.class_counts import ClassCounts
from mien.metrics.classification import confusion_matrix, log_loss
from mien.metrics.intervals import wilson_interval
from mien.metrics.predictions import Predictions
from mien.metrics.top_k import top_k_accuracy

Interval = tuple[float, float]
FEWEST_ROWS = 30
"""Figures on fewer rows carry a warning."""


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class.

    Args:
        expression: Name of the class.
        num_cases: Rows of this class.
        num_answers: Rows answered with this class.
        precision: Share of the answers that were right, 0 to 1; NaN without answers.
        recall: Share of the cases that were answered rightly, 0 to 1; NaN without cases.
        f1: Harmonic mean of the two, 0 to 1; NaN without cases.
        precision_interval: The precision's 95 % Wilson interval; None without answers, and in an old record.
        recall_interval: The recall's 95 % Wilson interval; None without cases, and in an old record.
    """

    expression: str
    num_cases: int
    num_answers: int
    precision: float
    recall: float
    f1: float
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None

    @property
    def has_few_cases(self) -> bool:
        """Whether the recall stands on some cases, but on fewer than `FEWEST_ROWS`."""
        return 0 < self.num_cases < FEWEST_ROWS


@dataclass(frozen=True)
class RowFigures:
    """The figures of one set of rows; shares are 0 to 1.

    Args:
        num_rows: Number of rows.
        num_right: Rows answered rightly.
        accuracy: Their share.
        accuracy_interval: Lower and upper end of the accuracy's 95 % Wilson interval.
        balanced_accuracy: Mean recall over the classes with cases.
        macro_f1: Mean F1 over the classes with cases.
        log_loss: Mean negative natural logarithm of the right class's probability, in nats.
        expected_calibration_error: Over 15 bins of equal width.
        per_class: One entry a class, in label order.
        confusion_matrix: Counts, rows the true classes, columns the answers.
        calibration_bins: The bins behind the calibration error.
        top_2_accuracy: Share of the rows whose right class is one of the two most probable. This and what follows is
            NaN or None in an old record.
        weighted_f1: Mean F1 of the classes, weighted by their cases.
        cohen_kappa: Agreement beyond chance, at most 1; NaN where chance alone agrees in all rows.
        brier_score: Squared differences from the truth, summed over the classes, 0 to 2.
        bootstrap: Bootstrap intervals, if they were asked for.
    """

    num_rows: int
    num_right: int
    accuracy: float
    accuracy_interval: Interval
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    expected_calibration_error: float
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    calibration_bins: tuple[CalibrationBin, ...]
    top_2_accuracy: float = math.nan
    weighted_f1: float = math.nan
    cohen_kappa: float = math.nan
    brier_score: float = math.nan
    bootstrap: Bootstrap | None = None

    @property
    def has_few_rows(self) -> bool:
        """Whether these are fewer than `FEWEST_ROWS` rows."""
        return self.num_rows < FEWEST_ROWS

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "RowFigures":
        """Return the figures of rows that ``Figures.to_dict`` holds; whoever calls it explains what is missing.

        Args:
            content: What stands under ``all_rows`` or ``rows_without_copy``.

        Raises:
            AttributeError: If it, or its bootstrap, is no dictionary.
            KeyError: If something is missing.
            TypeError: If something is unknown or of another type.
            ValueError: If an interval has not two ends.
        """
        bootstrap = content.get("bootstrap")
        rebuilt: dict[str, Any] = {
            "accuracy_interval": _interval_from(content["accuracy_interval"]),
            "per_class": tuple(_class_figures_from(each) for each in content["per_class"]),
            "confusion_matrix": tuple(tuple(row) for row in content["confusion_matrix"]),
            "calibration_bins": tuple(CalibrationBin(**_with_nan(each)) for each in content["calibration_bins"]),
            "bootstrap": None if bootstrap is None else _bootstrap_from(bootstrap),
        }
        return cls(**{**_with_nan(content), **rebuilt})


def compute_row_figures(predictions: Predictions, *, num_draws: int = 0) -> RowFigures:
    """Return the figures of one set of rows.

    Args:
        predictions: What a model answered on them.
        num_draws: Draws behind the bootstrap intervals; with 0 there are none.

    Raises:
        DataError: If the number of draws is below 0.
    """
    probabilities, labels = predictions.probabilities, predictions.labels
    confusion = confusion_matrix(labels, predictions.predicted, num_classes=len(predictions.expressions))
    counts = ClassCounts.of(confusion)
    bins = calibration_bins(probabilities, labels)
    num_rows, num_right = len(predictions), int(np.trace(confusion))
    return RowFigures(
        num_rows=num_rows,
        num_right=num_right,
        accuracy=num_right / num_rows,
        accuracy_interval=wilson_interval(num_right, num_rows),
        balanced_accuracy=float(counts.balanced_accuracy),
        macro_f1=float(counts.macro_f1),
        log_loss=log_loss(probabilities, labels),
        expected_calibration_error=error_of_bins(bins),
        per_class=_class_figures(counts, predictions.expressions),
        confusion_matrix=tuple(tuple(row) for row in confusion.tolist()),
        calibration_bins=bins,
        top_2_accuracy=top_k_accuracy(probabilities, labels, k=2),
        weighted_f1=float(counts.weighted_f1),
        cohen_kappa=float(counts.cohen_kappa),
        brier_score=brier_score(probabilities, labels),
        bootstrap=bootstrap_intervals(predictions, num_draws=num_draws) if num_draws else None,
    )


def _class_figures(counts: ClassCounts, expressions: tuple[str, ...]) -> tuple[ClassFigures, ...]:
    cases, answers = counts.cases.tolist(), counts.answers.tolist()
    columns = zip(
        expressions,
        cases,
        answers,
        counts.precision.tolist(),
        counts.recall.tolist(),
        counts.f1.tolist(),
        _intervals(counts.right, answers),
        _intervals(counts.right, cases),
        strict=True,
    )
    return tuple(ClassFigures(*row) for row in columns)


def _intervals(right: NDArray[Any], of: list[int]) -> list[Interval | None]:
    return [wilson_interval(part, whole) if whole else None for part, whole in zip(right.tolist(), of, strict=True)]


def _class_figures_from(content: dict[str, Any]) -> ClassFigures:
    intervals = {
        name: None if content.get(name) is None else _interval_from(content[name])
        for name in ("precision_interval", "recall_interval")
    }
    return ClassFigures(**{**_with_nan(content), **intervals})


def _bootstrap_from(content: dict[str, Any]) -> Bootstrap:
    intervals = {name: _interval_from(each) for name, each in content["intervals"].items()}
    return Bootstrap(**{**content, "intervals": intervals})


def _interval_from(ends: list[float | None]) -> Interval:
    low, high = (math.nan if end is None else end for end in ends)
    return low, high


def _with_nan(content: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in content.items()}
