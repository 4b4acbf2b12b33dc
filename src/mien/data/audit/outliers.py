"""Outliers by the box-and-whisker rule: values beyond the quartiles by more than 1.5 times the box between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OUTLIER_MEASURES: tuple[str, ...] = ("brightness", "contrast")
"""Measures of a picture that the rule looks at."""

REACH = 1.5
"""How far the whiskers reach, in heights of the box."""


@dataclass(frozen=True)
class Whiskers:
    """Five numbers of a box plot; values below `low` or above `high` are outliers.

    Args:
        low: First quartile less `REACH` times the distance of the quartiles.
        quartile_1: A quarter of the values lies below.
        median: Half of the values lie below.
        quartile_3: A quarter of the values lies above.
        high: Third quartile and as much more.
    """

    low: float
    quartile_1: float
    median: float
    quartile_3: float
    high: float


def find_whiskers(values: NDArray[np.floating], *, reach: float = REACH) -> Whiskers:
    """Return quartiles and whiskers of the values that are numbers.

    Source: Tukey, "Exploratory Data Analysis", 1977; quartiles interpolated linearly, as NumPy and pandas do.

    Args:
        values: Shape ``(N,)``; NaN is left out.
        reach: How far the whiskers reach, in heights of the box.

    Returns:
        All NaN where there are no values.
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return Whiskers(*[float("nan")] * 5)
    lower, median, upper = np.percentile(known, [25, 50, 75])
    box = upper - lower
    return Whiskers(float(lower - reach * box), float(lower), float(median), float(upper), float(upper + reach * box))


def mark_outliers(values: NDArray[np.floating], whiskers: Whiskers) -> NDArray[np.str_]:
    """Return ``low``, ``high`` or nothing for each value.

    Args:
        values: Shape ``(N,)``; NaN is no outlier.
        whiskers: The thresholds.
    """
    marks = np.full(len(values), "", dtype="U4")
    marks[values < whiskers.low] = "low"
    marks[values > whiskers.high] = "high"
    return marks
