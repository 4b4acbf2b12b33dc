"""Cutting splits and folds: stratified by class, with copies of one picture, and all of one person, on one side."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.copies import group_copies
from mien.data.face_set import SPLITS, FaceSet
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
    return cut_splits(face_set, {"validation": fraction}, seed=seed)


def cut_splits(
    face_set: FaceSet,
    fractions: Mapping[str, float],
    *,
    of: Sequence[str] = ("training",),
    seed: int = 0,
    by_subject: bool = False,
    allow_leakage: bool = False,
) -> FaceSet:
    """Return the set with its rows dealt into splits by stated fractions; what is left of them trains.

    Args:
        face_set: The faces; rows of other splits than `of` stay where they are.
        fractions: Share of each class that goes to ``validation`` and to ``test``, such as
            ``{"validation": 0.1, "test": 0.1}``.
        of: Splits whose rows are dealt anew.
        seed: Seed of the draw.
        by_subject: Whether all pictures of a person stay on one side; people are drawn then, not classes.
        allow_leakage: Whether copies of one picture may part, as in a study that did not look; the set is marked
            leaky if any did.

    Raises:
        DataError: If a fraction is not between 0 and 1, they leave nothing to train on, there are no such rows, or
            subjects are not known.
    """
    _check_fractions(fractions)
    rows = _rows_of(face_set, of)
    groups = _find_groups(face_set, rows, by_subject=by_subject, allow_leakage=allow_leakage)
    strata = np.zeros(len(rows), dtype=np.int64) if by_subject else face_set.labels[rows]
    drawn = _draw_groups(groups, strata, list(fractions.values()), seed=seed)
    splits = face_set.splits.astype("U10")
    splits[rows] = "training"
    for number, name in enumerate(fractions):
        splits[rows[drawn == number]] = name
    how = "by subject" if by_subject else "stratified"
    counts = ", ".join(f"{int((drawn == number).sum())}" for number in range(len(fractions)))
    line = f"{' and '.join(fractions)} cut from {' and '.join(of)}: {counts} of {len(rows)} rows, {how}, seed {seed}"
    cut = replace(face_set, splits=splits, history=(*face_set.history, line), has_published_splits=False)
    return mark_parted_copies(cut) if allow_leakage else cut


def deal_folds(
    face_set: FaceSet,
    num_folds: int,
    *,
    of: Sequence[str] = ("training",),
    seed: int = 0,
    by_subject: bool = False,
) -> NDArray[np.int64]:
    """Return the fold of each row, counted from 0; -1 for rows of other splits.

    Classes are spread evenly over the folds. Copies of one picture are always in one fold; with `by_subject` so are
    all pictures of one person, and of two persons whose pictures are the same.

    Args:
        face_set: The faces.
        num_folds: Folds, at least 2.
        of: Splits whose rows are dealt.
        seed: Seed of the draw.
        by_subject: Whether folds are disjoint by person.

    Returns:
        Fold numbers, shape ``(N,)``.

    Raises:
        DataError: If there are fewer than 2 folds, more folds than groups, or subjects are not known.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if num_folds < 2:
        raise DataError(f"{num_folds} folds; expected at least 2")
    rows = _rows_of(face_set, of)
    groups = _find_groups(face_set, rows, by_subject=by_subject, allow_leakage=False)
    labels = face_set.labels[rows]
    num_groups = int(groups.max()) + 1
    if num_groups < num_folds:
        unit = "people" if by_subject else "different pictures"
        raise DataError(f"{face_set.name}: {num_folds} folds of {num_groups} {unit}; expected at most as many folds")
    folds = np.full(len(face_set), -1, dtype=np.int64)
    if by_subject:  # few large groups: balancing their classes is worth the search
        cut = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed).split(rows, labels, groups)
        for number, (_, inside) in enumerate(cut):
            folds[rows[inside]] = number
        return folds
    _, first = np.unique(groups, return_index=True)
    largest = int(np.bincount(labels[first]).max())
    if largest < num_folds:
        raise DataError(f"{face_set.name}: {num_folds} folds, and no class has more than {largest} different pictures")
    fold_of_group = np.zeros(num_groups, dtype=np.int64)
    with warnings.catch_warnings():  # classes with fewer pictures than folds are spread as far as they go
        warnings.filterwarnings("ignore", message="The least populated class")
        parts = StratifiedKFold(num_folds, shuffle=True, random_state=seed).split(first, labels[first])
        for number, (_, inside) in enumerate(parts):
            fold_of_group[inside] = number
    folds[rows] = fold_of_group[groups]
    return folds


