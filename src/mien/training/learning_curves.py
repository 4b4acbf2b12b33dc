"""Learning curves of runs as a picture; every run of a network has its own in ``curves.png``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mien.plotting import BLUE, GREY, ORANGE, PURPLE, TEAL, new_figure, to_png
from mien.training.run_folder import RunFolder
from mien.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLUE, ORANGE, TEAL, PURPLE, GREY)


def draw_learning_curves(runs: Sequence[RunFolder], file: Path) -> Path:
    """Write the curves of one or several runs as a PNG picture 900 pixels wide: loss, accuracy and learning rate.

    Args:
        runs: Runs of networks; each has a colour of its own, and those without a complete epoch have no line.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    picture = plot_learning_curves(runs)
    title = "learning curves of " + ", ".join(run.name for run in runs)
    picture.axes[0].set_title(title, fontsize=13, wrap=True)
    return write_atomically(file, to_png(picture))


def plot_learning_curves(runs: Sequence[RunFolder]) -> "Figure":
    """Return the picture that `draw_learning_curves` writes, without its title.

    Args:
        runs: Runs of networks.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    picture = new_figure(9.0, 9.0)
    losses, accuracies, rates = picture.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": [3, 3, 1.4]})
    for number, run in enumerate(runs):
        _draw_run(losses, accuracies, rates, run, colour=_COLOURS[number % len(_COLOURS)])
    for axes, label in ((losses, "loss"), (accuracies, "validation accuracy"), (rates, "learning rate")):
        axes.set_ylabel(label, fontsize=12)
        axes.tick_params(labelsize=11)
        axes.grid(alpha=0.3)
    for axes in (losses, accuracies):
        if axes.lines:
            axes.legend(fontsize=11)
    rates.set_xlabel("epoch", fontsize=12)
    rates.xaxis.get_major_locator().set_params(integer=True)
    return picture


def _draw_run(losses: "Axes", accuracies: "Axes", rates: "Axes", run: RunFolder, *, colour: str) -> None:
    rows = run.read_curves()
    if not rows:
        return
    epochs = [row["epoch"] + 1 for row in rows]
    mark = "o" if len(rows) == 1 else ""
    losses.plot(epochs, [row["loss"] for row in rows], "--", marker=mark, color=colour, label=f"{run.name}, training")
    validation = [row["validation_loss"] for row in rows]
    losses.plot(epochs, validation, marker=mark, color=colour, label=f"{run.name}, validation")
    best = max(rows, key=lambda row: row["validation_accuracy"])
    accuracy = best["validation_accuracy"]
    name = f"{run.name}, best {accuracy:.2%} in epoch {best['epoch'] + 1:.0f}"
    accuracies.plot(epochs, [row["validation_accuracy"] for row in rows], color=colour, label=name)
    accuracies.plot(best["epoch"] + 1, accuracy, "o", color=colour)
    rates.plot(epochs, [row["learning_rate"] for row in rows], marker=mark, color=colour)
