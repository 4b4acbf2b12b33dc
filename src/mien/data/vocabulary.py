"""One list of classes for every data set: labels mapped to it, and what lies outside counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mien.data.face_set import FaceSet
from mien.errors import DataError
from mien.expressions import expression_named, find_vocabulary

Outside = Literal["drop", "refuse"]
"""What to do with rows whose label is none of the chosen classes."""


@dataclass(frozen=True)
class VocabularyReport:
    """What mapping a set to a list of classes did.

    Args:
        expressions: The chosen classes.
        num_kept: Rows that stayed.
        dropped: Rows that went, by label.
        empty: Chosen classes without a row.
    """

    expressions: tuple[str, ...]
    num_kept: int
    dropped: Mapping[str, int]
    empty: tuple[str, ...]

    @property
    def num_dropped(self) -> int:
        """How many rows went."""
        return sum(self.dropped.values())


def to_vocabulary(
    face_set: FaceSet, expressions: Sequence[str] | str, *, outside: Outside = "refuse"
) -> tuple[FaceSet, VocabularyReport]:
    """Return the set with labels of the chosen classes, and what that did.

    Votes and columns stay as they are.

    Args:
        face_set: The faces.
        expressions: Name of a vocabulary, such as ``six``, or the classes one by one in label order.
        outside: ``refuse`` raises where rows have another label; ``drop`` leaves them out, and the history says which
            labels and how many.

    Raises:
        DataError: If there is no such vocabulary, rows lie outside it and are not to be dropped, or no row is left.
    """
    chosen = find_vocabulary(expressions)
    number = np.array([chosen.index(name) if name in chosen else -1 for name in _own_names(face_set)], dtype=np.int64)
    labels = number[face_set.labels]
    counts = face_set.class_counts()
    dropped = {name: counts[name] for name, new in zip(face_set.expressions, number, strict=True) if new < 0}
    dropped = {name: count for name, count in dropped.items() if count}
    listed = ", ".join(f"{count:,} {name}" for name, count in dropped.items())
    if dropped and outside == "refuse":
        raise DataError(
            f"{face_set.name}: {_count_rows(dropped)} outside the classes {', '.join(chosen)}: {listed}; "
            "add their classes, or drop them with outside = 'drop'"
        )
    is_kept = labels >= 0
    if not is_kept.any():
        raise DataError(f"{face_set.name}: no row has one of the classes {', '.join(chosen)}; it has {listed}")
    line = f"mapped to {len(chosen)} classes ({', '.join(chosen)})"
    if dropped:
        line += f"; {_count_rows(dropped)} outside dropped: {listed}"
    if chosen == face_set.expressions:
        mapped = face_set
    else:
        kept = face_set.select(is_kept) if dropped else face_set
        mapped = replace(kept, labels=labels[is_kept], expressions=chosen, history=(*face_set.history, line))
    empty = tuple(name for name, count in mapped.class_counts().items() if not count)
    return mapped, VocabularyReport(chosen, len(mapped), dropped, empty)


def _own_names(face_set: FaceSet) -> list[str]:
    try:
        return [expression_named(name) for name in face_set.expressions]
    except DataError as fault:
        raise DataError(f"{face_set.name}: {fault}") from None


def _count_rows(dropped: Mapping[str, int]) -> str:
    count = sum(dropped.values())
    return f"{count:,} row{'' if count == 1 else 's'}"
