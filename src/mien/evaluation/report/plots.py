"""Plots of the report: those of `mien.evaluation.pictures`, drawn for a column that is narrow on a telephone."""

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PIL import Image

from mien.evaluation.explanation.tiles import as_file_name
from mien.evaluation.pictures.accuracy import plot_accuracies
from mien.evaluation.pictures.classes import plot_class_bars
from mien.evaluation.pictures.confusion import plot_confusion_counts, plot_confusion_matrix
from mien.evaluation.pictures.coverage import plot_coverage_curve
from mien.evaluation.pictures.reliability import plot_reliability_diagram
from mien.evaluation.report.blocks import Download, Part, Plot, Plots, Words, to_csv
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import Answered, ReportedModel
from mien.evaluation.tables import coverage_lines, percent
from mien.metrics.coverage import coverage_curve
from mien.pages import data_address
from mien.plotting import DOTS_PER_INCH, to_png
from mien.training.learning_curves import plot_learning_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_INCHES = 6.4
"""Narrower than a picture of its own, so that its letters can be read where it is made as narrow as a telephone."""
_NUM_COLOURS = 128


def to_plot(
    picture: "Figure",
    *,
    alt: str,
    caption: str,
    height_share: float | None = None,
    download: Download | None = None,
) -> Plot:
    """Return a matplotlib figure as a plot of the page, twice as dense as the page.

    Args:
        picture: The figure.
        alt: What it shows, for whoever does not see it.
        caption: What stands below it.
        height_share: Its height as a share of its width; None keeps its height.
        download: The numbers behind it, if no table has them.
    """
    height = picture.get_size_inches()[1] if height_share is None else height_share * WIDTH_INCHES
    picture.set_size_inches(WIDTH_INCHES, height)
    _fit_legends(picture)
    with Image.open(io.BytesIO(to_png(picture, scale=2))) as drawn:
        reduced = drawn.convert("RGB").quantize(_NUM_COLOURS, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    size_wh = (round(WIDTH_INCHES * DOTS_PER_INCH), round(height * DOTS_PER_INCH))
    return Plot(data_address(buffer.getvalue(), "image/png"), size_wh, alt, caption, download)


def _fit_legends(picture: "Figure") -> None:
    """Set the letters of a legend smaller that is wider than the picture."""
    picture.draw_without_rendering()
    for legend in picture.legends:
        share = picture.bbox.width / legend.get_window_extent().width
        for text in legend.get_texts() if share < 1 else ():
            text.set_fontsize(0.95 * share * float(text.get_fontsize()))


def make_plots(contents: Contents) -> Sequence[Part]:
    """Return the plots of all answers, kind by kind, models side by side."""
    answered = contents.answered
    return [
        Part("Accuracy", (Plots(tuple(_draw_accuracies(answered))),)),
        *(Part(title, (Plots(tuple(draw(each) for each in answered)),)) for title, draw in _KINDS.items()),
        Part("Withholding unsure answers", (Words(tuple(_coverage_words(answered))), _draw_coverages(answered))),
    ]


def make_curves(contents: Contents) -> Sequence[Part]:
    """Return the learning curves of runs, and of the members of ensembles."""
    plots = tuple(_draw_curves(model) for model in contents.models if any(run.read_curves() for run in model.runs))
    return [Part("", (Plots(plots),))] if plots else []


def _draw_accuracies(answered: Sequence[Answered]) -> list[Plot]:
    plots = []
    for data_set in dict.fromkeys(each.figures.data_set for each in answered):
        shown = {each.label: each.figures for each in answered if each.figures.data_set == data_set}
        told = "; ".join(f"{label} {percent(each.all_rows.accuracy)}" for label, each in shown.items())
        plots.append(
            to_plot(
                plot_accuracies(shown),
                alt=f"Accuracy on {data_set} with 95 % intervals: {told}",
                caption=f"Accuracy on {data_set} with 95 % Wilson intervals.",
            )
        )
    return plots


def _draw_classes(answered: Answered) -> Plot:
    told = ", ".join(f"{each.expression} {percent(each.recall)}" for each in answered.figures.all_rows.per_class)
    alt = f"Precision, recall and F1 of each class of {answered.label}; recall: {told}"
    return to_plot(plot_class_bars(answered.figures), alt=alt, caption=answered.label, height_share=0.8)


def _draw_reliability(answered: Answered) -> Plot:
    error = percent(answered.figures.all_rows.expected_calibration_error)
    alt = f"Accuracy over confidence of {answered.label}; expected calibration error {error}"
    bins = answered.figures.all_rows.calibration_bins
    columns = ("lower", "upper", "num_rows", "confidence", "accuracy")
    rows = [columns, *([getattr(each, column) for column in columns] for each in bins)]
    download = Download(f"{file_stem(answered)}-reliability.csv", to_csv(rows))
    picture = plot_reliability_diagram(answered.figures)
    return to_plot(picture, alt=alt, caption=answered.label, height_share=0.95, download=download)


def _draw_confusion(plot: Callable[..., "Figure"], answered: Answered) -> Plot:
    is_counts = plot is plot_confusion_counts
    names, counts = answered.figures.expressions, answered.figures.all_rows.confusion_matrix
    cells = {
        f"true {names[row]} answered {names[column]} {count}": count
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        if row != column
    }
    worst = ", ".join(sorted(cells, key=lambda words: -cells[words])[:3])
    kind = "counts" if is_counts else "shares of each true class"
    alt = f"Confusion matrix of {answered.label}, {kind}; most often confused: {worst}"
    lines = [(name, *line) for name, line in zip(names, counts, strict=True)]
    download = (
        None if is_counts else Download(f"{file_stem(answered)}-confusion.csv", to_csv([("true", *names), *lines]))
    )
    return to_plot(plot(answered.figures), alt=alt, caption=answered.label, height_share=1, download=download)


_KINDS: dict[str, Callable[[Answered], Plot]] = {
    "Classes": _draw_classes,
    "Confusion, shares of each true class": partial(_draw_confusion, plot_confusion_matrix),
    "Confusion, counts": partial(_draw_confusion, plot_confusion_counts),
    "Reliability": _draw_reliability,
}


def _draw_coverages(answered: Sequence[Answered]) -> Plots:
    plots = []
    for each in answered:
        curve = coverage_curve(each.predictions)
        points = zip(curve.coverage.tolist(), curve.accuracy.tolist(), strict=True)
        plots.append(
            to_plot(
                plot_coverage_curve(each.predictions),
                alt=f"Accuracy over coverage of {each.label}; area under the curve {curve.area:.4f}",
                caption=each.label,
                height_share=0.85,
                download=Download(f"{file_stem(each)}-coverage.csv", to_csv([("coverage", "accuracy"), *points])),
            )
        )
    return Plots(tuple(plots))


def _coverage_words(answered: Sequence[Answered]) -> list[str]:
    return [f"{each.label}: {line}" for each in answered for line in coverage_lines(each.predictions)]


def _draw_curves(model: ReportedModel) -> Plot:
    runs = [run for run in model.runs if run.read_curves()]
    best = ", ".join(
        f"{run.name} {percent(max(row['validation_accuracy'] for row in run.read_curves()))}" for run in runs
    )
    columns = list(runs[0].read_curves()[0])
    lines = [[run.name, *(row[column] for column in columns)] for run in runs for row in run.read_curves()]
    return to_plot(
        plot_learning_curves(runs),
        alt=f"Loss, validation accuracy and learning rate over epochs; best accuracy: {best}",
        caption=model.name,
        height_share=1.15,
        download=Download(f"{as_file_name(model.name)}-curves.csv", to_csv([["run", *columns], *lines])),
    )


def file_stem(answered: Answered) -> str:
    """Return how the names of files about some answers begin."""
    return as_file_name(answered.figures.model, answered.figures.split)
