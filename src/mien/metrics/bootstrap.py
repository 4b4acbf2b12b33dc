"""Bootstrap intervals: what every figure becomes when the rows are drawn anew, with replacement, many times.

Two models that answered the same rows in the same order are drawn alike under one seed, so differences are paired.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.brier import brier_scores
from mien.metrics.calibration_error import NUM_BINS, bins_of_rows
from mien.metrics.class_counts import ClassCounts
from mien.metrics.classification import log_losses
from mien.metrics.predictions import Predictions
from mien.metrics.top_k import is_among_top

NUM_DRAWS = 10_000
SEED = 0
BOOTSTRAPPED: tuple[str, ...] = (
    "accuracy",
    "top_2_accuracy",
    "balanced_accuracy",
    "macro_f1",
    "weighted_f1",
    "cohen_kappa",
    "log_loss",
    "brier_score",
    "expected_calibration_error",
)
"""The figures that are drawn, by the names they have in ``RowFigures``."""
_ROWS_AT_A_TIME = 2**18


@dataclass(frozen=True)
class Bootstrap:
    """Percentile intervals of figures.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3,
    https://doi.org/10.1201/9780429246593.

    Args:
        num_draws: How often the rows were drawn.
        seed: Seed of the draws.
        intervals: By the name of a figure the lower and upper end of its 95 % interval; both NaN where no draw has one.
    """

    num_draws: int
    seed: int
    intervals: dict[str, tuple[float, float]]


def bootstrap_intervals(predictions: Predictions, *, num_draws: int = NUM_DRAWS, seed: int = SEED) -> Bootstrap:
    """Return the 95 % percentile intervals of all figures in `BOOTSTRAPPED`.

    Args:
        predictions: What a model answered.
        num_draws: How often to draw the rows.
        seed: Seed of the draws.

    Raises:
        DataError: If ``num_draws`` is below 1.
    """
    drawn = draw_figures(predictions, num_draws=num_draws, seed=seed)
    return Bootstrap(num_draws, seed, {name: percentile_interval(values) for name, values in drawn.items()})


def draw_figures(
    predictions: Predictions, *, num_draws: int = NUM_DRAWS, seed: int = SEED
) -> dict[str, NDArray[np.float64]]:
    """Return every figure in `BOOTSTRAPPED` for each draw of as many rows as there are.

    A class that a draw leaves out counts as one without cases. The draws depend on seed and number of rows alone, and
    are the same under every version of NumPy.

    Args:
        predictions: What a model answered.
        num_draws: How often to draw the rows.
        seed: Seed of the draws.

    Returns:
        By the name of a figure its values, shape ``(num_draws,)``.

    Raises:
        DataError: If ``num_draws`` is below 1.
    """
    if num_draws < 1:
        raise DataError(f"num_draws is {num_draws}; expected at least 1")
    columns = _columns(predictions)
    stacked = np.column_stack(list(columns.values()))
    source = np.random.PCG64(seed)
    at_a_time = max(1, _ROWS_AT_A_TIME // len(predictions))
    sums = np.concatenate(
        [
            _draw_weights(source, min(at_a_time, num_draws - start), num_rows=len(predictions)) @ stacked
            for start in range(0, num_draws, at_a_time)
        ]
    )
    ends = np.cumsum([column.shape[1] for column in columns.values()])[:-1]
    return _figures(dict(zip(columns, np.split(sums, ends, axis=1), strict=True)), num_rows=len(predictions))


def percentile_interval(values: NDArray[np.float64], *, level: float = 0.95) -> tuple[float, float]:
    """Return the ends between which the middle share of drawn values lies; NaN among them is left out.

    Args:
        values: Drawn values, shape ``(num_draws,)``.
        level: Share of the values between the ends, between 0 and 1.

    Returns:
        Lower and upper end; both NaN where every value is.

    Raises:
        DataError: If the level lies outside.

    Example:
        >>> percentile_interval(np.arange(101.0), level=0.5)
        (25.0, 75.0)
    """
    if not 0 < level < 1:
        raise DataError(f"level is {level}; expected a number between 0 and 1")
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2]).tolist()
    return low, high


def accuracy_difference_interval(
    first_is_right: NDArray[np.bool_], second_is_right: NDArray[np.bool_], *, seed: int = SEED
) -> tuple[float, float]:
    """Return the 95 % percentile interval of how far two accuracies on the same rows differ, the first less the second.

    Each of `NUM_DRAWS` draws takes the same rows for both. Only how many rows differ which way matters, so those counts
    are drawn.

    Args:
        first_is_right: Whether the first answered each row rightly, shape ``(N,)``, bool, at least one row.
        second_is_right: The same of the second, rows in the same order.
        seed: Seed of the draws.

    Example:
        >>> accuracy_difference_interval(np.array([True] * 4), np.array([False] * 4))
        (1.0, 1.0)
    """
    differences = first_is_right.astype(np.int64) - second_is_right
    count = len(differences)
    shares = np.array([(differences == value).mean() for value in (-1, 0, 1)])
    drawn = np.random.default_rng(seed).multinomial(count, shares / shares.sum(), size=NUM_DRAWS)
    return percentile_interval((drawn[:, 2] - drawn[:, 0]) / count)


def _columns(predictions: Predictions) -> dict[str, NDArray[np.float64]]:
    """Return what the figures are sums of, each of shape ``(N, ...)``."""
    probabilities, labels = predictions.probabilities, predictions.labels
    classes = np.eye(len(predictions.expressions))
    confidences = probabilities.max(axis=1).astype(np.float64)
    is_right = predictions.is_right
    bins = np.eye(NUM_BINS)[bins_of_rows(confidences)]
    return {
        "right": classes[labels] * is_right[:, None],
        "cases": classes[labels],
        "answers": classes[predictions.predicted],
        "overconfidence": bins * (confidences - is_right)[:, None],
        "is_among_top": is_among_top(probabilities, labels)[:, None].astype(np.float64),
        "log_losses": log_losses(probabilities, labels)[:, None],
        "brier_scores": brier_scores(probabilities, labels)[:, None],
    }


def _draw_weights(source: np.random.PCG64, num_draws: int, *, num_rows: int) -> NDArray[np.float64]:
    """Return how often each row was drawn, shape ``(num_draws, num_rows)``.

    Only the generator's raw numbers are the same in every version of NumPy, so rows are taken from those: the upper 32
    bits, scaled.
    """
    upper_bits = source.random_raw(num_draws * num_rows) >> np.uint64(32)
    rows = ((upper_bits * np.uint64(num_rows)) >> np.uint64(32)).astype(np.int64).reshape(num_draws, num_rows)
    rows += np.arange(num_draws)[:, None] * num_rows
    weights = np.bincount(rows.ravel(), minlength=num_draws * num_rows)
    return weights.reshape(num_draws, num_rows).astype(np.float64)


def _figures(sums: dict[str, NDArray[np.float64]], *, num_rows: int) -> dict[str, NDArray[np.float64]]:
    counts = ClassCounts(sums["right"], sums["cases"], sums["answers"])
    return {
        "accuracy": counts.accuracy,
        "top_2_accuracy": sums["is_among_top"][:, 0] / num_rows,
        "balanced_accuracy": counts.balanced_accuracy,
        "macro_f1": counts.macro_f1,
        "weighted_f1": counts.weighted_f1,
        "cohen_kappa": counts.cohen_kappa,
        "log_loss": sums["log_losses"][:, 0] / num_rows,
        "brier_score": sums["brier_scores"][:, 0] / num_rows,
        "expected_calibration_error": np.abs(sums["overconfidence"]).sum(axis=1) / num_rows,
    }
