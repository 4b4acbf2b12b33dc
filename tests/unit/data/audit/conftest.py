from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from tests.unit.data.audit.scenes import crop, make_scenes, make_set


@pytest.fixture(scope="session")
def audited() -> tuple[FaceSet, Findings]:
    """Thirty rows with one fault of each kind, and their findings.

    Row 24 is row 0 with another label, 25 row 1 in test, 26 row 2 cropped in test, 27 black, 28 white text, 29 a scene
    that annotators took for no face. Rows 20 to 23 are validation; row 5 and row 20 show one person.
    """
    scenes = make_scenes(25, seed=12)
    text = np.full_like(scenes[0], 255)
    text[10:14, 6:40] = text[30:34, 12:44] = 0
    pictures = np.stack([*scenes[:24], scenes[0], scenes[1], crop(scenes[2]), np.zeros_like(text), text, scenes[24]])
    labels = np.arange(30) % 2
    labels[[24, 25, 26]] = [1 - labels[0], labels[1], labels[2]]
    splits = ["training"] * 20 + ["validation"] * 4 + ["training", "test", "test", "training", "test", "test"]
    subjects = np.array([f"p{row}" for row in range(30)])
    subjects[20] = subjects[5]
    votes = np.zeros((30, 3), np.int64)
    votes[np.arange(30), labels] = 8
    votes[10] = [0, 0, 2]
    votes[3] = [9, 1, 0]
    votes[[27, 28, 29]] = [0, 0, 10]
    face_set = replace(
        make_set(pictures, labels=labels, splits=splits, columns={"subject": subjects}),
        votes=votes,
        vote_names=("happy", "sad", "not_a_face"),
    )
    findings = audit(face_set)
    has_face = np.ones(30, dtype=bool)
    has_face[[3, 27, 28]] = False
    return face_set, replace(findings, has_face={"haar": has_face})
