"""The analyzer: detector, crop, recognizer and quality flags together, for pictures from anywhere.

``mien.analyze`` and the command line go through it.
"""

from collections.abc import Iterator, Sequence, Sized
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import MienError, ModelFileError, PictureError, VideoError
from mien.faces.cropping import crop_face
from mien.faces.detector import FaceDetector, create_detector
from mien.faces.quality import flag_face
from mien.recognition.conformal import sets_from_contract
from mien.recognition.default_detector import AUTO, choose_detector
from mien.recognition.engines import choice
from mien.recognition.model_file import ModelFile, load_model_file
from mien.recognition.recognizer import Recognizer
from mien.recognition.results import Recognition, Recognitions
from mien.recognition.sources import PictureSource, Source, is_single, list_pictures
from mien.recognition.video.reading import is_video
from mien.structures import Detection, Face

DEFAULT_MODEL = "compact"


class Analyzer:
    """Finds faces and reads their expressions; made once, used for many pictures.

    Args:
        model: Name of a shipped model, path of a model file, or a loaded one.
        detector: Name of a face detector, or one of your own; the model's contract must hold its margin. ``auto`` is
            ``yunet`` where its file is in the weights folder, else ``haar``.
        detector_model: Model file of the detector, for one that needs it.
        threads: Threads of the network; all cores where none is given.
        engine: What computes: ``onnxruntime``, ``openvino``, ``cuda``, or ``auto``: the fastest that starts.
        num_pictures: How many pictures are to come; for few ``auto`` keeps to ONNX Runtime, which starts at once. None
            where that is not known.

    Raises:
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        MienError: If the detector is unknown or its file is missing, ``auto`` is given a file, or the engine is unknown
            or cannot be used here.
    """

    def __init__(
        self,
        model: str | Path | ModelFile = DEFAULT_MODEL,
        detector: str | FaceDetector = AUTO,
        *,
        detector_model: Path | str | None = None,
        threads: int | None = None,
        engine: str = choice.AUTO,
        num_pictures: int | None = None,
    ) -> None:
        self.model_file = model if isinstance(model, ModelFile) else load_model_file(model)
        if isinstance(detector, str):
            detector = _create_detector(detector, detector_model, self.model_file)
        self.detector = detector
        self.margin = _find_margin(self.model_file, self.detector.name)
        self.recognizer = Recognizer(self.model_file, threads, engine=engine, num_pictures=num_pictures)
        self.sets = sets_from_contract(self.model_file.contract.conformal)

    @property
    def engine(self) -> str:
        """Return the name of the engine that answers."""
        return self.recognizer.engine.name

    def analyze(self, source: Source, *, colour: str = "rgb") -> Recognition | Recognitions:
        """Return the faces of a picture, or a result for every picture of a folder or a sequence, or frame of a video.

        What cannot be read gives a result with a status and a message, never an exception.

        Args:
            source: Path (``-`` is standard input), folder, bytes of a file, array, or a sequence of these; or path of a
                video, by its ending.
            colour: Order of arrays' channels, ``rgb`` or ``bgr``.

        Raises:
            TypeError: If the source is none of these.
            ValueError: If ``colour`` is neither.
        """
        if isinstance(source, str | Path) and is_video(source) and is_single(source):
            return Recognitions(tuple(self._analyze_frames(Path(source))))
        if is_single(source):
            return next(self.analyze_each(source, colour=colour))
        return Recognitions(tuple(self._analyze_sparingly(each) for each in list_pictures(source, colour=colour)))

    def analyze_each(self, source: Source, *, colour: str = "rgb") -> Iterator[Recognition]:
        """Yield one result for every picture as soon as it is there, each with its picture.

        Args:
            source: As for ``analyze``; may be endless.
            colour: Order of arrays' channels, ``rgb`` or ``bgr``.
        """
        for picture_source in list_pictures(source, colour=colour):
            yield self.analyze_picture(picture_source)

    def analyze_picture(self, source: PictureSource) -> Recognition:
        """Return the faces of one picture, or why it could not be read.

        Args:
            source: The picture and what to call it.
        """
        try:
            picture = source.read()
        except PictureError as error:
            return self._to_fault(source.name, error)
        detections = self.detector.detect(picture.image_rgb)
        rows = self.predict_faces([(picture.image_rgb, detection) for detection in detections])
        faces = tuple(self.to_face(picture.image_rgb, *pair) for pair in zip(detections, rows, strict=True))
        return self.to_result(source.name, faces=faces, image_rgb=picture.image_rgb, message=picture.note)

    def _analyze_sparingly(self, source: PictureSource) -> Recognition:
        """Return a result without its pixels where a file can be read again: a folder of them would fill memory."""
        result = self.analyze_picture(source)
        return replace(result, image=None) if isinstance(source.content, Path) else result

    def _analyze_frames(self, video: Path) -> Iterator[Recognition]:
        """Yield a result for every frame of a video without its pixels, or one that says why there is none."""
        from mien.recognition.video.analysis import VideoAnalysis

        try:
            with VideoAnalysis(self, video) as analysis:
                for result in analysis:
                    yield replace(result, image=None)
        except VideoError as error:
            yield self._to_fault(str(video), error)

    def _to_fault(self, source: str, error: PictureError | VideoError) -> Recognition:
        message = " ".join(str(error).splitlines())  # a file's name may hold a line end
        return Recognition(source, error.status, message, faces=(), size_hw=None, **self._names())

    def predict_faces(self, pictures: Sequence[tuple[np.ndarray, Detection]]) -> np.ndarray:
        """Return the probabilities of faces, which may come from several pictures and go through the network together.

        Args:
            pictures: For each face its picture, shape ``(H, W, 3)``, uint8, RGB, and where it is.

        Returns:
            Shape ``(N, num_classes)``, float32, in the order of the contract's expressions; N may be 0.
        """
        if not pictures:
            return np.empty((0, len(self.model_file.contract.expressions)), dtype=np.float32)
        crops = (crop_face(image_rgb, detection.box_xyxy, margin=self.margin) for image_rgb, detection in pictures)
        return self.recognizer.predict_probabilities(self.recognizer.prepare(crops))

    def to_face(self, image_rgb: np.ndarray, detection: Detection, probabilities: np.ndarray) -> Face:
        """Return a face with its expression and flags.

        Args:
            image_rgb: Its picture, shape ``(H, W, 3)``, uint8, RGB.
            detection: Where it is.
            probabilities: Its probabilities, shape ``(num_classes,)``.
        """
        contract = self.model_file.contract
        best = int(probabilities.argmax())
        flags = flag_face(image_rgb, detection.box_xyxy, landmarks=detection.landmarks)
        is_unsure = float(probabilities[best]) < contract.unsure_below
        x1, y1, x2, y2 = (float(value) for value in detection.box_xyxy)
        landmarks = detection.landmarks
        return Face(
            box_xyxy=(x1, y1, x2, y2),
            detector_score=detection.score,
            expression=contract.expressions[best],
            probabilities=dict(zip(contract.expressions, map(float, probabilities), strict=True)),
            flags=(*flags, "unsure") if is_unsure else flags,
            landmarks=None if landmarks is None else tuple((float(x), float(y)) for x, y in landmarks),
            expression_set=None if self.sets is None else self.sets.names(probabilities, contract.expressions),
        )

    def to_result(
        self,
        source: str,
        *,
        faces: tuple[Face, ...],
        image_rgb: np.ndarray,
        message: str = "",
        frame: int | None = None,
        time_s: float | None = None,
        is_smoothed: bool = False,
    ) -> Recognition:
        """Return the result of a picture that was read.

        Args:
            source: What it is called.
            faces: Its faces.
            image_rgb: The picture, shape ``(H, W, 3)``, uint8, RGB; the result keeps it.
            message: One line on a picture that was read in part only.
            frame: Number of the frame in its video, or none.
            time_s: Its time in the video in seconds, or none.
            is_smoothed: Whether the faces' probabilities are smoothed along tracks.
        """
        return Recognition(
            source=source,
            status="ok" if faces else "no_face",
            message=message,
            faces=faces,
            size_hw=(image_rgb.shape[0], image_rgb.shape[1]),
            **self._names(),
            frame=frame,
            time_s=time_s,
            is_smoothed=is_smoothed,
            image=image_rgb,
        )

    def _names(self) -> dict[str, Any]:
        """Return what every result of this analyzer says of it."""
        return {
            "model": self.model_file.contract.name,
            "detector": self.detector.name,
            "expressions": self.model_file.contract.expressions,
            "set_coverage": None if self.sets is None else self.sets.coverage,
        }


