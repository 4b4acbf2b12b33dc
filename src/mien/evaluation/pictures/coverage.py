"""Accuracy against coverage: what withholding the least sure answers brings."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.evaluation.pictures.frame import WIDTH_INCHES, save_titled
from mien.metrics.coverage import CoverageCurve, coverage_curve
from mien.metrics.figures import Figures
from mien.metrics.intervals import wilson_interval
from mien.metrics.predictions import Predictions
from mien.plotting import BLUE, GREY, ORANGE, TEAL, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAND_POINTS = 200


def draw_coverage_curve(predictions: Predictions, file: Path, *, figures: Figures) -> Path:
    """Write accuracy against coverage as a PNG picture 900 pixels wide, with the area under the curve.

    Args:
        predictions: What the model answered.
        file: File to write.
        figures: The figures of these predictions, for the title.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    return save_titled(plot_coverage_curve(predictions), file, figures=figures)


def plot_coverage_curve(predictions: Predictions) -> "Figure":
    """Return the picture that `draw_coverage_curve` writes, without its title.

    Args:
        predictions: What the model answered.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    picture = new_figure(WIDTH_INCHES, 0.75 * WIDTH_INCHES)
    axes = picture.add_subplot()
    curve = coverage_curve(predictions)
    lowest = _lowest(curve)
    _draw_curve(axes, curve, title="all rows", colour=BLUE)
    has_no_copy = ~predictions.has_copy_in_training
    if has_no_copy.any():
        without_copy = coverage_curve(predictions.select(has_no_copy))
        lowest = min(lowest, _lowest(without_copy))
        _draw_curve(axes, without_copy, title="without a copy in training", colour=TEAL)
    axes.plot(curve.coverage, curve.best_accuracy, ":", color=GREY, linewidth=2, label="all rows, best possible order")
    axes.axhline(curve.accuracy[-1], color=ORANGE, linestyle="--", linewidth=1.5, label="all rows, in random order")
    axes.set(xlim=(0, 1), ylim=(max(0.0, lowest - 0.1), 1.005))
    axes.set_xlabel("coverage: share of the rows answered, the surest first", fontsize=13)
    axes.set_ylabel("accuracy of these answers", fontsize=13)
    axes.tick_params(labelsize=12)
    picture.legend(loc="outside lower center", ncols=2, fontsize=12, frameon=False)
    return picture


def _lowest(curve: CoverageCurve) -> float:
    """Return the lowest accuracy where the curve does not stand on a few rows alone."""
    return float(curve.accuracy[curve.coverage >= 0.1].min())


def _draw_curve(axes: "Axes", curve: CoverageCurve, *, title: str, colour: str) -> None:
    axes.plot(curve.coverage, curve.accuracy, color=colour, linewidth=2.5, label=f"{title}, area {curve.area:.4f}")
    num_rows = len(curve.coverage)
    shown = np.unique(np.linspace(1, num_rows, min(num_rows, _BAND_POINTS)).astype(int))
    ends = np.array([wilson_interval(round(curve.accuracy[count - 1] * count), int(count)) for count in shown])
    axes.fill_between(shown / num_rows, ends[:, 0], ends[:, 1], color=colour, alpha=0.15, linewidth=0)
