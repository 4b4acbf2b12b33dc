"""Which classes two data sets share, and a model's answers in these classes alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.errors import DataError
from mien.expressions import expression_named
from mien.metrics.predictions import Predictions
from mien.recognition.calibrators import log_probabilities, softmax


@dataclass(frozen=True)
class SharedClasses:
    """What two lists of classes have in common.

    Args:
        shared: Classes in both, in the model's label order.
        only_model: Classes of the model that the other data set does not have.
        only_other: Classes of the other data set that the model does not have.
    """

    shared: tuple[str, ...]
    only_model: tuple[str, ...]
    only_other: tuple[str, ...]


def find_shared_classes(model: Sequence[str], other: Sequence[str], *, names: tuple[str, str]) -> SharedClasses:
    """Return which classes a model shares with another data set, each looked up in the one table of label names.

    A class that stands for no expression, of a set with classes of its own, has a counterpart of its very name alone.

    Args:
        model: The model's classes in label order.
        other: The other data set's classes.
        names: What the model and the other data set are called, for the message.

    Raises:
        DataError: If they share less than two classes.

    Example:
        >>> six = ["angry", "fear", "happy", "sad", "surprise", "neutral"]
        >>> find_shared_classes(six, ["joy", "contempt", "anger"], names=("six", "mine"))
        SharedClasses(shared=('angry', 'happy'), only_model=('fear', 'sad', 'surprise', 'neutral'), \
only_other=('contempt',))
    """
    meant, theirs = [meaning_of(name) for name in model], [meaning_of(name) for name in other]
    shared = tuple(name for name in meant if name in theirs)
    if len(shared) < 2:
        raise DataError(
            f"{names[0]} and {names[1]} share {' and '.join(shared) or 'no class'}; expected at least two classes in "
            f"both: {names[0]} has {', '.join(meant)}, {names[1]} has {', '.join(theirs)}"
        )
    return SharedClasses(
        shared,
        tuple(name for name in meant if name not in theirs),
        tuple(name for name in theirs if name not in meant),
    )


def meaning_of(name: str) -> str:
    """Return mien's name of a class; the name itself of a class that stands for no expression.

    Args:
        name: Name of the class.

    Example:
        >>> meaning_of("Happiness"), meaning_of("bored")
        ('happy', 'bored')
    """
    return expression_named(name) if is_expression(name) else name


def is_expression(name: str) -> bool:
    """Return whether a class stands for an expression, and not for something of one's own.

    Args:
        name: Name of the class.
    """
    try:
        expression_named(name)
    except DataError:
        return False
    return True


def restrict_to_classes(predictions: Predictions, expressions: Sequence[str]) -> Predictions:
    """Return the answers on the rows of some classes, as if the model knew no others.

    The probabilities of these classes are divided by their sum; so the most probable of them is answered.

    Args:
        predictions: What a model answered.
        expressions: Classes to keep, of the model's.

    Raises:
        DataError: If no row has one of them.
    """
    columns = [predictions.expressions.index(name) for name in expressions]
    number = np.full(len(predictions.expressions), -1, dtype=np.int64)
    number[columns] = np.arange(len(columns))
    kept = predictions.select(number[predictions.labels] >= 0)
    return replace(
        kept,
        # Through logarithms, which stay finite where all these classes have the probability 0.
        probabilities=softmax(log_probabilities(kept.probabilities)[:, columns]),
        labels=number[kept.labels],
        expressions=tuple(expressions),
    )