def analyze(
    source: Source,
    *,
    model: str | Path = DEFAULT_MODEL,
    detector: str = AUTO,
    detector_model: Path | str | None = None,
    colour: str = "rgb",
    engine: str = choice.AUTO,
) -> Recognition | Recognitions:
    """Return the faces of a picture with their expressions, or one result for every picture of a folder or sequence.

    Of a video there is one for every frame, without its pixels; for long ones there is ``analyze_video``. What cannot
    be read gives a result with a status and a message, never an exception.

    Args:
        source: Path (``-`` is standard input), folder, bytes of a file, array ``(H, W)`` or ``(H, W, 3)`` uint8,
            or a sequence of these; or path of a video, by its ending.
        model: Name of a shipped model, or path of a model file.
        detector: ``haar``, ``yunet``, ``none`` where the picture is the face, or ``auto``: ``yunet`` where its file is
            in the weights folder, else ``haar``.
        detector_model: Model file of the detector, for one that needs it.
        colour: Order of arrays' channels, ``rgb`` or ``bgr``.
        engine: What computes the network: ``onnxruntime``, ``openvino``, ``cuda``, or ``auto``: ONNX Runtime for fewer
            than 500 pictures, else the fastest that starts.

    Raises:
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        MienError: If the detector is unknown or its file is missing, or the engine is unknown or cannot be used here.
        TypeError: If the source is none of these.
        ValueError: If ``colour`` is neither.
    """
    if engine == choice.AUTO and _are_few(source):
        engine = choice.DEFAULT
    analyzer = open_analyzer(model, detector, detector_model=detector_model, engine=engine)
    return analyzer.analyze(source, colour=colour)


