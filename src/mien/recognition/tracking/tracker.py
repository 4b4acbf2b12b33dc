"""The tracker: numbers for the faces of a video, detection every few frames, boxes that follow the picture between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.faces.detector import FaceDetector
from mien.recognition.tracking.association import overlap_boxes, pair_boxes
from mien.recognition.tracking.frames import Frame, compare_patches, cut_patch, is_cut, reduce_frame
from mien.recognition.tracking.median_flow import follow_boxes
from mien.recognition.tracking.tracked_face import SAME_LIKENESS, Sighting, TrackedFace
from mien.structures import Detection

SAME_AGAIN_LIKENESS = 0.7
"""After a cut, or when it comes back, a face must look so much like the one it is taken for."""

LONGEST_GAP_S = 1.0
"""Frames further apart, in seconds, are told apart as after a cut."""

_DOUBLE_OVERLAP = 0.3  # a box that was carried on and overlaps a detected one so much is the same face


@dataclass(frozen=True, eq=False)
class Track:
    """One face in one frame.

    Args:
        track_id: 1, 2, ...; never used again after its track ended.
        detection: Its box in this frame. Score and landmarks of a box that was carried on are those of its last
            detection, the landmarks moved along.
        is_detected: Whether the detector found it in this very frame.
        is_confirmed: Whether it was detected at least twice so far; a box that was not may be a mistake.
    """

    track_id: int
    detection: Detection
    is_detected: bool
    is_confirmed: bool


class Tracker:
    """Faces with numbers, frame by frame.

    A face is shown from its first detection on. One that the detector misses is carried on by the picture for up to
    ``keep_s`` if it was detected twice; one that is lost is hidden, and has its number again if it comes back within
    ``keep_s``, where its velocity leads and looking as it did. The detector is asked every ``detect_every`` frames, and
    at once after a cut or when a face that was detected twice is lost.

    Args:
        detector: Finds the faces.
        detect_every: Frames from one detection to the next; 1 detects in every frame.
        keep_s: Time in seconds for which a face is carried on without a detection, and kept once it is hidden.

    Raises:
        ValueError: If ``detect_every`` is below 1 or ``keep_s`` below 0.
    """

    def __init__(self, detector: FaceDetector, *, detect_every: int = 1, keep_s: float = 1.0) -> None:
        if detect_every < 1:
            raise ValueError(f"detect_every must be 1 frame or more, got {detect_every}")
        if not keep_s >= 0:
            raise ValueError(f"keep_s must be 0 seconds or more, got {keep_s}")
        self.detector = detector
        self.detect_every = detect_every
        self.keep_s = keep_s
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next frame is the first of a video, and its first face has number 1."""
        self._faces: list[TrackedFace] = []
        self._last_id = 0
        self._frame: Frame | None = None
        self._time_s = 0.0
        self._frames_since_detection = 0

    @property
    def alive_track_ids(self) -> set[int]:
        """Return the numbers of the faces that are shown or may come back; all others have ended."""
        return {face.track_id for face in self._faces}

    def update(self, image_rgb: np.ndarray, time_s: float) -> list[Track]:
        """Return the faces of the next frame, the largest first.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB. Faces of a frame of another size begin anew.
            time_s: Its time in seconds; one before that of the last frame counts as the same.
        """
        before, frame = self._frame, reduce_frame(image_rgb)
        time_s = time_s if before is None else max(time_s, self._time_s)
        if before is not None and before.size_hw != frame.size_hw:
            self._faces, before = [], None
        if before is not None and (is_cut(before, frame) or time_s - self._time_s > LONGEST_GAP_S):
            before = None
        self._frames_since_detection += 1
        is_due = before is None or self._frames_since_detection >= self.detect_every
        if is_due or not self._carry_all(before, frame, time_s):
            self._detect(image_rgb, before, frame, time_s)
        self._frame, self._time_s = frame, time_s
        self._faces = [face for face in self._faces if not face.is_hidden or time_s - face.seen_s <= self.keep_s]
        shown = sorted(_only_shown(self._faces), key=lambda face: face.area, reverse=True)
        return [Track(face.track_id, face.detection, face.is_detected, face.is_confirmed) for face in shown]

    def _carry_all(self, before: Frame | None, frame: Frame, time_s: float) -> bool:
        """Carry the faces on; return false, and change nothing, where one is lost that is worth a detection at once."""
        shown = _only_shown(self._faces)
        sightings = _follow(shown, before, frame, time_s)
        if any(sighting is None and face.is_confirmed for face, sighting in zip(shown, sightings, strict=True)):
            return False
        for face, sighting in zip(shown, sightings, strict=True):
            if sighting is not None:
                face.carry(sighting, time_s)
        self._drop({face.track_id for face, sighting in zip(shown, sightings, strict=True) if sighting is None})
        return True

    def _detect(self, image_rgb: np.ndarray, before: Frame | None, frame: Frame, time_s: float) -> None:
        self._frames_since_detection = 0
        found = [Sighting(each, cut_patch(frame, each.box_xyxy)) for each in self.detector.detect(image_rgb)]
        boxes_xyxy = _stack([sighting.detection.box_xyxy for sighting in found])
        pairs = self._pair(found, boxes_xyxy, time_s, is_break=before is None)
        missed = [face for row, face in enumerate(self._faces) if row not in pairs and not face.is_hidden]
        for row, place in pairs.items():
            self._faces[row].accept(found[place], time_s)
        self._carry_missed([face for face in missed if face.is_confirmed], boxes_xyxy, before, frame, time_s)
        self._drop({face.track_id for face in missed if not face.is_confirmed})
        for place in sorted(set(range(len(found))) - set(pairs.values())):
            self._last_id += 1
            self._faces.append(TrackedFace(self._last_id, found[place], time_s))

    def _pair(
        self, found: Sequence[Sighting], boxes_xyxy: np.ndarray, time_s: float, *, is_break: bool
    ) -> dict[int, int]:
        """Return the place of what was found of each known face, by the face's row."""
        faces = self._faces

        def find_likeness(row: int, place: int) -> float | None:
            smallest = SAME_AGAIN_LIKENESS if is_break or faces[row].is_hidden else SAME_LIKENESS
            likeness = compare_patches(faces[row].patch, found[place].patch)
            return likeness if likeness >= smallest else None

        return pair_boxes(_stack([face.expect_box(time_s) for face in faces]), boxes_xyxy, find_likeness)

    def _carry_missed(
        self,
        missed: Sequence[TrackedFace],
        found_xyxy: np.ndarray,
        before: Frame | None,
        frame: Frame,
        time_s: float,
    ) -> None:
        """Carry on the faces that the detector may have overlooked; hide the others."""
        for face, sighting in zip(missed, _follow(missed, before, frame, time_s), strict=True):
            if (
                sighting is None
                or time_s - face.detected_s > self.keep_s
                or compare_patches(face.detected_patch, sighting.patch) < SAME_LIKENESS
                or overlap_boxes(sighting.detection.box_xyxy[None], found_xyxy).max(initial=0) >= _DOUBLE_OVERLAP
            ):
                face.hide()
            else:
                face.carry(sighting, time_s)

    def _drop(self, track_ids: set[int]) -> None:
        self._faces = [face for face in self._faces if face.track_id not in track_ids]


def _follow(
    faces: Sequence[TrackedFace], before: Frame | None, frame: Frame, time_s: float
) -> Sequence[Sighting | None]:
    """Return where the picture carried each face; none for those that are lost, after a cut all."""
    if before is None or not faces:
        return [None] * len(faces)
    boxes_xyxy = _stack([face.detection.box_xyxy for face in faces])
    shifts_xy = np.stack([face.expect_shift(time_s) for face in faces])
    moves = follow_boxes(before, frame, boxes_xyxy, shifts_xy=shifts_xy)
    return [face.look_for(move, frame) for face, move in zip(faces, moves, strict=True)]


def _only_shown(faces: Sequence[TrackedFace]) -> list[TrackedFace]:
    return [face for face in faces if not face.is_hidden]


def _stack(boxes: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(boxes) if boxes else np.empty((0, 4), dtype=np.float32)
