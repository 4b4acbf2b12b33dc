"""Robustness: accuracy and calibration of a run on corrupted faces."""

from mien.evaluation.robustness.corruption import CORRUPTIONS, CorruptionCard, corrupt_faces, register_corruption
from mien.evaluation.robustness.measuring import CorruptionFigures, RobustnessReport, measure_robustness
from mien.evaluation.robustness.sheet import draw_corruption_sheet, draw_run_corruptions
from mien.evaluation.robustness.tables import robustness_lines, robustness_rows, write_robustness_csv

__all__ = [
    "CORRUPTIONS",
    "CorruptionCard",
    "CorruptionFigures",
    "RobustnessReport",
    "corrupt_faces",
    "draw_corruption_sheet",
    "draw_run_corruptions",
    "measure_robustness",
    "register_corruption",
    "robustness_lines",
    "robustness_rows",
    "write_robustness_csv",
]
