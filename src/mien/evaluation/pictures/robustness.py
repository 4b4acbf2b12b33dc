"""Accuracy and calibration error over the strength of each corruption, as small multiples."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.pictures.frame import WIDTH_INCHES, save_picture, title_of
from mien.evaluation.robustness.measuring import CorruptionFigures, RobustnessReport
from mien.metrics.figures import Figures
from mien.plotting import BLUE, GREY, ORANGE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4


def draw_robustness(report: RobustnessReport, file: Path) -> Path:
    """Write accuracy, with its 95 % Wilson interval, and calibration error over strength as a PNG 900 pixels wide.

    Args:
        report: What was measured; the figures on all rows are drawn.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    picture = plot_robustness(report)
    picture.suptitle(title_of(report.clean), fontsize=14)
    return save_picture(picture, file)


def plot_robustness(report: RobustnessReport, *, columns: int = _COLUMNS) -> "Figure":
    """Return the picture that `draw_robustness` writes, without its title.

    Args:
        report: What was measured; the figures on all rows are drawn.
        columns: Most corruptions side by side.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    columns = min(columns, len(report.corruptions))
    lines = -(-len(report.corruptions) // columns)
    picture = new_figure(WIDTH_INCHES, 1.3 + lines * 0.26 * WIDTH_INCHES)
    for place, each in enumerate(report.corruptions, 1):
        axes = picture.add_subplot(lines, columns, place)
        _draw_curves(axes, report.clean, each)
    picture.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=11, frameon=False)
    return picture


def _draw_curves(axes: "Axes", clean: Figures, corruption: CorruptionFigures) -> None:
    strengths = (0.0, *corruption.card.strengths)
    rows = (clean.all_rows, *corruption.rows_of("all_rows"))
    lows, highs = zip(*(each.accuracy_interval for each in rows), strict=True)
    axes.axhline(clean.all_rows.accuracy, color=GREY, linestyle="--", linewidth=1, label="clean accuracy")
    axes.fill_between(strengths, lows, highs, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(
        strengths,
        [each.accuracy for each in rows],
        color=BLUE,
        marker="o",
        markersize=4,
        label="accuracy, 95 % interval",
    )
    errors = [each.expected_calibration_error for each in rows]
    axes.plot(strengths, errors, color=ORANGE, marker="s", markersize=3, label="calibration error")
    axes.set(xlim=(0, 1.04 * strengths[-1]), ylim=(0, 1.04))
    axes.tick_params(labelsize=9)
    axes.set_title(corruption.card.title, fontsize=12)
    axes.set_xlabel(corruption.card.unit.split(",")[0], fontsize=9)
