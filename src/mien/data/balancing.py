"""Balancing: more rows for rare classes, or weights in their stead; it touches the training split and nothing else.

A method is one new file in ``mien.data.balancing_methods`` with ``@register_balancing``.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.data.pictures import concatenate_pictures
from mien.errors import DataError, suggest
from mien.registry import Registry, find_argument_faults

MADE_BY = "made_by"
"""Column that says which method made a row; empty for rows that were read."""


@dataclass(frozen=True)
class BalancingCard:
    """What is known about a balancing method.

    Args:
        source: Paper or library it comes from.
        needs_memory: Whether it computes with pixels, so that pictures must not be in their files any more.
    """

    source: str
    needs_memory: bool = False


@dataclass(frozen=True)
class NewRows:
    """What a balancing method adds.

    Args:
        labels: Class of each new row, shape ``(M,)``.
        parents: Row that each comes from, shape ``(M,)``, which lends it subject, origin and votes; None where a new
            row comes from several.
        pictures: The new faces, shape ``(M, H, W[, 3])``; None repeats those of the parents.

    Raises:
        ValueError: If there are neither parents nor pictures.
    """

    labels: NDArray[np.int64]
    parents: NDArray[np.int64] | None = None
    pictures: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if self.parents is None and self.pictures is None:
            raise ValueError("new rows need parents or pictures")


Method = Callable[..., NewRows]
AnyMethod = TypeVar("AnyMethod", bound=Method)

BALANCING: Registry[Method, BalancingCard] = Registry("balancing method", package="mien.data.balancing_methods")
"""Functions from training rows, wanted counts and a seed to the rows that are added."""


def register_balancing(name: str, *, card: BalancingCard) -> Callable[[AnyMethod], AnyMethod]:
    """Return the decorator that enters a balancing method under ``name``.

    A method takes ``(rows: FaceSet, extra: NDArray, *, seed, **options)``: the rows to balance and how many to add to
    each class, shape ``(num_classes,)``; it returns `NewRows`.
    """
    return BALANCING.register(name, card=card)  # type: ignore[return-value]


def balance(
    face_set: FaceSet,
    method: str,
    *,
    counts: Mapping[str, int] | None = None,
    seed: int = 0,
    **options: Any,
) -> FaceSet:
    """Return the set with rows added to its training split until its classes are level, or have stated counts.

    Rows of validation and test are never touched.

    Args:
        face_set: The faces.
        method: Registered method, such as ``over_sampling``.
        counts: Training rows that classes are to have, by expression, at least as many as they have; the others stay
            as they are. None levels all classes with the largest.
        seed: Seed of what is random.
        options: Further arguments of the method.

    Raises:
        DataError: If method, option or class is unknown, a count is below what there is, there are no training rows,
            or a class that is to grow has none.
    """
    return _add_rows(face_set, face_set.splits == "training", method, counts=counts, seed=seed, options=options)


def balance_before_split(
    face_set: FaceSet,
    method: str,
    *,
    counts: Mapping[str, int] | None = None,
    seed: int = 0,
    **options: Any,
) -> FaceSet:
    """Return the set with rows added to its classes before any split is cut, as some studies did; marked leaky.

    All rows become training rows; whatever is cut from them then holds copies of what trains. Figures that come of it
    say "leaky".

    Args:
        face_set: The faces, of all splits.
        method: As for `balance`.
        counts: As for `balance`, over all rows.
        seed: Seed of what is random.
        options: Further arguments of the method.

    Raises:
        DataError: As for `balance`.
    """
    everything = replace(face_set, splits=np.full(len(face_set), "training", dtype="U10"), has_published_splits=False)
    is_any = np.ones(len(face_set), dtype=bool)
    balanced = _add_rows(everything, is_any, method, counts=counts, seed=seed, options=options)
    line = "leaky: balanced before splitting, so that copies of training rows stand in every split cut from it"
    return replace(balanced, is_leaky=True, history=(*balanced.history, line))


def find_balancing_faults(method: str, options: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a method's options, a line each.

    Args:
        method: Registered method.
        options: Its arguments.

    Raises:
        MienError: If the method is unknown.
    """
    parameters = inspect.signature(BALANCING.get(method).plugin).parameters.values()
    known = {each.name: each for each in parameters if each.kind is each.KEYWORD_ONLY and each.name != "seed"}
    return find_argument_faults(known, options)


