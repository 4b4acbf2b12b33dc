"""Probabilities smoothed along the tracks of a video, whatever its frame rate; and how much labels flicker.

The video pipeline and the webcam put every face's probabilities through a ``Smoother``.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from mien.errors import MienError, suggest

METHODS: tuple[str, ...] = ("none", "exponential", "markov")
"""Ways of smoothing, the plainest first."""

_SMALLEST_PROBABILITY = 1e-6  # what the network rules out, the next frame may show


class Smoother:
    """Probabilities along tracks, each track by itself.

    ``exponential`` is the running mean of a half-life. ``markov`` is the forward filter of a hidden Markov model: the
    expression stays for a dwell time, then it is drawn anew by the priors; what the network says, divided by the
    priors, is the evidence. Frames that follow each other closely see nearly the same picture, so a frame's evidence
    counts by the time since the one before, and in full only after ``evidence_s``. After a long gap both give what
    the network says.

    Args:
        method: ``none``, ``exponential`` or ``markov``.
        num_classes: Number of expressions.
        half_life_s: Time in seconds after which half of a change is through, of ``exponential``.
        dwell_s: Time in seconds for which an expression stays, on the average of its changes, of ``markov``.
        evidence_s: Time in seconds between two frames that count in full, of ``markov``.
        priors: Share of each expression that the network's probabilities assume, shape ``(C,)``, each above 0;
            equal shares where none are given.

    Raises:
        MienError: If the method is unknown.
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        method: str = "exponential",
        *,
        num_classes: int,
        half_life_s: float = 0.15,
        dwell_s: float = 2.0,
        evidence_s: float = 0.05,
        priors: np.ndarray | None = None,
    ) -> None:
        check_method(method)
        for name, seconds in (("half_life_s", half_life_s), ("dwell_s", dwell_s), ("evidence_s", evidence_s)):
            if not 0 < seconds < math.inf:
                raise ValueError(f"{name} must be above 0 seconds, got {seconds}")
        self.method = method
        self.num_classes = num_classes
        self.half_life_s = half_life_s
        self.dwell_s = dwell_s
        self.evidence_s = evidence_s
        self._priors = _check_priors(np.full(num_classes, 1 / num_classes) if priors is None else priors, num_classes)
        self._states: dict[int, tuple[float, np.ndarray]] = {}

    def update(self, track_id: int, probabilities: np.ndarray, time_s: float) -> np.ndarray:
        """Return the smoothed probabilities of a face, shape ``(C,)``, float32; they sum to 1.

        Args:
            track_id: Its track; the first frame of a track is left as it is.
            probabilities: What the network says, shape ``(C,)``, summing to 1.
            time_s: Time of the frame in seconds; one not after that of the last frame changes nothing.

        Raises:
            ValueError: If there are not as many probabilities as expressions.
        """
        if np.shape(probabilities) != (self.num_classes,):
            raise ValueError(f"probabilities must have shape ({self.num_classes},), got {np.shape(probabilities)}")
        new = np.asarray(probabilities, dtype=np.float64)
        if self.method != "none":
            if track_id in self._states:
                last_s, old = self._states[track_id]
                passed_s = max(time_s - last_s, 0.0)
                new = (self._average if self.method == "exponential" else self._filter)(old, new, passed_s)
                time_s = max(time_s, last_s)
            self._states[track_id] = time_s, new
        return (new / new.sum()).astype(np.float32)  # type: ignore[no-any-return]

    def forget(self, track_ids_alive: Iterable[int]) -> None:
        """Drop what is known of tracks that ended.

        Args:
            track_ids_alive: Tracks that may go on, such as `Tracker.alive_track_ids`.
        """
        alive = set(track_ids_alive)
        self._states = {track_id: state for track_id, state in self._states.items() if track_id in alive}

    def _average(self, old: np.ndarray, new: np.ndarray, passed_s: float) -> np.ndarray:
        kept = math.exp2(-passed_s / self.half_life_s)
        return kept * old + (1 - kept) * new

    def _filter(self, old: np.ndarray, new: np.ndarray, passed_s: float) -> np.ndarray:
        # Draws that change the expression come every dwell_s; some draw the same one again.
        share_of_changes = 1 - float((self._priors**2).sum())
        kept = math.exp(-passed_s / (self.dwell_s * share_of_changes)) if share_of_changes else 1.0
        expected = kept * old + (1 - kept) * self._priors
        evidence = np.maximum(new, _SMALLEST_PROBABILITY) / self._priors
        belief = expected * evidence ** min(passed_s / self.evidence_s, 1.0)
        return belief / belief.sum()  # type: ignore[no-any-return]


def check_method(method: str) -> None:
    """Check that there is a way of smoothing.

    Args:
        method: Its name.

    Raises:
        MienError: If it is unknown.
    """
    if method not in METHODS:
        raise MienError(f"unknown smoothing {method!r}{suggest(method, METHODS)}")


def flicker_per_minute(labels: Sequence[object], times_s: Sequence[float]) -> float:
    """Return how often a minute the label changes along a track; 0 where no time passes.

    Args:
        labels: Label of each frame.
        times_s: Time of each frame in seconds, rising.

    Raises:
        ValueError: If there are not as many times as labels.

    Example:
        >>> flicker_per_minute(["happy", "sad", "sad", "happy"], [0.0, 1.0, 2.0, 3.0])
        40.0
    """
    if len(labels) != len(times_s):
        raise ValueError(f"every label needs a time, got {len(labels)} labels and {len(times_s)} times")
    changes = sum(one != other for one, other in pairwise(labels))
    return changes_per_minute(changes, times_s[-1] - times_s[0] if times_s else 0.0)


def changes_per_minute(num_changes: int, seconds: float) -> float:
    """Return a number of changes as changes a minute; 0 where no time passed.

    Args:
        num_changes: How many there were.
        seconds: In what time.
    """
    return 60 * num_changes / seconds if seconds > 0 else 0.0


def _check_priors(priors: np.ndarray, num_classes: int) -> np.ndarray:
    if np.shape(priors) != (num_classes,) or not np.min(priors) > 0 or not np.isclose(np.sum(priors), 1, atol=1e-3):
        raise ValueError(
            f"priors must be {num_classes} shares above 0 that sum to 1, got {np.asarray(priors).tolist()}"
        )
    return np.asarray(priors, dtype=np.float64)
