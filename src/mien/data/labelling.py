"""What a data set's own label texts mean: each is looked up in the one table, counted, and said in the history."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.expressions import expression_named, find_vocabulary, order_expressions

Unknown = Literal["refuse", "skip"]
"""What to do with pictures whose label no vocabulary knows: refuse the whole set, or leave them out and say so."""


@dataclass(frozen=True, eq=False)
class ReadLabels:
    """Label texts as they were understood.

    Args:
        labels: Index into `expressions`, shape ``(N,)``, int64; -1 for those to be left out.
        expressions: Class names in label order.
        history: A line for each text: what it was read as, and how many pictures have it.
    """

    labels: NDArray[np.int64]
    expressions: tuple[str, ...]
    history: tuple[str, ...]

    def without_empty_classes(self) -> "ReadLabels":
        """Return the same labels in the classes alone that have pictures."""
        present = np.unique(self.labels[self.labels >= 0])
        number = np.full(len(self.expressions) + 1, -1, dtype=np.int64)  # the last is for label -1
        number[present] = np.arange(len(present))
        return replace(
            self, labels=number[self.labels], expressions=tuple(self.expressions[label] for label in present)
        )


def read_labels(
    texts: Sequence[str],
    *,
    place: str,
    noun: str = "folder",
    expressions: tuple[str, ...] | None = None,
    names: Mapping[str, str] | None = None,
    unknown: Unknown | None = None,
    has_own_classes: bool = False,
) -> ReadLabels:
    """Return the classes that label texts stand for.

    Args:
        texts: One label a picture, as the data set spells it.
        place: File or folder that messages name.
        noun: What carries the label: ``folder``, ``label``, ``code``.
        expressions: Classes of the data set in label order; None takes those that occur, in mien's usual order.
        names: Expressions by text, where the data set has a table of its own, such as numbers; texts that it does not
            hold are looked up in the common table.
        unknown: ``refuse`` raises for texts that stand for no class, all of them at once; ``skip`` leaves them out;
            None refuses too, for readers that do not leave the choice.
        has_own_classes: Whether texts that stand for no expression are classes of their own, after the others.

    Raises:
        DataError: If texts stand for no class of the data set; the message lists them all with their counts.
    """
    counts = Counter(texts)
    found: dict[str, str] = {}
    strange: dict[str, str] = {}
    own: set[str] = set()
    for text in sorted(counts):
        try:
            found[text] = (names or {}).get(text) or expression_named(text)
        except DataError as fault:
            if has_own_classes:
                found[text] = "_".join("".join(each if each.isalnum() else " " for each in text.lower()).split())
                own.add(found[text])
                continue
            _, is_close, meant = str(fault).partition("; did you mean ")
            strange[text] = f" (did you mean {meant.removesuffix('?')}?)" if is_close else ""
            continue
        if expressions is not None and found[text] not in expressions:
            strange[text] = f" ({found.pop(text)})"
    if strange and unknown != "skip":
        advice = "; rename, or leave out with the option unknown=skip" if unknown else ""
        raise DataError(f"{place}: {_describe_strange(strange, counts, noun=noun, expressions=expressions)}{advice}")
    in_usual_order = order_expressions(name for name in found.values() if name not in own)
    classes = (*in_usual_order, *sorted(own)) if expressions is None else expressions
    number = {text: classes.index(name) for text, name in found.items()}
    lines = [f"{noun} {text!r} read as {name}: {count_pictures(counts[text])}" for text, name in found.items()]
    lines += [f"{noun} {text!r} stands for no class: {count_pictures(counts[text])} left out" for text in strange]
    labels = np.array([number.get(text, -1) for text in texts], dtype=np.int64)
    return ReadLabels(labels, classes, tuple(lines))


def label_numbers(vocabulary: str, *, first: int = 0) -> dict[str, str]:
    """Return the expressions of a vocabulary by their label numbers, as text.

    Args:
        vocabulary: Name of one of the `VOCABULARIES`; an empty one has no numbers.
        first: The first number.

    Raises:
        DataError: If there is no such vocabulary.

    Example:
        >>> label_numbers("fer2013")["3"]
        'happy'
    """
    expressions = find_vocabulary(vocabulary) if vocabulary else ()
    return {str(number): name for number, name in enumerate(expressions, start=first)}


def count_pictures(count: int) -> str:
    """Return ``1 picture`` or ``1,234 pictures``."""
    return f"{count:,} picture{'' if count == 1 else 's'}"


def _describe_strange(
    strange: Mapping[str, str], counts: Mapping[str, int], *, noun: str, expressions: tuple[str, ...] | None
) -> str:
    listed = ", ".join(f"{text!r} {count_pictures(counts[text])}{hint}" for text, hint in strange.items())
    plural = f"{len(strange)} {noun}s stand" if len(strange) > 1 else f"{noun} stands"
    known = "" if expressions is None else f"; expected {', '.join(expressions)}"
    return f"{plural} for no class: {listed}{known}"
