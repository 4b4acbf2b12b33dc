"""Copies of one picture whose labels differ."""

import numpy as np
from numpy.typing import NDArray


def has_conflicting_label(groups: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows belong to a group whose labels are not all the same.

    Args:
        groups: Group of each row, shape ``(N,)``; below 0 for none.
        labels: Label of each row, shape ``(N,)``.
    """
    _, places = np.unique(groups, return_inverse=True)
    lowest = np.full(places.max(initial=-1) + 1, np.iinfo(np.int64).max)
    highest = np.full_like(lowest, -1)
    np.minimum.at(lowest, places, labels)
    np.maximum.at(highest, places, labels)
    result: NDArray[np.bool_] = (lowest[places] != highest[places]) & (groups >= 0)
    return result


def count_unequal_pairs(groups: NDArray[np.int64], labels: NDArray[np.int64]) -> int:
    """Return how many pairs of rows of one group have different labels.

    Args:
        groups: Group of each row, shape ``(N,)``; below 0 for none.
        labels: Label of each row, shape ``(N,)``.
    """
    is_known = groups >= 0
    _, of_group = np.unique(groups[is_known], return_counts=True)
    _, of_group_and_label = np.unique(np.stack([groups[is_known], labels[is_known]]), axis=1, return_counts=True)
    return int(_pairs(of_group).sum() - _pairs(of_group_and_label).sum())


def _pairs(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts * (counts - 1) // 2
