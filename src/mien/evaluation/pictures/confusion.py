"""The confusion matrix, coloured by shares of each true class, or by counts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.pictures.frame import MOST_ROOMY, WIDTH_INCHES, save_titled
from mien.metrics.figures import Figures
from mien.plotting import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
    return save_titled(plot_confusion_matrix(figures), file, figures=figures)


def plot_confusion_matrix(figures: Figures) -> "Figure":
    """Return the picture that `draw_confusion_matrix` writes, without its title.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    counts = np.array(figures.all_rows.confusion_matrix)
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)

    def say(row: int, column: int) -> str:
        share, count = 100 * shares[row, column], counts[row, column]
        return f"{share:.1f} %\n{count:,}" if len(counts) <= MOST_ROOMY else f"{share:.0f} %"

    return _plot(figures, darkness=shares, say=say)


def draw_confusion_counts(figures: Figures, file: Path) -> Path:
    """Write the confusion matrix as a PNG picture 900 pixels wide: counts, so that large classes stand out.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    return save_titled(plot_confusion_counts(figures), file, figures=figures)


def plot_confusion_counts(figures: Figures) -> "Figure":
    """Return the picture that `draw_confusion_counts` writes, without its title.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    counts = np.array(figures.all_rows.confusion_matrix)
    return _plot(figures, darkness=counts / counts.max(), say=lambda row, column: f"{counts[row, column]:,}")


def _plot(figures: Figures, *, darkness: NDArray[np.float64], say: Callable[[int, int], str]) -> "Figure":
    picture = new_figure(WIDTH_INCHES, WIDTH_INCHES)
    axes = picture.add_subplot()
    axes.imshow(darkness, cmap="Blues", vmin=0, vmax=1)
    _name_classes(axes, figures)
    size = 13 if len(darkness) <= MOST_ROOMY else min(9, 180 / len(darkness))
    for (row, column), dark in np.ndenumerate(darkness):
        text = say(row, column) if figures.all_rows.per_class[row].num_cases else "–"
        colour = "white" if dark > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    return picture


def _name_classes(axes: "Axes", figures: Figures) -> None:
    places, names = range(len(figures.expressions)), figures.expressions
    if len(names) <= MOST_ROOMY:
        axes.set_xticks(places, names, fontsize=13, rotation=30, ha="right", rotation_mode="anchor")
        true_names = [f"{each.expression}\n{each.num_cases:,} cases" for each in figures.all_rows.per_class]
        axes.set_yticks(places, true_names, fontsize=13)
    else:
        axes.set_xticks(places, names, fontsize=min(13, 260 / len(names)), rotation=90)
        axes.set_yticks(places, names, fontsize=min(13, 260 / len(names)))
    axes.set_xlabel("answered", fontsize=14)
    axes.set_ylabel("true", fontsize=14, labelpad=10)
