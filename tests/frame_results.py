"""Results of frames of a video, made up."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mien.recognition.results import Recognition
from mien.structures import Face

EXPRESSIONS = ("happy", "sad", "surprise")


def make_face(track_id: int | None = 1, expression: str = "happy", **changes: Any) -> Face:
    """Return a face, smoothed, with a probability of 0.8 for its expression."""
    probabilities = {name: 0.8 if name == expression else 0.1 for name in EXPRESSIONS}
    facts: dict[str, Any] = {
        "box_xyxy": (40.0, 30.0, 120.0, 110.0),
        "detector_score": 5.0,
        "expression": expression,
        "probabilities": probabilities,
        "raw_probabilities": probabilities,
        "track_id": track_id,
    }
    return Face(**{**facts, **changes})


def make_result(time_s: float, faces: Sequence[Face] = (), *, image: np.ndarray | None = None) -> Recognition:
    """Return the result of a frame of 160 by 120 pixels at 10 frames/s."""
    return Recognition(
        source="clip.avi",
        status="ok" if faces else "no_face",
        message="",
        faces=tuple(faces),
        size_hw=(120, 160),
        model="tiny",
        detector="haar",
        expressions=EXPRESSIONS,
        time_s=time_s,
        frame=round(time_s * 10),
        is_smoothed=True,
        image=np.full((120, 160, 3), 90, dtype=np.uint8) if image is None else image,
    )
