"""What chance alone does to a figure: an interval for a share, and a test between two models on the same rows."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError

LARGEST_EXACT = 1000
"""Up to so many differing rows McNemar's test is exact; beyond, the chi-squared distribution is as good and faster."""


@dataclass(frozen=True)
class McNemar:
    """McNemar's test between two models on the same rows.

    Args:
        only_first_right: Rows that the first model alone answered rightly.
        only_second_right: Rows that the second model alone answered rightly.
        p_value: Probability of a difference at least as large if both models were equally good, 0 to 1.
        method: ``"exact"`` (binomial) or ``"chi-squared"`` (with continuity correction).
    """

    only_first_right: int
    only_second_right: int
    p_value: float
    method: str


def wilson_interval(num_right: int, num_rows: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the lower and upper end of the Wilson score interval of a share, each 0 to 1.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927,
    https://doi.org/10.1080/01621459.1927.10502953; without continuity correction.

    Args:
        num_right: Rows answered rightly.
        num_rows: Rows in all, at least 1.
        level: Share of such intervals that hold the true value, between 0 and 1.

    Raises:
        DataError: If the counts or the level are impossible.

    Example:
        >>> low, high = wilson_interval(2484, 3589)
        >>> round(low, 4), round(high, 4)
        (0.6768, 0.707)
    """
    if num_rows < 1 or not 0 <= num_right <= num_rows:
        raise DataError(f"{num_right} of {num_rows} rows are right; expected 0 <= right <= rows and at least one row")
    if not 0 < level < 1:
        raise DataError(f"level is {level}; expected a number between 0 and 1")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = num_right / num_rows
    shrink = 1 + z**2 / num_rows
    centre = (share + z**2 / (2 * num_rows)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / num_rows + z**2 / (4 * num_rows**2))
    low = 0.0 if num_right == 0 else centre - half
    high = 1.0 if num_right == num_rows else centre + half
    return low, high


def mcnemar_test(first_is_right: NDArray[np.bool_], second_is_right: NDArray[np.bool_]) -> McNemar:
    """Return McNemar's test: whether two models' accuracies on the same rows differ by more than chance.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions", 1947,
    https://doi.org/10.1007/BF02295996.

    Args:
        first_is_right: Whether the first model answered each row rightly, shape ``(N,)``, bool.
        second_is_right: The same of the second model, rows in the same order.

    Raises:
        DataError: If the two are not masks of one length.

    Example:
        >>> mcnemar_test(np.array([True] * 9 + [False]), np.array([False] * 9 + [True]))
        McNemar(only_first_right=9, only_second_right=1, p_value=0.021484375, method='exact')
    """
    if first_is_right.ndim != 1 or first_is_right.shape != second_is_right.shape:
        raise DataError(
            f"the models answered {first_is_right.shape} and {second_is_right.shape} rows; expected the same"
        )
    if first_is_right.dtype != np.bool_ or second_is_right.dtype != np.bool_:
        raise DataError(f"the masks are {first_is_right.dtype} and {second_is_right.dtype}; expected bool")
    return mcnemar_of_counts(
        int(np.sum(first_is_right & ~second_is_right)), int(np.sum(second_is_right & ~first_is_right))
    )


def mcnemar_of_counts(only_first_right: int, only_second_right: int) -> McNemar:
    """Return McNemar's test from the two counts of rows that one model alone answered rightly.

    Args:
        only_first_right: Rows that the first model alone answered rightly.
        only_second_right: Rows that the second model alone answered rightly.

    Raises:
        DataError: If a count is negative.

    Example:
        >>> mcnemar_of_counts(5, 5).p_value
        1.0
    """
    if only_first_right < 0 or only_second_right < 0:
        raise DataError(f"counts are {only_first_right} and {only_second_right}; expected none below 0")
    num_differing = only_first_right + only_second_right
    if num_differing <= LARGEST_EXACT:
        p_value, method = _binomial_p_value(min(only_first_right, only_second_right), num_differing), "exact"
    else:
        distance = max(abs(only_first_right - only_second_right) - 1, 0)
        p_value, method = math.erfc(math.sqrt(distance**2 / num_differing / 2)), "chi-squared"
    return McNemar(only_first_right, only_second_right, p_value, method)


def _binomial_p_value(smaller: int, num_differing: int) -> float:
    """Return the two-sided probability that one of two equally likely sides gets at most ``smaller``."""
    tail = sum(math.comb(num_differing, count) for count in range(smaller + 1))
    return min(1.0, tail / (1 << max(num_differing - 1, 0)))
