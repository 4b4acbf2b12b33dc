"""How far a network's confidence lies from its accuracy; figures and the reliability diagram use these bins."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError

NUM_BINS = 15


@dataclass(frozen=True)
class CalibrationBin:
    """The rows whose confidence lies in one range.

    Args:
        lower: Confidence above which the bin begins, not included.
        upper: Confidence at which it ends, included.
        num_rows: Number of rows in it.
        confidence: Their mean confidence, 0 to 1; NaN without rows.
        accuracy: The share of them answered rightly, 0 to 1; NaN without rows.
    """

    lower: float
    upper: float
    num_rows: int
    confidence: float
    accuracy: float


def calibration_bins(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, num_bins: int = NUM_BINS
) -> tuple[CalibrationBin, ...]:
    """Return the rows counted in bins of equal width over the confidence, the largest probability of a row.

    Args:
        probabilities: Shape ``(N, C)``, values in 0 to 1.
        labels: True classes, shape ``(N,)``.
        num_bins: Number of bins between 0 and 1.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or there is no bin.

    Example:
        >>> bins = calibration_bins(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]), num_bins=2)
        >>> bins[1].num_rows, round(bins[1].confidence, 2), bins[1].accuracy
        (2, 0.85, 0.5)
    """
    _check(probabilities, labels, num_bins=num_bins)
    confidences = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, num_bins + 1)
    bin_of_row = bins_of_rows(confidences, num_bins=num_bins)
    return tuple(
        _summary(confidences[bin_of_row == index], is_right[bin_of_row == index], lower=lower, upper=upper)
        for index, (lower, upper) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    )


def bins_of_rows(confidences: NDArray[np.float64], *, num_bins: int = NUM_BINS) -> NDArray[np.int64]:
    """Return the bin that each row lies in, shape ``(N,)``, 0 to ``num_bins - 1``; a bin includes its upper edge.

    Args:
        confidences: Largest probability of each row, shape ``(N,)``.
        num_bins: Number of bins of equal width between 0 and 1.

    Example:
        >>> bins_of_rows(np.array([0.0, 0.5, 0.51, 1.0]), num_bins=2)
        array([0, 0, 1, 1])
    """
    edges = np.linspace(0.0, 1.0, num_bins + 1)
    result: NDArray[np.int64] = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, num_bins - 1)
    return result


def error_of_bins(bins: tuple[CalibrationBin, ...]) -> float:
    """Return the distance between confidence and accuracy averaged over the rows of the bins, 0 to 1.

    Args:
        bins: Bins as `calibration_bins` gives them.

    Raises:
        DataError: If the bins hold no rows.

    Example:
        >>> error_of_bins((CalibrationBin(0.0, 0.5, 0, math.nan, math.nan), CalibrationBin(0.5, 1.0, 4, 0.75, 0.5)))
        0.25
    """
    num_rows = sum(each.num_rows for each in bins)
    if not num_rows:
        raise DataError("the calibration bins hold no rows")
    return sum(each.num_rows * abs(each.confidence - each.accuracy) for each in bins if each.num_rows) / num_rows


def expected_calibration_error(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, num_bins: int = NUM_BINS
) -> float:
    """Return the expected calibration error over bins of equal width, 0 to 1.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, equation 3,
    https://arxiv.org/abs/1706.04599; a bin includes its upper edge, as there.

    Args:
        probabilities: Shape ``(N, C)``, values in 0 to 1.
        labels: True classes, shape ``(N,)``.
        num_bins: Number of bins between 0 and 1; the literature mostly uses 15.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or there is no bin.

    Example:
        >>> round(expected_calibration_error(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0])), 4)
        0.45
    """
    return error_of_bins(calibration_bins(probabilities, labels, num_bins=num_bins))


def _summary(
    confidences: NDArray[np.float64], is_right: NDArray[np.bool_], *, lower: float, upper: float
) -> CalibrationBin:
    if not len(confidences):
        return CalibrationBin(lower, upper, 0, math.nan, math.nan)
    return CalibrationBin(lower, upper, len(confidences), float(confidences.mean()), float(is_right.mean()))


def _check(probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, num_bins: int) -> None:
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise DataError(
            f"probabilities have shape {probabilities.shape} and labels {labels.shape}; expected (N, C) and (N,)"
        )
    if not len(labels):
        raise DataError("there are no rows to compute a figure from")
    if num_bins < 1:
        raise DataError(f"num_bins is {num_bins}; expected at least 1")
