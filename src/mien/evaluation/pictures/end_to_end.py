"""Recall and accuracy end to end over the size of the face, a curve a detector."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.end_to_end.figures import EndToEndReport, Share
from mien.evaluation.pictures.frame import WIDTH_INCHES, save_picture
from mien.plotting import BLUE, GREY, ORANGE, PURPLE, TEAL, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLUE, ORANGE, TEAL, PURPLE)


def draw_end_to_end(report: EndToEndReport, file: Path) -> Path:
    """Write recall and accuracy over the side of the face, with 95 % Wilson intervals, as a PNG 900 pixels wide.

    Args:
        report: What was measured.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    picture = plot_end_to_end(report)
    opened = report.opened
    name = opened.model_file.contract.name
    picture.suptitle(f"{name} on {opened.split} of {opened.data_set}, {len(opened):,} faces", fontsize=14)
    return save_picture(picture, file)


def plot_end_to_end(report: EndToEndReport) -> "Figure":
    """Return the picture that `draw_end_to_end` writes, without its title.

    Args:
        report: What was measured.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    groups = [f"{side} pixels" for side in report.sides]
    picture = new_figure(WIDTH_INCHES, 0.5 * WIDTH_INCHES)
    found, right = picture.subplots(1, 2, sharey=True)
    given = [report.figures(report.given, group=group).right for group in groups]
    _draw_curve(right, report, given, label="given crop", colour=GREY)
    for number, answers in enumerate(report.detectors):
        colour = _COLOURS[number % len(_COLOURS)]
        figures = [report.figures(answers, group=group) for group in groups]
        _draw_curve(found, report, [each.found for each in figures], label=answers.detector, colour=colour)
        _draw_curve(right, report, [each.right for each in figures], label=answers.detector, colour=colour)
    for axes, title in ((found, "faces found"), (right, "answered rightly, missed faces as wrong")):
        axes.set(ylim=(0, 1.04), xticks=report.sides, xlabel="side of the face in pixels")
        axes.set_title(title, fontsize=12)
    picture.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return picture


def _draw_curve(axes: "Axes", report: EndToEndReport, shares: Sequence[Share], *, label: str, colour: str) -> None:
    lows, highs = zip(*(each.interval or (each.value, each.value) for each in shares), strict=True)
    axes.fill_between(report.sides, lows, highs, color=colour, alpha=0.15, linewidth=0)
    axes.plot(report.sides, [each.value for each in shares], color=colour, marker="o", markersize=4, label=label)
