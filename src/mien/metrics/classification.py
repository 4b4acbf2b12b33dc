"""Figures of single-label classification, from one confusion matrix, and the log loss.

A class with no cases has no recall and no F1: they are NaN, and averages over classes leave that class out.
"""

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.class_counts import ClassCounts

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
"""A smaller probability of the right class counts as this one in the log loss, as in scikit-learn: it stays finite."""


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], *, num_classes: int) -> NDArray[np.int64]:
    """Return how often each class (row) was answered with each class (column).

    Args:
        labels: True classes, shape ``(N,)``, integers in 0 to ``num_classes - 1``.
        predicted: Answered classes, shape ``(N,)``, integers in the same range.
        num_classes: Number of classes ``C``.

    Returns:
        Counts, shape ``(C, C)``, int64.

    Raises:
        DataError: If the shapes differ, there are no rows, or a class lies outside the range.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), num_classes=2)
        array([[1, 1],
               [0, 1]])
    """
    _check_classes(labels, predicted, num_classes=num_classes)
    cells = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64)


def accuracy(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return the share of rows answered rightly, 0 to 1.

    Args:
        labels: True classes, shape ``(N,)``.
        predicted: Answered classes, shape ``(N,)``.

    Raises:
        DataError: If the shapes differ or there are no rows.

    Example:
        >>> accuracy(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]))
        0.75
    """
    _check_rows(labels, predicted)
    return float(np.mean(labels == predicted))


def support_per_class(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of cases of each class, shape ``(C,)``.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> support_per_class(np.array([[3, 1], [0, 2]]))
        array([4, 2])
    """
    result: NDArray[np.int64] = confusion.sum(axis=1)
    return result


def recall_per_class(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each class's cases that were answered rightly, shape ``(C,)``; NaN for a class with no cases.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> recall_per_class(np.array([[3, 1], [0, 0]]))
        array([0.75,  nan])
    """
    return ClassCounts.of(confusion).recall


def precision_per_class(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each class's answers that were right, shape ``(C,)``; NaN for a class never answered.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> precision_per_class(np.array([[3, 0], [1, 0]]))
        array([0.75,  nan])
    """
    return ClassCounts.of(confusion).precision


def f1_per_class(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each class's harmonic mean of precision and recall, shape ``(C,)``; NaN for a class with no cases.

    Differs: scikit-learn gives 0 to a class that has no cases but was answered.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> f1_per_class(np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]]))
        array([0.75, 0.75,  nan])
    """
    return ClassCounts.of(confusion).f1


def balanced_accuracy(confusion: NDArray[np.int64]) -> float:
    """Return the mean recall over the classes that have cases, 0 to 1.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> balanced_accuracy(np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]]))
        0.625
    """
    return float(ClassCounts.of(confusion).balanced_accuracy)


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Return the mean F1 over the classes that have cases, 0 to 1.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> macro_f1(np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]]))
        0.75
    """
    return float(ClassCounts.of(confusion).macro_f1)


def weighted_f1(confusion: NDArray[np.int64]) -> float:
    """Return the mean F1 of the classes, each weighted by its number of cases, 0 to 1.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> weighted_f1(np.array([[3, 0, 0], [1, 0, 0], [0, 0, 0]]))  # F1 of 6/7 and 0, 3 cases and 1
        0.6428571428571428
    """
    return float(ClassCounts.of(confusion).weighted_f1)


def cohen_kappa(confusion: NDArray[np.int64]) -> float:
    """Return how far the answers agree with the labels beyond chance, at most 1; 0 is what chance gives.

    NaN where all rows are of one class and answered with it: chance alone agrees as much.

    Source: Cohen, "A coefficient of agreement for nominal scales", 1960,
    https://doi.org/10.1177/001316446002000104.

    Args:
        confusion: Counts as `confusion_matrix` gives them, shape ``(C, C)``.

    Example:
        >>> cohen_kappa(np.array([[3, 1], [1, 3]]))
        0.5
    """
    return float(ClassCounts.of(confusion).cohen_kappa)


def log_loss(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the mean negative natural logarithm of the probability given to the right class, in nats.

    Probabilities below `SMALLEST_PROBABILITY` count as that.

    Args:
        probabilities: Shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a class lies outside the range.

    Example:
        >>> round(log_loss(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])), 4)
        0.4904
    """
    return float(log_losses(probabilities, labels).mean())


def log_losses(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the `log_loss` of each row, shape ``(N,)``.

    Args:
        probabilities: Shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a class lies outside the range.

    Example:
        >>> log_losses(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])).round(4)
        array([0.6931, 0.2877])
    """
    check_probabilities(probabilities, labels)
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return -np.log(np.maximum(right, SMALLEST_PROBABILITY))


def check_probabilities(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> None:
    """Raise unless there is a row of probabilities for each label.

    Args:
        probabilities: Expected shape ``(N, C)``.
        labels: Expected shape ``(N,)``, integers in 0 to ``C - 1``.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a class lies outside the range.
    """
    if probabilities.ndim != 2:
        raise DataError(f"probabilities have shape {probabilities.shape}; expected (N, C)")
    _check_classes(labels, probabilities.argmax(axis=1), num_classes=probabilities.shape[1])


def _check_rows(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> None:
    if labels.ndim != 1 or labels.shape != predicted.shape:
        raise DataError(f"labels have shape {labels.shape} and answers {predicted.shape}; expected both (N,)")
    if not len(labels):
        raise DataError("there are no rows to compute a figure from")


def _check_classes(labels: NDArray[np.int64], predicted: NDArray[np.int64], *, num_classes: int) -> None:
    _check_rows(labels, predicted)
    for what, values in (("labels", labels), ("answers", predicted)):
        if not np.issubdtype(values.dtype, np.integer):
            raise DataError(f"{what} are {values.dtype}; expected integers")
        if values.min() < 0 or values.max() >= num_classes:
            raise DataError(f"{what} lie in {values.min()}..{values.max()}; expected 0..{num_classes - 1}")
