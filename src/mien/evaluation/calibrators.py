"""Fitting on the validation split what makes a model's probabilities mean something: a calibrator and a threshold.

Export writes both into the model file; `mien.recognition.calibrators` applies them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError, suggest
from mien.metrics.intervals import wilson_interval
from mien.recognition.calibrators import (
    CALIBRATORS,
    Calibrator,
    IsotonicRegression,
    NoCalibrator,
    Temperature,
    VectorScaling,
    log_probabilities,
)

LOWEST_TEMPERATURE = 0.05
HIGHEST_TEMPERATURE = 20.0
MOST_KNOTS = 100
"""Knots of a class's isotonic curve at most, and so the size of the model file."""
_KNOT_DIGITS = 6
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class UnsureThreshold:
    """The confidence below which an answer is called unsure, and what it does on the rows it was chosen on.

    Args:
        threshold: An answer is unsure if its largest probability is below this, 0 to 1.
        accuracy: Share of the other answers that are right on those rows, 0 to 1; NaN if there is none.
        accuracy_interval: Its 95 % Wilson interval; both NaN if there is none.
        coverage: Share of the rows whose answer is not unsure, 0 to 1.
        is_reached: Whether the accuracy asked for was reached; if not, the threshold is 1.
    """

    threshold: float
    accuracy: float
    accuracy_interval: tuple[float, float]
    coverage: float
    is_reached: bool


def check_calibrator(name: str) -> None:
    """Raise unless there is a calibrator of that name.

    Args:
        name: Name of a calibrator.

    Raises:
        DataError: If there is none; the line suggests one.
    """
    if name not in CALIBRATORS:
        raise DataError(f"unknown calibrator {name!r}{suggest(name, CALIBRATORS)}")


