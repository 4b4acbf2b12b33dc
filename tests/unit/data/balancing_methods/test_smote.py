import numpy as np
import pytest

from mien.data.balancing import balance
from mien.errors import DataError
from tests.unbalanced_set import make_unbalanced_set


def test_smote_agrees_with_imbalanced_learn() -> None:
    from imblearn.over_sampling import SMOTE

    face_set = make_unbalanced_set()
    pixels = face_set.faces.reshape(50, -1).astype(np.float32)
    flat, labels = SMOTE(k_neighbors=3, random_state=7).fit_resample(pixels, face_set.labels)
    balanced = balance(face_set, "smote", seed=7, neighbours=3)
    np.testing.assert_array_equal(balanced.faces.reshape(len(balanced), -1), np.rint(flat))
    np.testing.assert_array_equal(balanced.labels, labels)
    assert set(balanced.columns["subject"][50:]) == {""}
    assert balanced.origins[50] == "made by smote"


def test_smote_makes_faces_between_two_of_one_class() -> None:
    face_set = make_unbalanced_set()
    new = balance(face_set, "smote", seed=1).faces[50:]
    fear = face_set.faces[face_set.labels == 2]
    assert (new[18:] >= fear.min(axis=0)).all()
    assert (new[18:] <= fear.max(axis=0)).all()
    assert not {face.tobytes() for face in new} & {face.tobytes() for face in face_set.faces}


def test_smote_needs_more_faces_than_neighbours() -> None:
    with pytest.raises(DataError, match="balancing by smote: fear has 8 faces; expected more than the 8 neighbours"):
        balance(make_unbalanced_set(), "smote", neighbours=8)
