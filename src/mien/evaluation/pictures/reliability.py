"""The reliability diagram: accuracy over confidence."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.pictures.frame import WIDTH_INCHES, save_titled
from mien.evaluation.tables import percent
from mien.metrics.figures import Figures
from mien.plotting import BLUE, GREY, ORANGE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_reliability_diagram(figures: Figures, file: Path) -> Path:
    """Write the reliability diagram as a PNG picture 900 pixels wide: accuracy over confidence, and the rows behind it.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, figure 1, https://arxiv.org/abs/1706.04599.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    return save_titled(plot_reliability_diagram(figures), file, figures=figures)


def plot_reliability_diagram(figures: Figures) -> "Figure":
    """Return the picture that `draw_reliability_diagram` writes, without its title.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    picture = new_figure(WIDTH_INCHES, 0.9 * WIDTH_INCHES)
    upper, lower = picture.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1]})
    _draw_accuracy_over_confidence(upper, figures)
    _draw_rows_over_confidence(lower, figures)
    return picture


def _draw_accuracy_over_confidence(axes: "Axes", figures: Figures) -> None:
    bins = [each for each in figures.all_rows.calibration_bins if each.num_rows]
    width = figures.all_rows.calibration_bins[0].upper
    middles = [(each.lower + each.upper) / 2 for each in bins]
    axes.bar(middles, [each.accuracy for each in bins], width=0.94 * width, color=BLUE, label="accuracy in the bin")
    axes.plot([0, 1], [0, 1], "--", color=ORANGE, linewidth=2, label="confidence equals accuracy")
    confidences = [each.confidence for each in bins]
    axes.plot(confidences, [each.accuracy for each in bins], "o", color="black", label="mean confidence in the bin")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_ylabel("accuracy", fontsize=13)
    axes.tick_params(labelsize=12)
    error = percent(figures.all_rows.expected_calibration_error)
    axes.legend(loc="upper left", fontsize=12, title=f"expected calibration error {error}", title_fontsize=12)


def _draw_rows_over_confidence(axes: "Axes", figures: Figures) -> None:
    bins = figures.all_rows.calibration_bins
    middles = [(each.lower + each.upper) / 2 for each in bins]
    axes.bar(middles, [each.num_rows for each in bins], width=0.94 * bins[0].upper, color=GREY)
    axes.set_xlabel("confidence", fontsize=13)
    axes.set_ylabel("rows", fontsize=13)
    axes.tick_params(labelsize=12)