def fit_calibrator(name: str, probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> Calibrator:
    """Return a calibrator, fitted.

    Args:
        name: One of `mien.recognition.calibrators.CALIBRATORS`.
        probabilities: On the validation split, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.

    Raises:
        DataError: If the name is unknown, the shapes do not agree, there are no rows, or a label is no class.
    """
    check_calibrator(name)
    return _FITTERS[name](probabilities, labels)


def fit_temperature(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the temperature that makes the log loss smallest: above 1 for a network that is too sure of itself.

    Log-probabilities stand for the logits, from which they differ by a constant a row. The log loss is convex in
    ``1 / T``, so a golden-section search over ``log T`` finds the minimum between 0.05 and 20.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2,
    https://arxiv.org/abs/1706.04599.

    Args:
        probabilities: On the validation split, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.

    Returns:
        The temperature, within about a millionth of itself.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a label is no class.

    Example:
        >>> probabilities = np.array([[0.9, 0.1]] * 4)  # says 90 %, is right in 75 %
        >>> round(fit_temperature(probabilities, np.array([0, 0, 0, 1])), 4)
        2.0
    """
    check_rows(probabilities, labels)
    scores = log_probabilities(probabilities)
    low, high = math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    while high - low > 1e-6:
        inner_low, inner_high = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(scores / math.exp(inner_low), labels) < _loss(scores / math.exp(inner_high), labels):
            high = inner_high
        else:
            low = inner_low
    return math.exp((low + high) / 2)


def fit_vector_scaling(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, strength: float = 1.0
) -> VectorScaling:
    """Return a scale and a bias for each class that make the log loss small without leaving the temperature for little.

    What is smallest is the log loss summed over rows plus ``strength`` times the squares of the biases and of the
    scales' deviations, in proportion, from that of the temperature: few rows stay near it, many say what they say.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2,
    https://arxiv.org/abs/1706.04599. Differs: regularised, and log-probabilities are scaled in place of logits.

    Args:
        probabilities: On the validation split, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.
        strength: Weight of the squares; 0 leaves the log loss alone.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a label is no class.
    """
    from scipy.optimize import minimize

    temperature = fit_temperature(probabilities, labels)
    scores = log_probabilities(probabilities) / temperature
    num_rows, num_classes = scores.shape
    is_true = np.eye(num_classes, dtype=bool)[labels]

    def loss_and_gradient(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        deviation, bias = values[:num_classes], values[num_classes:]
        logs = _log_softmax(scores * (1 + deviation) + bias)
        slope = np.exp(logs) - is_true
        gradient = np.concatenate([(slope * scores).sum(axis=0), slope.sum(axis=0)]) + 2 * strength * values
        loss = strength * float(values @ values) - float(logs[is_true].sum())
        return loss / num_rows, gradient / num_rows

    options = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-7}
    start = np.zeros(2 * num_classes)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x
    scale = (1 + found[:num_classes]) / temperature
    return VectorScaling(tuple(scale.tolist()), tuple(found[num_classes:].tolist()))


def fit_isotonic_regression(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> IsotonicRegression:
    """Return the rising curve for each class that is closest to who is of that class and who is not.

    Knots are rounded to 6 digits; of more than 100 those that stand evenly among them are kept. The curve of a class
    without a row is 0 everywhere: the class is never answered.

    Source: Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", 2002,
    section 5.1, https://doi.org/10.1145/775047.775151.

    Args:
        probabilities: On the validation split, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a label is no class.
    """
    from sklearn.isotonic import IsotonicRegression as OneCurve

    check_rows(probabilities, labels)
    inputs, outputs = [], []
    for number, column in enumerate(probabilities.T.astype(np.float64)):
        curve = OneCurve(y_min=0.0, y_max=1.0).fit(column, labels == number)
        x, y = _limit_knots(curve.X_thresholds_, curve.y_thresholds_)
        inputs.append(tuple(x.tolist()))
        outputs.append(tuple(y.tolist()))
    return IsotonicRegression(tuple(inputs), tuple(outputs))


_FITTERS: dict[str, Callable[[NDArray[np.floating], NDArray[np.int64]], Calibrator]] = {
    "none": lambda probabilities, labels: NoCalibrator(),
    "temperature": lambda probabilities, labels: Temperature(fit_temperature(probabilities, labels)),
    "vector": fit_vector_scaling,
    "isotonic": fit_isotonic_regression,
}


def choose_unsure_threshold(
    probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, accuracy_above: float = 0.8
) -> UnsureThreshold:
    """Return the smallest confidence such that the answers at or above it reach an accuracy.

    The accuracy holds on the rows given, exactly. On other rows of the same kind it holds about as well as the
    interval says; on other kinds of pictures nothing is guaranteed. If no threshold reaches it, `is_reached` is
    False and the threshold is 1.

    Args:
        probabilities: On the validation split and calibrated, shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, int64.
        accuracy_above: Accuracy to reach, above 0 and at most 1.

    Raises:
        DataError: If the shapes do not agree, there are no rows, a label is no class, or the accuracy is impossible.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
        >>> chosen = choose_unsure_threshold(probabilities, np.array([0, 0, 1, 1]), accuracy_above=0.6)
        >>> chosen.threshold, chosen.coverage, round(chosen.accuracy, 3)
        (0.7, 0.75, 0.667)
    """
    check_rows(probabilities, labels)
    if not 0 < accuracy_above <= 1:
        raise DataError(f"accuracy_above is {accuracy_above}; expected a number above 0 and at most 1")
    confidences = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences, num_right = confidences[order], np.cumsum(is_right[order])
    # Rows of equal confidence stay together: only the last of them is a place to cut.
    is_cut = np.append(sorted_confidences[1:] < sorted_confidences[:-1], True)
    cuts = np.flatnonzero(is_cut & (num_right >= accuracy_above * np.arange(1, len(labels) + 1)))
    threshold = float(sorted_confidences[cuts[-1]]) if len(cuts) else 1.0
    return _describe(threshold, is_right[confidences >= threshold], num_rows=len(labels), is_reached=bool(len(cuts)))


def _describe(threshold: float, sure: NDArray[np.bool_], *, num_rows: int, is_reached: bool) -> UnsureThreshold:
    num_right = int(sure.sum())
    interval = wilson_interval(num_right, len(sure)) if len(sure) else (math.nan, math.nan)
    accuracy = num_right / len(sure) if len(sure) else math.nan
    return UnsureThreshold(threshold, accuracy, interval, len(sure) / num_rows, is_reached)


def _limit_knots(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return knots rounded, those that rounding made one with the mean of what they become, and not too many."""
    rounded, knot_of = np.unique(np.round(x, _KNOT_DIGITS), return_inverse=True)
    means = np.round(np.bincount(knot_of, weights=y) / np.bincount(knot_of), _KNOT_DIGITS)
    kept = np.unique(np.linspace(0, len(rounded) - 1, min(len(rounded), MOST_KNOTS)).round().astype(np.int64))
    return rounded[kept], means[kept]


def _loss(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the log loss of the softmax of logits."""
    return float(-np.mean(_log_softmax(logits)[np.arange(len(labels)), labels]))


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = logits - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return result


def check_rows(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> None:
    """Raise unless there is a label that is a class for each row of probabilities, and at least one row.

    Args:
        probabilities: Shape ``(N, C)``.
        labels: True classes, shape ``(N,)``, int64.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a label is no class.
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise DataError(
            f"probabilities have shape {probabilities.shape} and labels {labels.shape}; expected (N, C) and (N,), N > 0"
        )
    if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise DataError(f"labels lie in {labels.min()}..{labels.max()}; expected 0..{probabilities.shape[1] - 1}")
