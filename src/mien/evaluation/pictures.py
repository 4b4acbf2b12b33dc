"""Pictures of figures: the confusion matrix and the reliability diagram, as PNG files; no face appears in them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.evaluation.tables import percent
from mien.metrics.figures import Figures
from mien.plotting import BLUE, GREY, ORANGE, new_figure, to_png
from mien.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE_INCHES = 9.0


def draw_confusion_matrix(figures: Figures, file: Path) -> Path:
    """Write the confusion matrix as a PNG picture 900 pixels wide: shares of each true class, counts below them.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    counts = np.array(figures.all_rows.confusion_matrix)
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    picture = new_figure(_SIDE_INCHES, _SIDE_INCHES)
    axes = picture.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    _name_classes(axes, figures)
    _write_cells(axes, counts, shares=shares)
    axes.set_title(_title(figures), fontsize=14, pad=14)
    return _save(picture, file)


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
    picture = new_figure(_SIDE_INCHES, _SIDE_INCHES * 0.9)
    upper, lower = picture.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1]})
    _draw_accuracy_over_confidence(upper, figures)
    _draw_rows_over_confidence(lower, figures)
    upper.set_title(_title(figures), fontsize=14, pad=14)
    return _save(picture, file)


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


def _name_classes(axes: "Axes", figures: Figures) -> None:
    places = range(len(figures.expressions))
    axes.set_xticks(places, figures.expressions, fontsize=13, rotation=30, ha="right", rotation_mode="anchor")
    true_names = [f"{each.expression}\n{each.num_cases:,} cases" for each in figures.all_rows.per_class]
    axes.set_yticks(places, true_names, fontsize=13)
    axes.set_xlabel("answered", fontsize=14)
    axes.set_ylabel("true", fontsize=14, labelpad=10)


def _write_cells(axes: "Axes", counts: "np.ndarray", *, shares: "np.ndarray") -> None:
    size = 13 if len(counts) <= 8 else 9
    for (row, column), share in np.ndenumerate(shares):
        has_cases = counts[row].sum() > 0
        text = f"{100 * share:.1f} %\n{counts[row, column]:,}" if has_cases else "–"
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)


def _title(figures: Figures) -> str:
    rows = figures.all_rows
    leaky = ", leaky" if figures.is_leaky else ""
    chosen = ", chosen on it" if figures.kind == "choice" else ""
    return (
        f"{figures.model} on {figures.split} of {figures.data_set}{chosen}{leaky}\n"
        f"{rows.num_rows:,} rows, accuracy {percent(rows.accuracy)}"
    )


def _save(picture: "Figure", file: Path) -> Path:
    return write_atomically(file, to_png(picture))
