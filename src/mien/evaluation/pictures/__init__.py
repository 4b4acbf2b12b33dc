"""Pictures of figures as PNG files; no face appears in them."""

from mien.evaluation.pictures.accuracy import draw_accuracy
from mien.evaluation.pictures.album import draw_pictures
from mien.evaluation.pictures.classes import draw_class_bars
from mien.evaluation.pictures.confusion import draw_confusion_counts, draw_confusion_matrix
from mien.evaluation.pictures.coverage import draw_coverage_curve
from mien.evaluation.pictures.reliability import draw_reliability_diagram

__all__ = [
    "draw_accuracy",
    "draw_class_bars",
    "draw_confusion_counts",
    "draw_confusion_matrix",
    "draw_coverage_curve",
    "draw_pictures",
    "draw_reliability_diagram",
]