def take_fold(face_set: FaceSet, folds: NDArray[np.int64], number: int, *, as_split: str = "validation") -> FaceSet:
    """Return the set with one fold held out and the others to train on.

    Args:
        face_set: The faces.
        folds: As `deal_folds` gives them.
        number: The fold that is held out.
        as_split: What it becomes.

    Raises:
        DataError: If there is no such fold, or `as_split` is neither ``validation`` nor ``test``.
    """
    num_folds = int(folds.max(initial=-1)) + 1
    if as_split not in SPLITS[1:]:
        raise DataError(f"a fold is held out as {as_split!r}; expected validation or test")
    if not 0 <= number < num_folds:
        raise DataError(f"there is no fold {number}; expected 0 to {num_folds - 1}")
    splits = face_set.splits.astype("U10")
    splits[folds >= 0] = "training"
    splits[folds == number] = as_split
    line = f"fold {number + 1} of {num_folds} held out as {as_split}: {int((folds == number).sum())} rows"
    return replace(face_set, splits=splits, history=(*face_set.history, line), has_published_splits=False)


def mark_parted_copies(face_set: FaceSet) -> FaceSet:
    """Return the set marked leaky if copies of one picture stand in several splits; the history says how many."""
    groups = group_copies(face_set)
    _, numbers = np.unique(face_set.splits, return_inverse=True)
    first_split = np.full(int(groups.max(initial=-1)) + 1, -1)
    first_split[groups[::-1]] = numbers[::-1]
    parted = np.unique(groups[numbers != first_split[groups]])
    if not len(parted):
        return face_set
    line = f"leaky: {len(parted)} pictures have copies in several splits"
    return replace(face_set, is_leaky=True, history=(*face_set.history, line))


def _check_fractions(fractions: Mapping[str, float]) -> None:
    unknown = [name for name in fractions if name not in SPLITS[1:]]
    if unknown or not fractions:
        raise DataError(f"fractions are of {', '.join(fractions) or 'nothing'}; expected validation, test, or both")
    for name, fraction in fractions.items():
        if not 0 < fraction < 1:
            raise DataError(f"{name} fraction is {fraction}; expected a number between 0 and 1")
    if sum(fractions.values()) >= 1:
        raise DataError(f"fractions sum to {sum(fractions.values()):g}; expected less than 1, the rest trains")


def _rows_of(face_set: FaceSet, splits: Sequence[str]) -> NDArray[np.int64]:
    rows = np.flatnonzero(np.isin(face_set.splits, list(splits)))
    if not len(rows):
        raise DataError(f"{face_set.name} has no {' or '.join(splits)} rows to cut splits or folds from")
    return rows


def _find_groups(
    face_set: FaceSet, rows: NDArray[np.int64], *, by_subject: bool, allow_leakage: bool
) -> NDArray[np.int64]:
    """Return a group number for each of the rows; rows of one group must not part."""
    copies = np.arange(len(rows)) if allow_leakage else group_copies(face_set.select(rows))
    if not by_subject:
        return copies
    subjects = face_set.subjects
    if subjects is None or (subjects[rows] == "").any():
        unknown = len(rows) if subjects is None else int((subjects[rows] == "").sum())
        raise DataError(
            f"{face_set.name}: the subject of {unknown:,} of {len(rows):,} rows is unknown, so nothing can be cut by it"
        )
    return _connect(copies, np.unique(subjects[rows], return_inverse=True)[1])


def _connect(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return groups of rows that are connected by sharing a number in either."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    offset = int(first.max()) + 1
    nodes = offset + int(second.max()) + 1
    edges = coo_array((np.ones(len(first)), (first, second + offset)), shape=(nodes, nodes))
    _, components = connected_components(edges, directed=False)
    return np.unique(components[first], return_inverse=True)[1].astype(np.int64)


def _draw_groups(
    groups: NDArray[np.int64], strata: NDArray[np.int64], fractions: Sequence[float], *, seed: int
) -> NDArray[np.int64]:
    """Return for each row the number of the fraction it falls into, or -1 for the rest."""
    _, first = np.unique(groups, return_index=True)
    stratum_of_group, size_of_group = strata[first], np.bincount(groups)
    random = np.random.default_rng(seed)
    drawn = np.full(len(first), -1, dtype=np.int64)
    for stratum in range(int(strata.max()) + 1):
        members = random.permutation(np.flatnonzero(stratum_of_group == stratum))
        sizes = size_of_group[members]
        taken, bound = np.zeros(len(members), dtype=bool), 0
        for number, fraction in enumerate(fractions):
            bound += round(fraction * int(sizes.sum()))
            inside = (np.cumsum(sizes) <= bound) & ~taken
            drawn[members[inside]] = number
            taken |= inside
    return drawn[groups]
