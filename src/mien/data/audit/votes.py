"""What annotators' votes say against a row: that it is no face, or that it shows something else."""

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet

NOT_A_FACE = "not_a_face"
_NO_EXPRESSIONS = (NOT_A_FACE, "unknown")

LEAST_NOT_A_FACE_VOTES = 5
"""So many of FER+'s ten annotators make a picture one without a face."""


def count_not_a_face(face_set: FaceSet) -> NDArray[np.int64]:
    """Return how many annotators saw no face in each row, shape ``(N,)``; -1 where nobody was asked.

    Args:
        face_set: The faces.
    """
    if face_set.votes is None or NOT_A_FACE not in face_set.vote_names:
        return np.full(len(face_set), -1, dtype=np.int64)
    return face_set.votes[:, face_set.vote_names.index(NOT_A_FACE)].astype(np.int64)


def find_majorities(face_set: FaceSet) -> NDArray[np.str_]:
    """Return the name that got more votes than any other in each row, shape ``(N,)``; empty after a tie or no vote.

    Args:
        face_set: The faces.
    """
    if face_set.votes is None:
        return np.full(len(face_set), "", dtype="U1")
    most = face_set.votes.max(axis=1, keepdims=True)
    is_alone = ((face_set.votes == most).sum(axis=1) == 1) & (most[:, 0] > 0)
    names = np.array(face_set.vote_names)[face_set.votes.argmax(axis=1)]
    return np.where(is_alone, names, "")


def disagrees_with_label(face_set: FaceSet, majorities: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which rows have a majority for another expression than their label's.

    Votes for no face or for nothing known are no expression, and do not count here.

    Args:
        face_set: The faces.
        majorities: As `find_majorities` returns them.
    """
    labels = np.array(face_set.expressions)[face_set.labels]
    is_expression = (majorities != "") & ~np.isin(majorities, _NO_EXPRESSIONS)
    result: NDArray[np.bool_] = is_expression & (majorities != labels)
    return result
