"""Videos analysed frame by frame: faces are found, followed, read in batches over frames, and smoothed along tracks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mien.faces.reduced_search import ReducedSearch
from mien.recognition.analyzer import DEFAULT_MODEL, Analyzer, open_analyzer
from mien.recognition.default_detector import AUTO
from mien.recognition.results import Recognition
from mien.recognition.smoothing import Smoother, check_method
from mien.recognition.track_summary import TrackSummary
from mien.recognition.tracking import Track, Tracker
from mien.recognition.video.bounded_queue import fit_frames
from mien.recognition.video.prefetching import Prefetcher
from mien.recognition.video.reading import Frame, VideoReader
from mien.structures import Face

FRAMES_READ_AHEAD = 8
"""Decoded frames that wait for the worker at most; fewer of large ones."""

BATCH_FRAMES = 8
"""Frames whose faces go through the network together; fewer of large ones."""


@dataclass(frozen=True)
class FollowSettings:
    """How faces are followed through a video.

    Args:
        detect_every: Of so many frames, faces are looked for in one and followed through the others.
        smoothing: ``exponential``, ``markov`` or ``none``.
        search_side: Longer side of the frame in which faces are looked for, in pixels; none: the detector's own.

    Raises:
        ValueError: If ``detect_every`` or ``search_side`` is below 1.
        MienError: If the smoothing is unknown.
    """

    detect_every: int = 1
    smoothing: str = "exponential"
    search_side: int | None = None

    def __post_init__(self) -> None:
        for name, number in (("detect_every", self.detect_every), ("search_side", self.search_side)):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be 1 or more, got {number}")
        check_method(self.smoothing)


class VideoAnalysis:
    """The results of one video as they come, one for every frame; a context manager that closes the file.

    ``persons`` holds a summary of each track, by its number, as far as the results have come; of those that ended, only
    what was detected twice.

    Args:
        analyzer: What finds and reads faces.
        path: The video.
        start_s: Time of the first frame wanted, in seconds.
        end_s: Time before which the last one lies; none: to the end.
        every: Of so many frames one is wanted.
        follow: How faces are followed.

    Raises:
        VideoError: If the file is missing, empty or no video.
        ValueError: If a setting is out of range.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        path: Path | str,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        every: int = 1,
        follow: FollowSettings | None = None,
    ) -> None:
        self._analyzer, self._follow = analyzer, follow or FollowSettings()
        self.persons: dict[int, TrackSummary] = {}
        self.reader = VideoReader(path, start_s=start_s, end_s=end_s, every=every)
        self._frames: Prefetcher[Frame] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and let go of the file; it may be called twice."""
        if self._frames is None:
            self.reader.close()
        else:  # the thread that reads closes the file: another one must not while it decodes
            self._frames.close()

    @property
    def note(self) -> str:
        """Return one line if the file ended before its time, else nothing; known at the end."""
        return self.reader.note

    def __iter__(self) -> Iterator[Recognition]:
        """Yield one result for every frame wanted, with its picture; once.

        If the file ended before its time, the last result's message says so.

        Raises:
            VideoError: If there is no frame at all, or none in the part that is wanted.
        """
        size_hw = self.reader.info.size_hw
        num_waiting = fit_frames(size_hw, most=FRAMES_READ_AHEAD)
        self._frames = Prefetcher(self.reader, size=num_waiting, on_close=self.reader.close)
        with self._frames as frames:
            results = follow_frames(
                self._analyzer,
                frames,
                source=str(self.reader.path),
                follow=self._follow,
                persons=self.persons,
                batch_frames=fit_frames(size_hw, most=BATCH_FRAMES),
            )
            waiting: Recognition | None = None
            for result in results:
                if waiting is not None:
                    yield waiting
                waiting = result
            if waiting is not None:
                yield replace(waiting, message=self.note)


def analyze_video(
    path: Path | str,
    *,
    model: str | Path = DEFAULT_MODEL,
    detector: str = AUTO,
    detector_model: Path | str | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    every: int = 1,
    detect_every: int = 1,
    smoothing: str = "exponential",
) -> VideoAnalysis:
    """Return the analysis of a video, to be iterated once: a result for every frame as it comes, with its picture.

    Frames are dropped once they are given, so that its length does not matter. ``with`` closes the file where one stops
    before the end.

    Args:
        path: The video.
        model: Name of a shipped model, or path of a model file.
        detector: Name of a face detector, or ``auto``, as for ``analyze``.
        detector_model: Model file of the detector, for one that needs it.
        start_s: Time of the first frame wanted, in seconds.
        end_s: Time before which the last one lies; none: to the end.
        every: Of so many frames one is wanted.
        detect_every: Of so many frames, faces are looked for in one and followed through the others.
        smoothing: ``exponential``, ``markov`` or ``none``.

    Raises:
        VideoError: If the file is missing, empty or no video; while it is iterated, if no wanted frame comes.
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        MienError: If the detector or the smoothing is unknown, or the detector's file is missing.
        ValueError: If a number is out of range.
    """
    analyzer = open_analyzer(model, detector, detector_model=detector_model)
    follow = FollowSettings(detect_every, smoothing)
    return VideoAnalysis(analyzer, path, start_s=start_s, end_s=end_s, every=every, follow=follow)


def follow_frames(
    analyzer: Analyzer,
    frames: Iterable[Frame],
    *,
    source: str,
    follow: FollowSettings,
    persons: dict[int, TrackSummary] | None = None,
    batch_frames: int = BATCH_FRAMES,
) -> Iterator[Recognition]:
    """Yield one result for every frame of a stream, with its picture.

    Args:
        analyzer: What finds and reads faces.
        frames: The frames, in their order.
        source: What the results call the stream.
        follow: How faces are followed.
        persons: Takes a summary of each track, by its number; one that ends before it is confirmed is dropped. None:
            nothing is kept of tracks that end.
        batch_frames: Frames whose faces go through the network together; as many are read before the first comes.
    """
    detector = analyzer.detector
    if follow.search_side is not None:
        detector = ReducedSearch(detector, follow.search_side)
    tracker = Tracker(detector, detect_every=follow.detect_every)
    smoother = Smoother(follow.smoothing, num_classes=len(analyzer.model_file.contract.expressions))
    stream = iter(frames)
    while batch := list(islice(stream, batch_frames)):
        followed = [(frame, tracker.update(frame.image_rgb, frame.time_s)) for frame in batch]
        rows = iter(analyzer.predict_faces([(each.image_rgb, it.detection) for each, them in followed for it in them]))
        for frame, tracks in followed:
            faces = tuple(_to_face(analyzer, frame, track, next(rows), smoother) for track in tracks)
            if persons is not None:
                _add_to_persons(persons, faces, tracks, frame.time_s)
            yield analyzer.to_result(
                source,
                faces=faces,
                image_rgb=frame.image_rgb,
                frame=frame.index,
                time_s=round(frame.time_s, 6),
                is_smoothed=follow.smoothing != "none",
            )
        alive = tracker.alive_track_ids
        smoother.forget(alive)
        if persons is not None:
            _drop_mistakes(persons, alive)


def _to_face(analyzer: Analyzer, frame: Frame, track: Track, row: np.ndarray, smoother: Smoother) -> Face:
    smooth = smoother.update(track.track_id, row, frame.time_s)
    face = replace(analyzer.to_face(frame.image_rgb, track.detection, smooth), track_id=track.track_id)
    if smoother.method == "none":
        return face
    names = analyzer.model_file.contract.expressions
    return replace(face, raw_probabilities=dict(zip(names, map(float, row), strict=True)))


def _add_to_persons(
    persons: dict[int, TrackSummary], faces: Sequence[Face], tracks: Sequence[Track], time_s: float
) -> None:
    for face, track in zip(faces, tracks, strict=True):
        person = persons.setdefault(track.track_id, TrackSummary(track.track_id))
        person.add(face, time_s, is_confirmed=track.is_confirmed)


def _drop_mistakes(persons: dict[int, TrackSummary], alive: set[int]) -> None:
    """Drop boxes that were detected once: a bad detector finds thousands an hour."""
    for track_id in [each for each, person in persons.items() if each not in alive and not person.is_confirmed]:
        del persons[track_id]
