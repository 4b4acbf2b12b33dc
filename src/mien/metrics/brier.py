"""The Brier score: how far the probabilities of a row lie from the truth, squared."""

import numpy as np
from numpy.typing import NDArray

from mien.metrics.classification import check_probabilities


def brier_score(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the mean over the rows of the squared differences from the truth, summed over all classes, 0 to 2.

    Source: Brier, "Verification of forecasts expressed in terms of probability", 1950, equation 2,
    https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. It is the sum over the classes, also where
    there are two: some divide by two then.

    Args:
        probabilities: Shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a class lies outside the range.

    Example:
        >>> brier_score(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1]))
        0.3125
    """
    return float(brier_scores(probabilities, labels).mean())


def brier_scores(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the `brier_score` of each row, shape ``(N,)``.

    Args:
        probabilities: Shape ``(N, C)``, rows that sum to 1.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.

    Raises:
        DataError: If the shapes do not agree, there are no rows, or a class lies outside the range.

    Example:
        >>> brier_scores(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1]))
        array([0.5  , 0.125])
    """
    check_probabilities(probabilities, labels)
    differences = probabilities.astype(np.float64)
    differences[np.arange(len(labels)), labels] -= 1
    result: NDArray[np.float64] = (differences**2).sum(axis=1)
    return result