def open_analyzer(
    model: str | Path, detector: str, *, detector_model: Path | str | None = None, engine: str = choice.DEFAULT
) -> Analyzer:
    """Return an analyzer, that of an earlier call where it was for the same files.

    Args:
        model: Name of a shipped model, or path of a model file.
        detector: Name of a face detector.
        detector_model: Model file of the detector, for one that needs it.
        engine: What computes the network.

    Raises:
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        MienError: If the detector is unknown or its file is missing, or the engine is unknown or cannot be used here.
    """
    model_file = load_model_file(model)
    files = [model_file.path, *([Path(detector_model)] if detector_model and Path(detector_model).is_file() else [])]
    stamp = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    named = choose_detector(model_file.contract) if detector == AUTO and not detector_model else detector
    return _keep_analyzer(str(model_file.path), named, engine, detector_model and str(detector_model), stamp)


def _are_few(source: Source) -> bool:
    """Return whether a source is known to hold few pictures."""
    if is_single(source):
        return True
    if isinstance(source, str | Path):
        return sum(1 for _ in islice(list_pictures(source), choice.FEW_PICTURES)) < choice.FEW_PICTURES
    return isinstance(source, Sized) and len(source) < choice.FEW_PICTURES


@lru_cache(maxsize=4)
def _keep_analyzer(
    path: str, detector: str, engine: str, detector_model: str | None, stamp: tuple[tuple[int, int], ...]
) -> Analyzer:
    """Return the analyzer of the last calls, or a new one where a file has changed since."""
    return Analyzer(Path(path), detector, detector_model=detector_model, engine=engine)


def _create_detector(name: str, detector_model: Path | str | None, model_file: ModelFile) -> FaceDetector:
    if name != AUTO:
        return create_detector(name, detector_model)
    if detector_model is not None:
        raise MienError(f"{detector_model}: name the detector that this file is for, such as yunet")
    return create_detector(choose_detector(model_file.contract))


def _find_margin(model_file: ModelFile, detector_name: str) -> float:
    margins = model_file.contract.crop_margins
    if detector_name not in margins:
        raise ModelFileError(
            f"model {model_file.contract.name!r} has no crop margin for detector {detector_name!r}; "
            f"it has them for: {', '.join(sorted(margins))}"
        )
    return margins[detector_name]
