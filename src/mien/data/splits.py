"""Cutting splits: stratified by class, with copies of one picture kept on one side."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.copies import group_identical
from mien.data.face_set import FaceSet
from mien.errors import DataError


def cut_validation(face_set: FaceSet, *, fraction: float = 0.1, seed: int = 0) -> FaceSet:
    """Return the set with a stratified part of its training split turned into validation.

    Identical pictures always stay together, so that no validation picture stands in training.

    Args:
        face_set: The faces; their ``training`` rows are cut, other rows stay.
        fraction: Share of each class's training rows that goes to validation, between 0 and 1.
        seed: Seed of the draw.

    Raises:
        DataError: If the fraction is not between 0 and 1, or there are no training rows.
    """
    if not 0 < fraction < 1:
        raise DataError(f"validation fraction is {fraction}; expected a number between 0 and 1")
    training = np.flatnonzero(face_set.splits == "training")
    if not len(training):
        raise DataError(f"{face_set.name} has no training rows to cut a validation part from")
    chosen = _draw_groups(face_set, training, fraction=fraction, seed=seed)
    splits = face_set.splits.astype("U10")
    splits[chosen] = "validation"
    line = f"validation cut from training: {len(chosen)} of {len(training)} rows, stratified, seed {seed}"
    return replace(face_set, splits=splits, history=(*face_set.history, line), has_published_splits=False)


def _draw_groups(face_set: FaceSet, training: NDArray[np.int64], *, fraction: float, seed: int) -> NDArray[np.int64]:
    groups = group_identical(face_set.faces[training])
    _, first = np.unique(groups, return_index=True)
    label_of_group = face_set.labels[training][first]
    size_of_group = np.bincount(groups)
    random = np.random.default_rng(seed)
    is_chosen = np.zeros(len(first), dtype=bool)
    for label in range(len(face_set.expressions)):
        members = random.permutation(np.flatnonzero(label_of_group == label))
        wanted = round(fraction * int(size_of_group[members].sum()))
        is_chosen[members[np.cumsum(size_of_group[members]) <= wanted]] = True
    result: NDArray[np.int64] = training[is_chosen[groups]]
    return result
