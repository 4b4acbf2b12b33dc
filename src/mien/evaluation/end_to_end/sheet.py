"""A sheet of a few scenes with what each detector found and what was answered."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.end_to_end.measuring import find_pasted, open_analyzers
from mien.evaluation.end_to_end.opening import OpenedFaces
from mien.evaluation.explanation.tiles import Section, Tile, draw_tiles
from mien.evaluation.scenes import SIDES, Scene, deal_scenes
from mien.faces.detector import FaceDetector
from mien.recognition.analyzer import Analyzer
from mien.recognition.drawing import draw_faces

_SIDE = 320
_SCENES_A_SIDE = 2


def draw_scene_sheet(
    opened: OpenedFaces,
    *,
    detectors: Sequence[str | FaceDetector] | None = None,
    detector_model: Path | None = None,
    sides: Sequence[int] = SIDES,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return the first two scenes of each side with boxes and answers, shape ``(H, W, 3)``, uint8, RGB.

    They are those that `measure_end_to_end` measured with the same arguments.

    Args:
        opened: The faces and the model file.
        detectors: Registered names, or detectors of your own; None takes all that are registered.
        detector_model: Model file of those that need one; the weights folder where it is left out.
        sides: Sides of the pasted faces, in pixels, dealt evenly.
        seed: Seed of the deal, the places and the backgrounds.

    Raises:
        MienError: As for `measure_end_to_end`.
    """
    series = deal_scenes(opened.faces, sides=sides, seed=seed)
    analyzers, _ = open_analyzers(opened, detectors, detector_model=detector_model)
    sections = []
    for side in sides:
        rows = np.flatnonzero(series.sides == side)[:_SCENES_A_SIDE].tolist()
        tiles = [_tile(analyzer, series[row], opened.expressions[row]) for row in rows for analyzer in analyzers]
        sections.append(Section(f"{side} pixels", tuple(tiles)))
    title = f"{opened.model_file.contract.name} on {opened.split} of {opened.data_set}, end to end"
    return draw_tiles(title, sections, columns=_SCENES_A_SIDE * len(analyzers), side=_SIDE)


def _tile(analyzer: Analyzer, scene: Scene, expression: str) -> Tile:
    result = next(analyzer.analyze_each(scene.image_rgb))
    face, overlap = find_pasted(scene, result.faces)
    num_false = len(result.faces) - (face is not None)
    found = "missed" if face is None else f"overlap {overlap:.2f}"
    words = f"{analyzer.detector.name}: {expression} {found}" + (f", {num_false} false" if num_false else "")
    drawn = draw_faces(scene.image_rgb, result.faces) if result.faces else scene.image_rgb
    return Tile((_square_around(scene, drawn),), (words,))


def _square_around(scene: Scene, drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the full height of a drawn scene where its face lies: the whole would be too small to see."""
    height, width = scene.image_rgb.shape[:2]
    middle = float(scene.box_xyxy[0] + scene.box_xyxy[2]) / 2
    left = round(min(max(middle - height / 2, 0), width - height))
    return drawn[:, left : left + height]
