"""What several models answered on the same rows, by which an ensemble is chosen: aligned by row id and class name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.errors import ProtocolError
from mien.evaluation.ensemble.combinations import Combination
from mien.evaluation.protocol import check_may_choose
from mien.metrics.predictions import Predictions
from mien.recognition.calibrators import softmax

_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Answers:
    """What ``K`` models answered on the same ``N`` rows.

    Args:
        names: What the models are called.
        probabilities: Shape ``(K, N, C)``, float64; of models that tell one class from the rest ``(K, N, 2)``.
        labels: True classes, shape ``(N,)``, int64.
        expressions: Class names in label order.
        classes: Of models that tell one class from the rest, the class of each; empty of others.
    """

    names: tuple[str, ...]
    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    expressions: tuple[str, ...]
    classes: tuple[int, ...] = ()

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each model answered each row rightly, to its own question, shape ``(K, N)``, bool."""
        if self.classes:
            wanted = (self.labels != np.array(self.classes)[:, None]).astype(np.int64)
        else:
            wanted = np.broadcast_to(self.labels, self.probabilities.shape[:2])
        result: NDArray[np.bool_] = self.probabilities.argmax(axis=2) == wanted
        return result

    @property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Their logarithms, finite, of the shape of the probabilities."""
        result: NDArray[np.float64] = np.log(np.maximum(self.probabilities, _SMALLEST))
        return result

    def combine(self, combination: Combination) -> NDArray[np.float32]:
        """Return the probabilities of an ensemble of these models, shape ``(N, num_classes)``, float32.

        Args:
            combination: How their answers become one.
        """
        return combine(combination, self.log_probabilities)

    def select_rows(self, mask: NDArray[np.bool_]) -> "Answers":
        """Return the answers on the rows that a mask of shape ``(N,)`` marks."""
        return replace(self, probabilities=self.probabilities[:, mask], labels=self.labels[mask])

    def select_models(self, numbers: Sequence[int]) -> "Answers":
        """Return the answers of some of the models, in the order given."""
        return replace(
            self,
            names=tuple(self.names[number] for number in numbers),
            probabilities=self.probabilities[list(numbers)],
            classes=tuple(self.classes[number] for number in numbers) if self.classes else (),
        )


def combine(combination: Combination, log_probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the probabilities of an ensemble, shape ``(N, num_classes)``, float32.

    Args:
        combination: How its members' answers become one.
        log_probabilities: The members' answers, shape ``(K, N, C)``.
    """
    return softmax(combination.combine(torch.from_numpy(np.asarray(log_probabilities, dtype=np.float64))).numpy())


def gather_for_choice(predictions: Sequence[Predictions], rows: Predictions | FaceSet | None = None) -> Answers:
    """Return what models answered on the split that chooses.

    Args:
        predictions: What each answered on validation.
        rows: As for `gather_answers`.

    Raises:
        ProtocolError: If a split is another, a model was trained on it, or the answers do not belong together.
    """
    for each in predictions:
        check_may_choose(each.splits_seen, each.split, model=each.model, data_set=each.data_set)
    return gather_answers(predictions, rows)


def gather_answers(predictions: Sequence[Predictions], rows: Predictions | FaceSet | None = None) -> Answers:
    """Return what models answered, rows found by their ids, classes by their names.

    Models that all tell one class from the rest, such as ``happy`` from ``not_happy``, are gathered as such where the
    rows have that class.

    Args:
        predictions: What each answered.
        rows: The rows in order, their labels and all classes; None takes those of the first predictions.

    Raises:
        ProtocolError: If rows, labels or classes are not the same.
    """
    wanted = rows if rows is not None else predictions[0]
    is_binary = all(_class_against_rest(each, wanted.expressions) is not None for each in predictions)
    read = _read_against_rest if is_binary else _read
    return Answers(
        tuple(each.model for each in predictions),
        np.stack([read(each, wanted) for each in predictions]).astype(np.float64),
        wanted.labels,
        tuple(wanted.expressions),
        tuple(wanted.expressions.index(each.expressions[0]) for each in predictions) if is_binary else (),
    )


def _class_against_rest(predictions: Predictions, expressions: tuple[str, ...]) -> str | None:
    """Return the class that a model tells from the rest, if that is what it does and all classes are more than that."""
    first = predictions.expressions[0]
    is_against_rest = predictions.expressions == (first, f"not_{first}") and predictions.expressions != expressions
    return first if is_against_rest and first in expressions else None


def _read(predictions: Predictions, wanted: Predictions | FaceSet) -> NDArray[np.float32]:
    if sorted(predictions.expressions) != sorted(wanted.expressions):
        raise ProtocolError(
            f"{predictions.model!r} knows the classes {', '.join(predictions.expressions)}; expected "
            f"{', '.join(wanted.expressions)}, in whatever order"
        )
    columns = [predictions.expressions.index(name) for name in wanted.expressions]
    order = _find_rows(predictions, wanted)
    _check_labels(predictions, np.array(columns)[wanted.labels], order)
    return predictions.probabilities[order][:, columns]


def _read_against_rest(predictions: Predictions, wanted: Predictions | FaceSet) -> NDArray[np.float32]:
    order = _find_rows(predictions, wanted)
    number = wanted.expressions.index(predictions.expressions[0])
    _check_labels(predictions, (wanted.labels != number).astype(np.int64), order)
    return predictions.probabilities[order]


def _find_rows(predictions: Predictions, wanted: Predictions | FaceSet) -> list[int]:
    places = {row_id: place for place, row_id in enumerate(predictions.row_ids.tolist())}
    ids = wanted.row_ids.tolist()
    if places.keys() != set(ids):
        num_common = len(places.keys() & set(ids))
        raise ProtocolError(
            f"{predictions.model!r} answered {len(places):,} rows, of which {num_common:,} are among the {len(ids):,} "
            "expected; models are compared on the same rows alone"
        )
    return [places[row_id] for row_id in ids]


def _check_labels(predictions: Predictions, labels: NDArray[np.int64], order: list[int]) -> None:
    num_other = int((predictions.labels[order] != labels).sum())
    if num_other:
        raise ProtocolError(
            f"{predictions.model!r} was given other labels for {num_other:,} of {len(labels):,} rows; expected the same"
        )
