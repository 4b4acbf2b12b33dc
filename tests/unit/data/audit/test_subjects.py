from dataclasses import replace

import numpy as np

from mien.data.audit.subjects import splits_of_subjects
from tests.unit.data.audit.scenes import make_set


def test_subjects_in_several_splits_are_named_with_them() -> None:
    splits = ["test", "training", "training", "validation", "training", "test"]
    face_set = make_set(np.zeros((6, 4, 4), np.uint8), splits=splits)
    known = replace(face_set, columns={"subject": np.array(["a", "a", "b", "c", "", ""])})
    assert splits_of_subjects(known).tolist() == ["training test", "training test", "", "", "", ""]
    assert splits_of_subjects(face_set).tolist() == [""] * 6
