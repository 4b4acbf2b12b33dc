from typing import Any

import numpy as np
import pytest

from mien.structures import FACE_FLAGS, Detection, Face

FACE: dict[str, Any] = {
    "box_xyxy": (1.04, 2.0, 30.0, 40.0),
    "detector_score": 0.98765,
    "expression": "happy",
    "probabilities": {"happy": 0.75, "sad": 0.25},
    "flags": ("too_small", "unsure"),
    "landmarks": ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0), (9.0, 10.04)),
    "track_id": 3,
}
POINTS = np.zeros((5, 2), dtype=np.float32)


@pytest.mark.parametrize(
    ("box", "score", "landmarks", "message"),
    [
        ([0, 0, 1], 1.0, None, r"a box must be \(x1, y1, x2, y2\), got shape \(3,\)"),
        ([5, 0, 5, 9], 1.0, None, r"a box must have an area, got \(5, 0, 5, 9\)"),
        ([0, 0, 5, np.nan], 1.0, None, "a box must have an area"),
        ([0, 0, 5, 9], np.inf, None, "score must be finite, got inf"),
        ([0, 0, 5, 9], 1.0, POINTS[:4], r"landmarks must have shape \(5, 2\), got \(4, 2\)"),
    ],
    ids=["three numbers", "no area", "not a number", "score", "landmarks"],
)
def test_detection_checks_itself(box: list[float], score: float, landmarks: np.ndarray | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Detection(np.array(box, dtype=np.float32), score, landmarks)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"box_xyxy": (1, 2, 3)}, r"got shape \(3,\)"),
        ({"box_xyxy": (9, 2, 3, 4)}, "a box must have an area"),
        ({"probabilities": {"happy": 0.75, "sad": 0.5}}, "sum to 1, got a sum of 1.25"),
        ({"probabilities": {"happy": 1.5, "sad": -0.5}}, "probabilities must be positive"),
        ({"expression": "angry"}, "must be one of happy, sad; got 'angry'"),
        ({"expression_set": ("bored",)}, "a set holds expressions of .*; got bored"),
        ({"raw_probabilities": {"happy": 1.0}}, "raw probabilities must be of happy, sad; got happy"),
        ({"raw_probabilities": {"happy": 0.5, "sad": 0.6}}, "sum to 1, got a sum of 1.1"),
        ({"flags": ("dark",)}, "flags must be of too_small, blurred, turned, cut_off, unsure; got dark"),
        ({"landmarks": ((1.0, 2.0),)}, r"landmarks must have shape \(5, 2\), got \(1, 2\)"),
    ],
    ids=["box shape", "box area", "sum", "negative", "expression", "set", "raw names", "raw sum", "flag", "landmarks"],
)
def test_face_checks_itself(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Face(**{**FACE, **changes})


def test_face_to_dict_gives_plain_rounded_values() -> None:
    assert Face(**FACE).to_dict() == {
        "box_xyxy": [1.0, 2.0, 30.0, 40.0],
        "detector_score": 0.9877,
        "landmarks": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]],
        "track_id": 3,
        "expression": "happy",
        "probabilities": {"happy": 0.75, "sad": 0.25},
        "flags": ["too_small", "unsure"],
    }


def test_face_without_landmarks_says_none() -> None:
    assert Face(**{**FACE, "landmarks": None}).to_dict()["landmarks"] is None
    assert Face(**{**FACE, "expression_set": ("sad",)}).to_dict()["expression_set"] == ["sad"]


def test_face_writes_raw_probabilities_only_where_it_has_them() -> None:
    smoothed = Face(**FACE, raw_probabilities={"happy": 0.12345678, "sad": 0.87654322})
    assert smoothed.to_dict() == Face(**FACE).to_dict() | {"raw_probabilities": {"happy": 0.123457, "sad": 0.876543}}


def test_face_compares_by_value_and_gives_its_probability() -> None:
    assert Face(**FACE) == Face(**FACE)
    assert Face(**FACE).probability == 0.75
    assert len(FACE_FLAGS) == 5
