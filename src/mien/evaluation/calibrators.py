"""Fitting on the validation split what makes a model's probabilities mean something: a temperature and a threshold.

Export writes both into the model file; recognition applies them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.intervals import wilson_interval

LOWEST_TEMPERATURE = 0.05
HIGHEST_TEMPERATURE = 20.0
_GOLDEN = (math.sqrt(5) - 1) / 2
_SMALLEST = float(np.finfo(np.float32).smallest_normal)


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
    _check(probabilities, labels)
    scores = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    low, high = math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    while high - low > 1e-6:
        inner_low, inner_high = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(scores, labels, log_temperature=inner_low) < _loss(scores, labels, log_temperature=inner_high):
            high = inner_high
        else:
            low = inner_low
    return math.exp((low + high) / 2)


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
    _check(probabilities, labels)
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


def _loss(scores: NDArray[np.float64], labels: NDArray[np.int64], *, log_temperature: float) -> float:
    """Return the log loss of the softmax of scores divided by a temperature."""
    scaled = scores / math.exp(log_temperature)
    scaled -= scaled.max(axis=1, keepdims=True)
    right = scaled[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - right))


def _check(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> None:
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise DataError(
            f"probabilities have shape {probabilities.shape} and labels {labels.shape}; expected (N, C) and (N,), N > 0"
        )
    if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise DataError(f"labels lie in {labels.min()}..{labels.max()}; expected 0..{probabilities.shape[1] - 1}")
