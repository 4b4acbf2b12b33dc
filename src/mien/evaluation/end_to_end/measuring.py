"""What a user gets: `mien.recognition.analyzer` on scenes whose face is known; `mien end-to-end` prints it."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mien.errors import MienError
from mien.evaluation.end_to_end.figures import DetectorAnswers, EndToEndReport
from mien.evaluation.end_to_end.opening import OpenedFaces
from mien.evaluation.scenes import SIDES, Scene, deal_scenes
from mien.faces.detector import DETECTORS, FaceDetector
from mien.recognition.analyzer import Analyzer
from mien.structures import Face

GIVEN = "none"
"""The detector that takes the picture as the face; it gets the pasted square alone."""

ENGINE = "onnxruntime"
"""What computes the network: figures must not depend on what else is installed."""

LEAST_OVERLAP = 0.2
"""A box counts as the pasted face from this share of overlap on, if its centre lies inside.

Low, because the squares of a data set hold small faces too; a box around a mouth or an eye stays below.
"""


def measure_end_to_end(
    opened: OpenedFaces,
    *,
    detectors: Sequence[str | FaceDetector] | None = None,
    detector_model: Path | None = None,
    sides: Sequence[int] = SIDES,
    seed: int = 0,
    show: Callable[[int], None] = lambda _: None,
) -> EndToEndReport:
    """Return what mien answers on faces that are pasted into a scene each, with each detector.

    The analyzer does all from picture to answer, as it does for a user. Detectors that cannot be used are left out.

    Args:
        opened: The faces and the model file.
        detectors: Registered names, or detectors of your own; None takes all that are registered.
        detector_model: Model file of those that need one; the weights folder where it is left out.
        sides: Sides of the pasted faces, in pixels, dealt evenly.
        seed: Seed of the deal, the places and the backgrounds.
        show: Is told how many faces are done.

    Raises:
        MienError: If a detector is unknown, none can be used, one stands twice or takes the picture as the face, or
            sides are none.
        ModelFileError: If the model file is damaged.
    """
    series = deal_scenes(opened.faces, sides=sides, seed=seed)
    given = Analyzer(opened.model_file, GIVEN, engine=ENGINE)
    analyzers, left_out = open_analyzers(opened, detectors, detector_model=detector_model)
    tallies = [_Tally(opened, analyzer) for analyzer in (given, *analyzers)]
    for row in range(len(series)):
        scene = series[row]
        for tally in tallies:
            tally.analyze(scene.square() if tally.analyzer is given else scene, row)
        show(row + 1)
    answers = [tally.answers() for tally in tallies]
    return EndToEndReport(opened, series, answers[0], tuple(answers[1:]), tuple(left_out))


def open_analyzers(
    opened: OpenedFaces, detectors: Sequence[str | FaceDetector] | None = None, *, detector_model: Path | None = None
) -> tuple[list[Analyzer], list[str]]:
    """Return an analyzer for each detector that can be used, and a line on each of the others.

    Args:
        opened: The faces and the model file.
        detectors: As for `measure_end_to_end`.
        detector_model: As for `measure_end_to_end`.

    Raises:
        MienError: As for `measure_end_to_end`.
    """
    chosen = [name for name in DETECTORS.names() if name != GIVEN] if detectors is None else list(detectors)
    names = [DETECTORS.get(each).name if isinstance(each, str) else each.name for each in chosen]
    if not names or len(set(names)) < len(names):
        raise MienError(f"detectors are {', '.join(names) or 'none'}; name at least one, and none twice")
    if GIVEN in names:
        raise MienError(f"detector {GIVEN!r} finds no face in a scene; leave it out, given crops are always measured")
    analyzers, left_out = [], []
    for name, detector in zip(names, chosen, strict=True):
        needs_file = isinstance(detector, str) and DETECTORS.get(name).card.weights is not None
        try:
            analyzers.append(
                Analyzer(
                    opened.model_file,
                    detector,
                    detector_model=detector_model if needs_file else None,
                    engine=ENGINE,
                )
            )
        except MienError as error:
            left_out.append(f"without {name}: {error}")
    if not analyzers:
        raise MienError("; ".join(left_out))
    return analyzers, left_out


def find_pasted(scene: Scene, faces: Sequence[Face]) -> tuple[Face | None, float]:
    """Return the found face that is the pasted one, and its overlap: of those that may be, the one that overlaps most.

    Args:
        scene: The scene.
        faces: What was found in it.

    Returns:
        The face and its overlap with the pasted square; none and NaN if there is none with its centre inside of the
        square and an overlap of at least `LEAST_OVERLAP`.
    """
    best, overlap = None, math.nan
    for face in faces:
        box = np.array(face.box_xyxy)
        shared = scene.overlap_with(box)
        may_be = scene.holds_centre_of(box) and shared >= LEAST_OVERLAP
        if may_be and (best is None or shared > overlap):
            best, overlap = face, shared
    return best, overlap


class _Tally:
    """Notes what an analyzer answers on one scene after the other."""

    def __init__(self, opened: OpenedFaces, analyzer: Analyzer) -> None:
        self.analyzer, self._expressions = analyzer, opened.expressions
        self._overlaps = np.full(len(opened), math.nan)
        self._is_right = np.zeros(len(opened), dtype=bool)
        self._num_false_boxes = np.zeros(len(opened), dtype=np.int64)
        self._seconds = np.zeros(len(opened))

    def analyze(self, scene: Scene, row: int) -> None:
        began = time.perf_counter()
        result = next(self.analyzer.analyze_each(scene.image_rgb))
        self._seconds[row] = time.perf_counter() - began
        face, self._overlaps[row] = find_pasted(scene, result.faces)
        self._is_right[row] = face is not None and face.expression == self._expressions[row]
        self._num_false_boxes[row] = len(result.faces) - (face is not None)

    def answers(self) -> DetectorAnswers:
        return DetectorAnswers(
            self.analyzer.detector.name,
            self.analyzer.margin,
            overlaps=self._overlaps,
            is_right=self._is_right,
            num_false_boxes=self._num_false_boxes,
            seconds=self._seconds,
        )
