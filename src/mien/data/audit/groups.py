"""Rows in groups: which is a group's first, and which splits hold another of the same group.

A group is a number a row; rows below 0 belong to none. The audit and cleaning count with these functions.
"""

import numpy as np
from numpy.typing import NDArray


def is_repeated(groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows come after another one of their group.

    Args:
        groups: Group of each row, shape ``(N,)``; below 0 for none.
    """
    result = np.ones(len(groups), dtype=bool)
    result[np.unique(groups, return_index=True)[1]] = False
    return result & (groups >= 0)


def sizes_of(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many rows each row's group has, itself included; 1 for a row of none.

    Args:
        groups: Group of each row, shape ``(N,)``; below 0 for none.
    """
    _, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
    result: NDArray[np.int64] = np.where(groups >= 0, counts[places], 1)
    return result


def has_other_in(groups: NDArray[np.int64], is_inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows have another row of their group among those marked.

    Args:
        groups: Group of each row, shape ``(N,)``; below 0 for none.
        is_inside: The marked rows, shape ``(N,)``.
    """
    values, places = np.unique(groups, return_inverse=True)
    inside = np.bincount(places[is_inside], minlength=len(values))
    result: NDArray[np.bool_] = (inside[places] - is_inside > 0) & (groups >= 0)
    return result


def join_pairs(num_rows: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return groups from pairs; rows that a chain of pairs joins share one.

    Args:
        num_rows: How many rows there are.
        first: One row of each pair, shape ``(P,)``.
        second: The other, shape ``(P,)``.

    Returns:
        Group of each row, shape ``(num_rows,)``, counted from 0 in order of first appearance; -1 without a pair.

    Example:
        >>> join_pairs(5, np.array([0, 3]), np.array([3, 4])).tolist()
        [0, -1, -1, 0, 0]
    """
    leaders = list(range(num_rows))

    def lead(row: int) -> int:
        while leaders[row] != row:
            leaders[row] = leaders[leaders[row]]
            row = leaders[row]
        return row

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((lead(one), lead(other)))
        leaders[high] = low
    result = np.full(num_rows, -1, dtype=np.int64)
    paired = np.unique(np.concatenate([first, second]))
    result[paired] = np.unique([lead(row) for row in paired.tolist()], return_inverse=True)[1]
    return result
