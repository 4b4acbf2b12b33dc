"""One list of classes for every data set: labels mapped to it, and what lies outside counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mien.data.face_set import FaceSet
from mien.errors import DataError, suggest
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


def name_against_rest(name: str, expression: str) -> str:
    """Return what a data set is called when one of its classes stands against the rest.

    Args:
        name: Name of the data set.
        expression: The class.

    Example:
        >>> name_against_rest("fer2013", "happy")
        'fer2013-happy-or-not'
    """
    return f"{name}-{expression}-or-not"


def against_rest(face_set: FaceSet, expression: str) -> FaceSet:
    """Return the set with two classes: one of its own, such as ``happy``, and all others as ``not_happy``.

    Rows, splits, votes and columns stay as they are. The set gets a name of its own, as figures of two classes must not
    stand among those of all.

    Args:
        face_set: The faces.
        expression: One of its classes.

    Raises:
        DataError: If the set has no such class.
    """
    if expression not in face_set.expressions:
        raise DataError(
            f"{face_set.name} has no class {expression!r} to stand against the rest"
            f"{suggest(expression, face_set.expressions)}"
        )
    is_rest = face_set.labels != face_set.expressions.index(expression)
    line = f"{expression} against the rest: {int((~is_rest).sum()):,} rows against {int(is_rest.sum()):,}"
    return replace(
        face_set,
        name=name_against_rest(face_set.name, expression),
        labels=is_rest.astype(np.int64),
        expressions=(expression, f"not_{expression}"),
        history=(*face_set.history, line),
    )


def _own_names(face_set: FaceSet) -> list[str]:
    try:
        return [expression_named(name) for name in face_set.expressions]
    except DataError as fault:
        raise DataError(f"{face_set.name}: {fault}") from None


def _count_rows(dropped: Mapping[str, int]) -> str:
    count = sum(dropped.values())
    return f"{count:,} row{'' if count == 1 else 's'}"
