"""``Share``: how many of some rows, told with its interval."""

import math
from dataclasses import dataclass

from mien.metrics.intervals import wilson_interval


@dataclass(frozen=True)
class Share:
    """How many of some rows.

    Args:
        num_right: The rows that count.
        num_rows: All rows.

    Example:
        >>> Share(3, 4).value, Share(0, 0).value
        (0.75, nan)
    """

    num_right: int
    num_rows: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN of no rows."""
        return self.num_right / self.num_rows if self.num_rows else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of its 95 % Wilson interval; NaN of no rows."""
        return wilson_interval(self.num_right, self.num_rows) if self.num_rows else (math.nan, math.nan)
