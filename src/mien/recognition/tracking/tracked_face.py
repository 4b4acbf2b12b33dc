"""What the tracker remembers of one face: where and when it was, how it moves, how it looks."""

import math
from dataclasses import dataclass

import numpy as np

from mien.recognition.tracking.frames import Frame, compare_patches, cut_patch
from mien.recognition.tracking.median_flow import Move
from mien.structures import Detection

CONFIRMED_AFTER = 2
"""Detections after which a track counts as a face; a box that was detected once may be a mistake."""

SAME_LIKENESS = 0.5
"""A face looks at least so much like itself from one frame to the next (`compare_patches`)."""

_VELOCITY_MEMORY_S = 0.15  # detected boxes jitter
_SMALLEST_SIDE = 8  # pixels; what is left of a face that goes out of the picture


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face in one frame.

    Args:
        detection: Where it is.
        patch: How it looks there, as `cut_patch` gives it.
    """

    detection: Detection
    patch: np.ndarray


class TrackedFace:
    """A face that is shown, or hidden: not in the picture now, but it may come back.

    Args:
        track_id: Its number.
        first: Its first detection.
        seen_s: Time at which it was seen last, in seconds.
    """

    def __init__(self, track_id: int, first: Sighting, seen_s: float) -> None:
        self.track_id = track_id
        self.detection = first.detection
        self.patch = self.detected_patch = first.patch
        self.seen_s = self.detected_s = seen_s
        self.num_detections = 1
        self.is_detected = True
        self.is_hidden = False
        self._velocity: np.ndarray | None = None  # of its centre, in pixels of the picture a second

    @property
    def is_confirmed(self) -> bool:
        """Return whether it was detected often enough to be no mistake."""
        return self.num_detections >= CONFIRMED_AFTER

    @property
    def area(self) -> float:
        """Return the area of its box in square pixels."""
        width, height = self.detection.box_xyxy[2:] - self.detection.box_xyxy[:2]
        return float(width * height)

    def expect_shift(self, time_s: float) -> np.ndarray:
        """Return how far it has gone since it was seen if it kept its velocity, shape ``(2,)``, in pixels.

        Args:
            time_s: The time to look at, in seconds.
        """
        return np.zeros(2) if self._velocity is None else self._velocity * (time_s - self.seen_s)

    def expect_box(self, time_s: float) -> np.ndarray:
        """Return the box where it is expected, shape ``(4,)``.

        Args:
            time_s: The time to look at, in seconds.
        """
        return self.detection.box_xyxy + np.tile(self.expect_shift(time_s), 2)  # type: ignore[no-any-return]

    def accept(self, sighting: Sighting, time_s: float) -> None:
        """Take what was detected as this face.

        Args:
            sighting: Where it is and how it looks.
            time_s: Time of the frame in seconds.
        """
        self._go_to(sighting.detection, time_s)
        self.patch = self.detected_patch = sighting.patch
        self.detected_s = time_s
        self.num_detections += 1
        self.is_detected, self.is_hidden = True, False

    def look_for(self, move: Move | None, frame: Frame) -> Sighting | None:
        """Return where the picture carried the face, or none where it is lost.

        Args:
            move: What median flow found.
            frame: The frame that it is in now.
        """
        if move is None:
            return None
        corners, landmarks = self.detection.box_xyxy.reshape(2, 2), self.detection.landmarks
        centre_xy = corners.mean(axis=0)
        height, width = frame.size_hw
        box_xyxy = np.clip(move.apply(corners, centre_xy).ravel(), 0, [width, height, width, height])
        if (box_xyxy[2:] - box_xyxy[:2]).min() < _SMALLEST_SIDE:
            return None
        patch = cut_patch(frame, box_xyxy)
        if compare_patches(self.patch, patch) < SAME_LIKENESS:
            return None
        landmarks = None if landmarks is None else move.apply(landmarks, centre_xy)
        return Sighting(Detection(box_xyxy.astype(np.float32), self.detection.score, landmarks), patch)

    def carry(self, sighting: Sighting, time_s: float) -> None:
        """Take what `look_for` gave as this face.

        Args:
            sighting: Where it is and how it looks.
            time_s: Time of the frame in seconds.
        """
        self._go_to(sighting.detection, time_s)
        self.patch, self.is_detected = sighting.patch, False

    def hide(self) -> None:
        """Take it out of the picture; it is known again by its look when it was detected last."""
        self.is_hidden, self.is_detected, self.patch = True, False, self.detected_patch

    def _go_to(self, detection: Detection, time_s: float) -> None:
        passed_s = time_s - self.seen_s
        if passed_s > 0:
            step = (detection.box_xyxy - self.detection.box_xyxy).reshape(2, 2).mean(axis=0) / passed_s
            weight = 1 - math.exp(-passed_s / _VELOCITY_MEMORY_S)
            self._velocity = step if self._velocity is None else self._velocity + weight * (step - self._velocity)
        self.detection, self.seen_s = detection, time_s
