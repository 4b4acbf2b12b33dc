"""End to end: faces pasted into scenes, found by each detector, cropped and classified as a user's pictures are."""

from mien.evaluation.end_to_end.figures import DetectorAnswers, EndToEndFigures, EndToEndReport
from mien.evaluation.end_to_end.measuring import measure_end_to_end
from mien.evaluation.end_to_end.opening import OpenedFaces, find_model_file, open_faces
from mien.evaluation.end_to_end.sheet import draw_scene_sheet
from mien.evaluation.end_to_end.tables import (
    end_to_end_lines,
    end_to_end_rows,
    group_rows,
    write_end_to_end_csv,
)

__all__ = [
    "DetectorAnswers",
    "EndToEndFigures",
    "EndToEndReport",
    "OpenedFaces",
    "draw_scene_sheet",
    "end_to_end_lines",
    "end_to_end_rows",
    "find_model_file",
    "group_rows",
    "measure_end_to_end",
    "open_faces",
    "write_end_to_end_csv",
]
