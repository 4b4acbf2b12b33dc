from dataclasses import replace

import numpy as np

from mien.data import FaceSet
from mien.data.audit.votes import count_not_a_face, disagrees_with_label, find_majorities
from tests.unit.data.audit.scenes import make_set


def voted_set() -> FaceSet:
    face_set = make_set(np.zeros((5, 4, 4), np.uint8), labels=[0, 0, 0, 1, 1])
    votes = np.array([[8, 1, 0, 1], [2, 6, 2, 0], [4, 4, 1, 1], [0, 1, 0, 9], [0, 0, 0, 0]])
    return replace(face_set, votes=votes, vote_names=("happy", "sad", "unknown", "not_a_face"))


def test_count_not_a_face_gives_that_column() -> None:
    assert count_not_a_face(voted_set()).tolist() == [1, 0, 1, 9, 0]


def test_without_such_votes_nobody_was_asked() -> None:
    face_set = make_set(np.zeros((2, 4, 4), np.uint8))
    assert count_not_a_face(face_set).tolist() == [-1, -1]
    others = replace(face_set, votes=np.ones((2, 1), np.int64), vote_names=("happy",))
    assert count_not_a_face(others).tolist() == [-1, -1]
    assert find_majorities(face_set).tolist() == ["", ""]


def test_majorities_are_alone_at_the_top() -> None:
    assert find_majorities(voted_set()).tolist() == ["happy", "sad", "", "not_a_face", ""]


def test_only_expressions_disagree_with_a_label() -> None:
    face_set = voted_set()
    assert disagrees_with_label(face_set, find_majorities(face_set)).tolist() == [False, True, False, False, False]
