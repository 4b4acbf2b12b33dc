"""Whether the right class is among the most probable ones."""

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.classification import check_probabilities


def top_k_accuracy(probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, k: int = 2) -> float:
    """Return the share of rows whose right class is among the ``k`` most probable, 0 to 1.

    Args:
        probabilities: Shape ``(N, C)``.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.
        k: How many classes count.

    Raises:
        DataError: If the shapes do not agree, there are no rows, a class lies outside the range, or ``k`` is below 1.

    Example:
        >>> top_k_accuracy(np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 2]))
        0.5
    """
    return float(is_among_top(probabilities, labels, k=k).mean())


def is_among_top(probabilities: NDArray[np.floating], labels: NDArray[np.int64], *, k: int = 2) -> NDArray[np.bool_]:
    """Return whether each row's right class is among the ``k`` most probable, shape ``(N,)``, bool.

    Of equally probable classes the earlier comes first, so that the first of them is the answer.
    Differs: scikit-learn puts the later first.

    Args:
        probabilities: Shape ``(N, C)``.
        labels: True classes, shape ``(N,)``, integers in 0 to ``C - 1``.
        k: How many classes count.

    Raises:
        DataError: If the shapes do not agree, there are no rows, a class lies outside the range, or ``k`` is below 1.

    Example:
        >>> is_among_top(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]]), np.array([1, 2]), k=1)
        array([False, False])
    """
    check_probabilities(probabilities, labels)
    if k < 1:
        raise DataError(f"k is {k}; expected at least 1")
    right = np.take_along_axis(probabilities, labels[:, None], axis=1)
    is_earlier = np.arange(probabilities.shape[1]) < labels[:, None]
    num_before = ((probabilities > right) | ((probabilities == right) & is_earlier)).sum(axis=1)
    result: NDArray[np.bool_] = num_before < k
    return result
