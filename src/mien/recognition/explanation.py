"""Why a shipped model answered as it did: occlusion maps of the faces of a picture, with the light install alone.

``mien.explain`` and the command line call it; the laboratory has further methods.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import MienError, suggest
from mien.faces.cropping import crop_face, find_crop_square
from mien.images.heat_map import overlay_heat_map
from mien.images.resizing import resize
from mien.recognition.analyzer import DEFAULT_MODEL, Analyzer, open_analyzer
from mien.recognition.default_detector import AUTO
from mien.recognition.drawing import draw_faces, draw_message
from mien.recognition.occlusion import compute_occlusion_maps
from mien.recognition.results import Recognition
from mien.recognition.sources import PictureSource, Source, is_single, list_pictures
from mien.structures import Face

STRIDES = 12
"""By what share of a face's side the window moves that covers it: by 4 of 48 pixels."""


@dataclass(frozen=True, eq=False)
class ExplainedFace:
    """A face and where its expression is read.

    Args:
        face: The face as it was recognised.
        expression: The expression that is explained.
        crop: The face as it was cut out, shape ``(S, S, 3)``, uint8, RGB.
        corner_xy: Place of the crop's upper left corner in the picture; may lie outside.
        heat_map: Probability that the expression loses where the crop is covered, shape ``(S, S)``, float32.
    """

    face: Face
    expression: str
    crop: NDArray[np.uint8]
    corner_xy: tuple[int, int]
    heat_map: NDArray[np.float32]

    @property
    def probability(self) -> float:
        """Probability of the expression that is explained."""
        return self.face.probabilities[self.expression]

    @property
    def peak_xy(self) -> tuple[int, int]:
        """The pixel of the picture that counts most for the expression; one outside the picture is taken as it is."""
        y, x = np.unravel_index(int(self.heat_map.argmax()), self.heat_map.shape)
        return self.corner_xy[0] + int(x), self.corner_xy[1] + int(y)

    def draw(self) -> NDArray[np.uint8]:
        """Return the crop with the map over it, shape ``(S, S, 3)``, uint8, RGB; red speaks for the expression."""
        return overlay_heat_map(self.crop, self.heat_map)


@dataclass(frozen=True, eq=False)
class Explanation:
    """A picture and where the expressions of its faces are read.

    Args:
        recognition: What was recognised; it says, too, why a picture could not be read.
        faces: The faces, the largest first; none where none was found.
    """

    recognition: Recognition
    faces: tuple[ExplainedFace, ...]

    def draw(self) -> NDArray[np.uint8]:
        """Return the picture with the maps over the faces, boxes and labels, shape ``(H, W, 3)``, uint8, RGB.

        Small pictures are enlarged so that labels can be read. A picture that could not be read gives a card with its
        message.
        """
        if self.recognition.image is None:
            return draw_message(self.recognition.message)
        canvas = self.recognition.image.copy()
        for each in reversed(self.faces):  # the largest on top
            _paste(canvas, each.draw(), each.corner_xy)
        return draw_faces(canvas, [replace(each.face, expression=each.expression) for each in self.faces])


def explain(
    source: Source,
    *,
    expression: str | None = None,
    model: str | Path = DEFAULT_MODEL,
    detector: str = AUTO,
    detector_model: Path | str | None = None,
    colour: str = "rgb",
) -> Explanation:
    """Return the faces of a picture with maps of what their expressions are read from.

    A window of a third of the face's side, filled with the training faces' mean, covers one part after the other;
    the map is what the probability of the expression loses there.

    Args:
        source: Path (``-`` is standard input), bytes of a file, or array ``(H, W)`` or ``(H, W, 3)``, uint8.
        expression: Expression to explain; None takes what each face was read as.
        model: Name of a shipped model, or path of a model file.
        detector: ``haar``, ``yunet``, ``none`` where the picture is the face, or ``auto``: ``yunet`` where its file is
            in the weights folder, else ``haar``.
        detector_model: Model file of the detector, for one that needs it.
        colour: Order of an array's channels, ``rgb`` or ``bgr``.

    Raises:
        MienError: If the source is a folder or a sequence, the model does not know the expression, or the detector is
            unknown or its file missing.
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        ValueError: If ``colour`` is neither.
    """
    if not is_single(source):
        raise MienError("one picture is explained at a time; name a picture, not a folder or a sequence")
    analyzer = open_analyzer(model, detector, detector_model=detector_model)
    (picture_source,) = list_pictures(source, colour=colour)
    return explain_picture(analyzer, picture_source, expression=expression)


def explain_picture(analyzer: Analyzer, source: PictureSource, *, expression: str | None = None) -> Explanation:
    """Return the faces of a picture with maps of what their expressions are read from, or why it could not be read.

    Args:
        analyzer: Finds the faces and reads them.
        source: The picture and what to call it.
        expression: Expression to explain; None takes what each face was read as.

    Raises:
        MienError: If the model does not know the expression.
    """
    known = analyzer.model_file.contract.expressions
    if expression is not None and expression not in known:
        name = analyzer.model_file.contract.name
        raise MienError(f"model {name!r} knows no expression {expression!r}{suggest(expression, known)}")
    recognition = analyzer.analyze_picture(source)
    if recognition.image is None or not recognition.faces:
        return Explanation(recognition, ())
    image_rgb, margin = recognition.image, analyzer.margin
    boxes = [np.array(face.box_xyxy) for face in recognition.faces]
    crops = [crop_face(image_rgb, box_xyxy, margin=margin) for box_xyxy in boxes]
    expressions = [expression or face.expression for face in recognition.faces]
    heat_maps = _compute_maps(analyzer, crops, [known.index(each) for each in expressions])
    corners_xy = [find_crop_square(box_xyxy, margin=margin)[:2] for box_xyxy in boxes]
    explained = zip(recognition.faces, expressions, crops, corners_xy, heat_maps, strict=True)
    return Explanation(recognition, tuple(ExplainedFace(*each) for each in explained))


def _compute_maps(analyzer: Analyzer, crops: list[NDArray[np.uint8]], targets: list[int]) -> list[NDArray[np.float32]]:
    """Return a map of each crop's size; the network sees faces of its own size."""
    recognizer, contract = analyzer.recognizer, analyzer.model_file.contract
    maps = compute_occlusion_maps(
        recognizer.predict_probabilities,
        recognizer.prepare(crops),
        np.array(targets, dtype=np.int64),
        fill=np.array(contract.mean if contract.num_channels > 1 else contract.mean[0]),
        stride=max(1, min(contract.input_size_hw) // STRIDES),
    )
    return [resize(heat_map, crop.shape[:2]) for heat_map, crop in zip(maps, crops, strict=True)]


def _paste(canvas: NDArray[np.uint8], crop: NDArray[np.uint8], corner_xy: tuple[int, int]) -> None:
    """Write a crop into a picture; what lies outside is left out."""
    left, top = corner_xy
    bottom, right = top + crop.shape[0], left + crop.shape[1]
    inside = crop[max(0, -top) :, max(0, -left) :]
    place = canvas[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    place[...] = inside[: place.shape[0], : place.shape[1]]
