"""What is told of one person of a video: running sums along a track, whatever its length."""

from mien.recognition.smoothing import changes_per_minute
from mien.structures import Face


class TrackSummary:
    """Figures of one track, from faces that come one after the other; none of them is kept.

    Args:
        track_id: The track.
    """

    def __init__(self, track_id: int) -> None:
        self.track_id = track_id
        self.num_frames = 0
        self.is_confirmed = False
        self.start_s = self.end_s = 0.0
        self._labels = ("", "")  # of the last frame: smoothed, raw
        self._num_changes, self._num_raw_changes = 0, 0
        self._probability_sums: dict[str, float] = {}
        self._seconds: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """Return the time from the first frame to the last, in seconds."""
        return self.end_s - self.start_s

    @property
    def flicker_per_minute(self) -> float:
        """Return how often a minute the expression changes."""
        return changes_per_minute(self._num_changes, self.seconds)

    @property
    def raw_flicker_per_minute(self) -> float:
        """Return how often a minute it would change without smoothing."""
        return changes_per_minute(self._num_raw_changes, self.seconds)

    @property
    def mean_probabilities(self) -> dict[str, float]:
        """Return the mean probability of each expression over the frames."""
        return {name: total / self.num_frames for name, total in self._probability_sums.items()}

    @property
    def time_shares(self) -> dict[str, float]:
        """Return the share of the time with each expression, 0 to 1; where no time passed, all is the last one's."""
        total = sum(self._seconds.values())
        if total > 0:
            return {name: seconds / total for name, seconds in self._seconds.items()}
        return {name: float(name == self._labels[0]) for name in self._seconds}

    def add(self, face: Face, time_s: float, *, is_confirmed: bool = True) -> None:
        """Take the face of the next frame.

        Args:
            face: The face, with raw probabilities where they were smoothed.
            time_s: Time of the frame in seconds; half the time since the last one counts for each of the two.
            is_confirmed: Whether the track is known to be a face by now, as `Track.is_confirmed` says.
        """
        raw = face.raw_probabilities or face.probabilities
        labels = (face.expression, max(raw, key=raw.__getitem__))
        if not self.num_frames:
            self.start_s = self.end_s = time_s
            self._probability_sums = dict.fromkeys(face.probabilities, 0.0)
            self._seconds = dict.fromkeys(face.probabilities, 0.0)
            self._labels = labels
        passed_s = max(time_s - self.end_s, 0.0)
        for label in (self._labels[0], labels[0]):
            self._seconds[label] += passed_s / 2
        for name, probability in face.probabilities.items():
            self._probability_sums[name] += probability
        self._num_changes += labels[0] != self._labels[0]
        self._num_raw_changes += labels[1] != self._labels[1]
        self._labels, self.end_s = labels, max(time_s, self.end_s)
        self.num_frames += 1
        self.is_confirmed |= is_confirmed

    def to_dict(self) -> dict[str, object]:
        """Return the figures as plain values; times have three decimals, shares and probabilities six."""
        return {
            "track_id": self.track_id,
            "is_confirmed": self.is_confirmed,
            "num_frames": self.num_frames,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "seconds": round(self.seconds, 3),
            "flicker_per_minute": round(self.flicker_per_minute, 3),
            "raw_flicker_per_minute": round(self.raw_flicker_per_minute, 3),
            "mean_probabilities": {name: round(value, 6) for name, value in self.mean_probabilities.items()},
            "time_shares": {name: round(value, 6) for name, value in self.time_shares.items()},
        }
