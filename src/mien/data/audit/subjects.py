"""People whose pictures stand on both sides of a split."""

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import SPLITS, FaceSet


def splits_of_subjects(face_set: FaceSet) -> NDArray[np.str_]:
    """Return the splits in which each row's subject is seen, if several: ``training validation``, say.

    Args:
        face_set: The faces.

    Returns:
        Shape ``(N,)``, str; empty where the subject is unknown or stays in one split.
    """
    subjects = face_set.subjects
    if subjects is None:
        return np.full(len(face_set), "", dtype="U1")
    seen: dict[str, set[str]] = {}
    for subject, split in zip(subjects.tolist(), face_set.splits.tolist(), strict=True):
        seen.setdefault(subject, set()).add(split)
    names = {
        subject: " ".join(split for split in SPLITS if split in splits) if subject and len(splits) > 1 else ""
        for subject, splits in seen.items()
    }
    return np.array([names[subject] for subject in subjects.tolist()], dtype=np.str_)
