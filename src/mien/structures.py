"""What passes between the layers: a face as a detector found it, and a face as it was read.

Detectors make a ``Detection``, recognition makes a ``Face`` of it; both check themselves on creation.
"""

from dataclasses import dataclass

import numpy as np

FACE_FLAGS: tuple[str, ...] = ("too_small", "blurred", "turned", "cut_off", "unsure")
"""Reasons to trust a face's expression less, in the order in which results list them."""

NUM_LANDMARKS = 5
"""Right eye, left eye, tip of the nose, right and left corner of the mouth, as the person's own right and left."""


@dataclass(frozen=True, eq=False)
class Detection:
    """A face that a detector found.

    Args:
        box_xyxy: ``(x1, y1, x2, y2)``, shape ``(4,)``, in pixels of the picture, with an area.
        score: The detector's own figure; a surer face has a higher one.
        landmarks: Five points ``(x, y)``, shape ``(5, 2)``, or none.

    Raises:
        ValueError: If a shape is wrong, a number is not finite, or the box has no area.
    """

    box_xyxy: np.ndarray
    score: float
    landmarks: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check_box(self.box_xyxy)
        if not np.isfinite(self.score):
            raise ValueError(f"a detection's score must be finite, got {self.score}")
        if self.landmarks is not None and np.shape(self.landmarks) != (NUM_LANDMARKS, 2):
            raise ValueError(f"landmarks must have shape ({NUM_LANDMARKS}, 2), got {np.shape(self.landmarks)}")


@dataclass(frozen=True)
class Face:
    """A face whose expression was read.

    Args:
        box_xyxy: ``(x1, y1, x2, y2)`` in pixels of the picture.
        detector_score: The detector's own figure; a surer face has a higher one.
        expression: The most probable expression.
        probabilities: Probability of every expression by name, in the model's order; they sum to one.
        flags: Reasons to trust it less, of ``FACE_FLAGS``.
        landmarks: Five points ``(x, y)`` in pixels of the picture, or none.
        track_id: Number that follows one face through a video, or none.
        expression_set: Expressions that the face may show, the most probable first, of a model with conformal sets;
            none for other models. An empty one says that no expression is probable enough.
        raw_probabilities: What the model said of this very frame, where ``probabilities`` are smoothed along a track;
            none where nothing was smoothed.

    Raises:
        ValueError: If a shape is wrong, the probabilities are none, or a flag or an expression is unknown.
    """

    box_xyxy: tuple[float, float, float, float]
    detector_score: float
    expression: str
    probabilities: dict[str, float]
    flags: tuple[str, ...] = ()
    landmarks: tuple[tuple[float, float], ...] | None = None
    track_id: int | None = None
    expression_set: tuple[str, ...] | None = None
    raw_probabilities: dict[str, float] | None = None

    def __post_init__(self) -> None:
        _check_box(np.asarray(self.box_xyxy))
        _check_probabilities(self.probabilities)
        if self.expression not in self.probabilities:
            raise ValueError(f"the expression must be one of {', '.join(self.probabilities)}; got {self.expression!r}")
        if self.raw_probabilities is not None:
            _check_raw_probabilities(self.raw_probabilities, self.probabilities)
        strange = set(self.expression_set or ()) - set(self.probabilities)
        if strange:
            raise ValueError(
                f"a set holds expressions of {', '.join(self.probabilities)}; got {', '.join(sorted(strange))}"
            )
        unknown = set(self.flags) - set(FACE_FLAGS)
        if unknown:
            raise ValueError(f"flags must be of {', '.join(FACE_FLAGS)}; got {', '.join(sorted(unknown))}")
        if self.landmarks is not None and np.shape(self.landmarks) != (NUM_LANDMARKS, 2):
            raise ValueError(f"landmarks must have shape ({NUM_LANDMARKS}, 2), got {np.shape(self.landmarks)}")

    @property
    def probability(self) -> float:
        """Return the probability of the expression."""
        return self.probabilities[self.expression]

    def to_dict(self) -> dict[str, object]:
        """Return the face as plain values; coordinates have one decimal, probabilities six."""
        landmarks = self.landmarks and [[round(x, 1), round(y, 1)] for x, y in self.landmarks]
        return {
            "box_xyxy": [round(value, 1) for value in self.box_xyxy],
            "detector_score": round(self.detector_score, 4),
            "landmarks": landmarks,
            "track_id": self.track_id,
            "expression": self.expression,
            "probabilities": _round(self.probabilities),
            "flags": list(self.flags),
            **({} if self.expression_set is None else {"expression_set": list(self.expression_set)}),
            **({} if self.raw_probabilities is None else {"raw_probabilities": _round(self.raw_probabilities)}),
        }


def _check_box(box_xyxy: np.ndarray) -> None:
    if np.shape(box_xyxy) != (4,):
        raise ValueError(f"a box must be (x1, y1, x2, y2), got shape {np.shape(box_xyxy)}")
    x1, y1, x2, y2 = (float(value) for value in box_xyxy)
    if not np.isfinite([x1, y1, x2, y2]).all() or x2 <= x1 or y2 <= y1:
        raise ValueError(f"a box must have an area, got ({x1:g}, {y1:g}, {x2:g}, {y2:g})")


def _check_probabilities(probabilities: dict[str, float]) -> None:
    total = sum(probabilities.values())
    if abs(total - 1) > 1e-3 or min(probabilities.values()) < 0:
        raise ValueError(f"probabilities must be positive and sum to 1, got a sum of {total:g}")


def _check_raw_probabilities(raw: dict[str, float], smoothed: dict[str, float]) -> None:
    if list(raw) != list(smoothed):
        raise ValueError(f"raw probabilities must be of {', '.join(smoothed)}; got {', '.join(raw) or 'none'}")
    _check_probabilities(raw)


def _round(probabilities: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in probabilities.items()}
