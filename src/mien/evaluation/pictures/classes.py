"""Precision, recall and F1 of each class as bars."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.pictures.frame import MOST_ROOMY, WIDTH_INCHES, save_titled
from mien.metrics.figures import Figures
from mien.metrics.row_figures import Interval
from mien.plotting import BLUE, GREY, TEAL, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BARS = (("precision", GREY), ("recall", BLUE), ("f1", TEAL))
_BAR_WIDTH = 0.27


def draw_class_bars(figures: Figures, file: Path) -> Path:
    """Write precision, recall and F1 of each class as a PNG picture 900 pixels wide.

    Whiskers are the 95 % Wilson intervals of precision and recall; F1, which is no share of rows, has none.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    return save_titled(plot_class_bars(figures), file, figures=figures)


def plot_class_bars(figures: Figures) -> "Figure":
    """Return the picture that `draw_class_bars` writes, without its title.

    Args:
        figures: Figures of a model on a split; those on all rows are drawn.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    picture = new_figure(WIDTH_INCHES, 0.65 * WIDTH_INCHES)
    axes = picture.add_subplot()
    for place, (name, colour) in enumerate(_BARS):
        _draw_bars(axes, figures, name=name, colour=colour, offset=(place - 1) * _BAR_WIDTH)
    for place, each in enumerate(figures.all_rows.per_class):
        if not each.num_cases:
            axes.text(place, 0.02, "no cases", ha="center", va="bottom", fontsize=11, rotation=90)
    _name_classes(axes, figures)
    axes.set(xlim=(-0.6, len(figures.expressions) - 0.4), ylim=(0, 1))
    axes.set_ylabel("share", fontsize=13)
    axes.tick_params(axis="y", labelsize=12)
    picture.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=12, frameon=False)
    return picture


def _draw_bars(axes: "Axes", figures: Figures, *, name: str, colour: str, offset: float) -> None:
    label = "F1" if name == "f1" else f"{name}, 95 % interval"
    classes = [
        (place + offset, getattr(each, name), getattr(each, f"{name}_interval", None))
        for place, each in enumerate(figures.all_rows.per_class)
        if each.num_cases and not math.isnan(getattr(each, name))
    ]
    axes.bar([x for x, _, _ in classes], [y for _, y, _ in classes], width=_BAR_WIDTH, color=colour, label=label)
    for x, _, interval in classes:
        if interval is not None:
            _draw_whisker(axes, x, interval)


def _draw_whisker(axes: "Axes", x: float, interval: Interval) -> None:
    axes.plot([x, x], interval, color="black", linewidth=1.5, marker="_", markersize=6)


def _name_classes(axes: "Axes", figures: Figures) -> None:
    names = [
        f"{each.expression}\n{each.num_cases:,} cases" + ("\n(few)" if each.has_few_cases else "")
        for each in figures.all_rows.per_class
    ]
    is_crowded = len(names) > MOST_ROOMY
    axes.set_xticks(range(len(names)), names, fontsize=9 if is_crowded else 11, rotation=90 if is_crowded else 0)