def class_weights(face_set: FaceSet) -> NDArray[np.float32]:
    """Return a weight for each class that makes up for how rare it is in training, with a mean of 1 over the rows.

    Source: scikit-learn's ``class_weight="balanced"``: rows / (classes * rows of the class). A class without rows has
    weight 0.

    Args:
        face_set: The faces; training rows count.

    Returns:
        Weights, shape ``(num_classes,)``, float32.

    Raises:
        DataError: If there are no training rows.
    """
    counts = np.array(list(face_set.split("training").class_counts().values()), dtype=np.float64)
    present = counts > 0
    weights = np.divide(counts.sum(), present.sum() * counts, out=np.zeros_like(counts), where=present)
    result: NDArray[np.float32] = weights.astype(np.float32)
    return result


def sampling_weights(face_set: FaceSet) -> NDArray[np.float64]:
    """Return the probability with which each row is drawn so that all classes of training come equally often.

    Args:
        face_set: The faces.

    Returns:
        Probabilities, shape ``(N,)``, 0 outside of training, summing to 1.

    Raises:
        DataError: If there are no training rows.
    """
    weights = class_weights(face_set).astype(np.float64)[face_set.labels] * (face_set.splits == "training")
    result: NDArray[np.float64] = weights / weights.sum()
    return result


def _add_rows(
    face_set: FaceSet,
    is_balanced: NDArray[np.bool_],
    method: str,
    *,
    counts: Mapping[str, int] | None,
    seed: int,
    options: Mapping[str, Any],
) -> FaceSet:
    entry = BALANCING.get(method)
    faults = find_balancing_faults(method, options)
    if faults:
        raise DataError(f"balancing by {method}: {'; '.join(faults)}")
    if not is_balanced.any():
        raise DataError(f"{face_set.name} has no training rows to balance")
    rows = np.flatnonzero(is_balanced)
    part = face_set.select(rows)
    if entry.card.needs_memory:
        _ = part.faces  # says what to do where the pictures are still in files
    extra = _extra_rows(part, counts)
    new = entry.plugin(part, extra, seed=seed, **options)
    parents = None if new.parents is None else rows[new.parents]
    return _append(face_set, replace(new, parents=parents), method=method, seed=seed)


def _extra_rows(part: FaceSet, counts: Mapping[str, int] | None) -> NDArray[np.int64]:
    have = np.array(list(part.class_counts().values()))
    wanted = np.where(have > 0, have.max(), 0)
    if counts is not None:
        wanted = have.copy()
        for expression, count in counts.items():
            if expression not in part.expressions:
                raise DataError(f"{part.name} has no class {expression!r}{suggest(expression, part.expressions)}")
            place = part.expressions.index(expression)
            if count < have[place]:
                raise DataError(f"{expression} is to have {count:,} rows and has {have[place]:,}; balancing only adds")
            if not have[place] and count:
                raise DataError(f"{expression} has no training rows that more could be made of")
            wanted[place] = count
    result: NDArray[np.int64] = wanted - have
    return result


def _append(face_set: FaceSet, new: NewRows, *, method: str, seed: int) -> FaceSet:
    parents, num_new = new.parents, len(new.labels)
    numbers = np.arange(num_new).astype(str)
    if parents is None:
        ids = np.char.add(f"{face_set.name}:{method}-", numbers)
        origins = np.full(num_new, f"made by {method}")
        columns = {name: np.full(num_new, "") for name in face_set.columns}
        votes = None if face_set.votes is None else np.zeros((num_new, face_set.votes.shape[1]), dtype=np.int64)
    else:
        ids = np.char.add(np.char.add(face_set.row_ids[parents].astype(str), f"#{method}-"), numbers)
        origins = face_set.origins[parents]
        columns = {name: column[parents] for name, column in face_set.columns.items()}
        votes = None if face_set.votes is None else face_set.votes[parents]
    columns[MADE_BY] = np.full(num_new, method)
    own_columns = {MADE_BY: np.full(len(face_set), ""), **face_set.columns}
    pictures = face_set.pictures[parents] if new.pictures is None and parents is not None else new.pictures
    joined = concatenate_pictures([face_set.pictures, pictures])  # type: ignore[list-item]
    if joined is None:
        raise DataError(f"balancing by {method}: the new pictures are not shaped as those of {face_set.name}")
    added = np.bincount(new.labels, minlength=len(face_set.expressions))
    words = ", ".join(f"{name} +{count:,}" for name, count in zip(face_set.expressions, added, strict=True) if count)
    return replace(
        face_set,
        pictures=joined,
        labels=np.concatenate([face_set.labels, new.labels]),
        splits=np.concatenate([face_set.splits, np.full(num_new, "training")]),
        row_ids=np.concatenate([face_set.row_ids, ids]),
        origins=np.concatenate([face_set.origins, origins]),
        votes=None if votes is None or face_set.votes is None else np.concatenate([face_set.votes, votes]),
        columns={name: np.concatenate([column, columns[name]]) for name, column in own_columns.items()},
        history=(*face_set.history, f"balanced by {method}, seed {seed}: {words or 'nothing to add'}"),
    )
