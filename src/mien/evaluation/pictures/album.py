"""All pictures of one model's answers, in one folder."""

from pathlib import Path

from mien.evaluation.pictures.accuracy import draw_accuracy
from mien.evaluation.pictures.classes import draw_class_bars
from mien.evaluation.pictures.confusion import draw_confusion_counts, draw_confusion_matrix
from mien.evaluation.pictures.coverage import draw_coverage_curve
from mien.evaluation.pictures.reliability import draw_reliability_diagram
from mien.metrics.figures import Figures
from mien.metrics.predictions import Predictions

_DRAWERS = {
    "accuracy": draw_accuracy,
    "classes": draw_class_bars,
    "confusion": draw_confusion_matrix,
    "confusion-counts": draw_confusion_counts,
    "reliability": draw_reliability_diagram,
}


def draw_pictures(predictions: Predictions, folder: Path, *, figures: Figures) -> list[Path]:
    """Write every picture of a model's answers as ``MODEL-SPLIT-NAME.png`` and return the files.

    Args:
        predictions: What the model answered.
        folder: Folder to write into.
        figures: The figures of these predictions.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    stem = f"{figures.model}-{figures.split}"
    files = [draw(figures, folder / f"{stem}-{name}.png") for name, draw in _DRAWERS.items()]
    return [*files, draw_coverage_curve(predictions, folder / f"{stem}-coverage.png", figures=figures)]
