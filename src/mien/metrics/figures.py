"""``Figures``: everything that is said about a model on a split, for all rows and for those without a training copy.

Computed from ``Predictions`` alone; records, tables and pictures are made of them.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.calibration_error import CalibrationBin, calibration_bins, error_of_bins
from mien.metrics.classification import (
    balanced_accuracy,
    confusion_matrix,
    f1_per_class,
    log_loss,
    macro_f1,
    precision_per_class,
    recall_per_class,
)
from mien.metrics.intervals import wilson_interval
from mien.metrics.predictions import Predictions

KINDS: tuple[str, ...] = ("plain", "choice", "judgement", "held_out")


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
    """

    expression: str
    num_cases: int
    num_answers: int
    precision: float
    recall: float
    f1: float


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
    """

    num_rows: int
    num_right: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    expected_calibration_error: float
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    calibration_bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class Figures:
    """Everything that is said about one model on one split.

    Args:
        kind: ``choice`` (the model was chosen by these figures), ``judgement`` (it was not), ``held_out`` (each row
            was answered by the one of several runs that had not seen it), or ``plain``.
        model: Name of the model.
        data_set: Name of the data set.
        split: Name of the split.
        views: Test-time views whose answers were averaged.
        is_leaky: Whether copies across splits beyond the published ones were allowed.
        all_rows: Figures on all rows.
        rows_without_copy: Figures on the rows without a copy in the training split; None if every row has one.
        unknown_sources: What the model began with of which nobody knows what it has seen.
    """

    kind: str
    model: str
    data_set: str
    split: str
    views: tuple[str, ...]
    is_leaky: bool
    all_rows: RowFigures
    rows_without_copy: RowFigures | None
    unknown_sources: tuple[str, ...] = ()

    @property
    def expressions(self) -> tuple[str, ...]:
        """The class names in label order."""
        return tuple(each.expression for each in self.all_rows.per_class)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures in plain types that JSON knows; a figure without cases is None."""
        result: dict[str, Any] = _plain(asdict(self))
        if not self.unknown_sources:  # which figures did not always have
            del result["unknown_sources"]
        return result

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Figures":
        """Return the figures that `to_dict` gave.

        Args:
            content: What `to_dict` gave, also by way of JSON.

        Raises:
            DataError: If something is missing or of another type.
        """
        try:
            without_copy = content["rows_without_copy"]
            return cls(
                **{**content, "views": tuple(content["views"])}
                | {"unknown_sources": tuple(content.get("unknown_sources", ()))}
                | {"all_rows": _row_figures_from(content["all_rows"])}
                | {"rows_without_copy": None if without_copy is None else _row_figures_from(without_copy)}
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"these are not figures of mien: {type(error).__name__} {error}") from error


def compute_figures(predictions: Predictions, *, kind: str = "plain") -> Figures:
    """Return the figures of a model on a split.

    Nothing is asked about what the model has seen; `mien.evaluation.protocol` does that.

    Args:
        predictions: What the model answered.
        kind: One of ``plain``, ``choice``, ``judgement`` and ``held_out``.

    Raises:
        DataError: If the kind is unknown.
    """
    if kind not in KINDS:
        raise DataError(f"unknown kind of figures {kind!r}; expected {', '.join(KINDS)}")
    has_no_copy = ~predictions.has_copy_in_training
    return Figures(
        kind=kind,
        model=predictions.model,
        data_set=predictions.data_set,
        split=predictions.split,
        views=predictions.views,
        is_leaky=predictions.is_leaky,
        all_rows=_row_figures(predictions),
        rows_without_copy=_row_figures(predictions.select(has_no_copy)) if has_no_copy.any() else None,
        unknown_sources=predictions.unknown_sources,
    )


def _row_figures(predictions: Predictions) -> RowFigures:
    confusion = confusion_matrix(predictions.labels, predictions.predicted, num_classes=len(predictions.expressions))
    bins = calibration_bins(predictions.probabilities, predictions.labels)
    num_rows, num_right = len(predictions), int(np.trace(confusion))
    return RowFigures(
        num_rows=num_rows,
        num_right=num_right,
        accuracy=num_right / num_rows,
        accuracy_interval=wilson_interval(num_right, num_rows),
        balanced_accuracy=balanced_accuracy(confusion),
        macro_f1=macro_f1(confusion),
        log_loss=log_loss(predictions.probabilities, predictions.labels),
        expected_calibration_error=error_of_bins(bins),
        per_class=_class_figures(confusion, predictions.expressions),
        confusion_matrix=tuple(tuple(row) for row in confusion.tolist()),
        calibration_bins=bins,
    )


def _class_figures(confusion: NDArray[np.int64], expressions: tuple[str, ...]) -> tuple[ClassFigures, ...]:
    columns = zip(
        expressions,
        confusion.sum(axis=1).tolist(),
        confusion.sum(axis=0).tolist(),
        precision_per_class(confusion).tolist(),
        recall_per_class(confusion).tolist(),
        f1_per_class(confusion).tolist(),
        strict=True,
    )
    return tuple(ClassFigures(*row) for row in columns)


def _row_figures_from(content: dict[str, Any]) -> RowFigures:
    low, high = content["accuracy_interval"]
    rebuilt: dict[str, Any] = {
        "accuracy_interval": (low, high),
        "per_class": tuple(ClassFigures(**_with_nan(each)) for each in content["per_class"]),
        "confusion_matrix": tuple(tuple(row) for row in content["confusion_matrix"]),
        "calibration_bins": tuple(CalibrationBin(**_with_nan(each)) for each in content["calibration_bins"]),
    }
    return RowFigures(**{**content, **rebuilt})


def _with_nan(content: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in content.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
