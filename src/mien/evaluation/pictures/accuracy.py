"""The accuracy on all rows and on those without a copy, beside people's where that was published."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.pictures.frame import WIDTH_INCHES, save_titled
from mien.evaluation.tables import percent
from mien.metrics.figures import Figures
from mien.metrics.human_accuracy import human_accuracy
from mien.metrics.row_figures import RowFigures
from mien.plotting import BLUE, ORANGE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_accuracy(figures: Figures, file: Path) -> Path:
    """Write the accuracies with their 95 % Wilson intervals as a PNG picture 900 pixels wide.

    Where it is known how often people agree with the labels, a line says so, with its spread as a band.

    Args:
        figures: Figures of a model on a split.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    return save_titled(plot_accuracies({"": figures}), file, figures=figures)


def plot_accuracies(answered: Mapping[str, Figures]) -> "Figure":
    """Return the picture that `draw_accuracy` writes, without its title, for one or several models.

    Args:
        answered: At least one model's figures, all of one data set, by what stands before the words on its rows.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    sets = {
        f"{name}\n{words}" if name else words: rows
        for name, figures in answered.items()
        for words, rows in _sets_of_rows(figures).items()
    }
    picture = new_figure(WIDTH_INCHES, max(0.4 * WIDTH_INCHES, (0.9 + 0.9 * len(sets))))
    axes = picture.add_subplot()
    for place, rows in enumerate(sets.values()):
        axes.plot(rows.accuracy_interval, [place, place], color=BLUE, linewidth=3, marker="|", markersize=14)
        axes.plot(rows.accuracy, place, "o", color=BLUE, markersize=10)
    shown = [end for rows in sets.values() for end in rows.accuracy_interval]
    human = human_accuracy(next(iter(answered.values())).data_set)
    if human is not None:
        ends = (human.accuracy - human.spread, human.accuracy + human.spread)
        shown += ends
        axes.axvspan(*ends, color=ORANGE, alpha=0.15, linewidth=0)
        axes.axvline(human.accuracy, color=ORANGE, linestyle="--", linewidth=2, label=f"people: {human.words}")
        picture.legend(loc="outside lower center", fontsize=11, frameon=False)
    axes.set_yticks(range(len(sets)), [_words(name, rows) for name, rows in sets.items()], fontsize=12)
    axes.set(xlim=(max(0.0, min(shown) - 0.05), min(1.0, max(shown) + 0.05)), ylim=(len(sets) - 0.5, -0.5))
    axes.set_xlabel("accuracy, 95 % interval", fontsize=13)
    axes.tick_params(axis="x", labelsize=12)
    return picture


def _sets_of_rows(figures: Figures) -> dict[str, RowFigures]:
    without_copy = figures.rows_without_copy
    return {"all rows": figures.all_rows} | (
        {} if without_copy is None else {"without a copy in training": without_copy}
    )


def _words(name: str, rows: RowFigures) -> str:
    low, high = rows.accuracy_interval
    few = " (few)" if rows.has_few_rows else ""
    return f"{name}\n{rows.num_rows:,} rows{few}\n{percent(rows.accuracy)} ({100 * low:.2f} to {100 * high:.2f})"
