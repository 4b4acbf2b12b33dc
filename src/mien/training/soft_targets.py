"""Soft targets: what teachers answered on the rows that train, read from saved predictions, and what teachers saw."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.data import FaceSet
from mien.data.balancing import MADE_BY
from mien.errors import DataError
from mien.metrics.predictions import Predictions
from mien.training.distillation import DistillationSettings
from mien.training.forerunners import Forerunner, hand_on, has_same_pictures


@dataclass(frozen=True, eq=False)
class SoftTargets:
    """What teachers answered on the rows of the training split.

    Args:
        values: Probability of each class, softened by the temperature, shape ``(N, num_classes)``, float32.
        teachers: What a run folder keeps of each: model, fingerprint of its weights, splits seen, rows, files.
        forerunners: What is inherited from them.
    """

    values: Tensor
    teachers: list[dict[str, Any]]
    forerunners: tuple[Forerunner, ...]

    def __str__(self) -> str:
        count = len(self.teachers)
        return f"{count} teacher{'s' if count > 1 else ''}: {', '.join(each['model'] for each in self.teachers)}"


@dataclass(frozen=True)
class _Answers:
    """One file of predictions."""

    file: str
    sha256: str
    predictions: Predictions

    @property
    def facts(self) -> dict[str, Any]:
        views = list(self.predictions.views)
        return {"file": self.file, "split": self.predictions.split, "views": views, "sha256": self.sha256}


def read_soft_targets(
    face_set: FaceSet, settings: DistillationSettings, *, data_fingerprint: str | None = None
) -> SoftTargets:
    """Return the soft targets of the training split; rows are found by their ids, classes by their names.

    Files of the same weights are one teacher, and its views are averaged as logits. Of several teachers the
    probabilities are averaged, in each row of those that answered it. The average is softened by the temperature.
    Rows that balancing copied have the soft targets of the row they come from; rows that it made of several have some
    only of a teacher that learned from this very data.

    Args:
        face_set: The faces as they train.
        settings: The recipe's section.
        data_fingerprint: Fingerprint of the data set that they come from; None takes their own.

    Raises:
        DataError: If a file is missing or damaged, of another data set, of the test split or without one of the
            classes; if a teacher has answered a split by the same view twice; or if a training row has no answer.
    """
    data_fingerprint = data_fingerprint or face_set.fingerprint
    answers = [_read(file, face_set) for file in settings.predictions]
    by_weights: dict[str, list[_Answers]] = {}
    for each in answers:
        by_weights.setdefault(each.predictions.weights_fingerprint, []).append(each)
    part, teachers = face_set.split("training"), []
    total, num_teachers = np.zeros((len(part), len(part.expressions))), np.zeros(len(part), dtype=np.int64)
    for fingerprint, files in by_weights.items():
        _check_views(files)
        probabilities, is_answered = _average_views(files, part, data_fingerprint=data_fingerprint)
        total[is_answered] += probabilities
        num_teachers += is_answered
        teachers.append(_describe(files, fingerprint, num_rows=int(is_answered.sum())))
    _refuse_missing(part, num_teachers == 0)
    return SoftTargets(
        torch.from_numpy(_softmax(_logarithms(total / num_teachers[:, None]) / settings.temperature)),
        teachers,
        tuple(forerunner for each in answers for forerunner in _hand_on(each.predictions)),
    )


def _read(file: str, face_set: FaceSet) -> _Answers:
    predictions = Predictions.load(Path(file))
    if not has_same_pictures(predictions.data_set, face_set.name):
        raise DataError(
            f"{file}: predictions of {predictions.data_set}, and this run trains on {face_set.name}; a teacher must "
            "have answered the rows that train"
        )
    if predictions.split == "test":
        raise DataError(f"{file}: predictions of a test split, which teaches nobody; predict training instead")
    missing = [name for name in face_set.expressions if name not in predictions.expressions]
    if missing:
        raise DataError(f"{file}: the teacher does not know {', '.join(missing)}; it must know every class of the run")
    return _Answers(file, hashlib.sha256(Path(file).read_bytes()).hexdigest(), predictions)


def _check_views(files: Sequence[_Answers]) -> None:
    """Refuse answers that would count twice."""
    known: dict[tuple[str, str], str] = {}
    for each in files:
        split = each.predictions.split
        for view in each.predictions.views:
            if (split, view) in known:
                raise DataError(
                    f"{each.file}: the same weights answered {split} by view {view!r} in {known[split, view]} too; "
                    "name one of the two in distillation.predictions"
                )
            known[split, view] = each.file


def _average_views(
    files: Sequence[_Answers], part: FaceSet, *, data_fingerprint: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return one teacher's probabilities of the rows that it answered, and which these are."""
    total, num_views = np.zeros((len(part), len(part.expressions))), np.zeros(len(part), dtype=np.int64)
    for each in files:
        predictions = each.predictions
        places = {row_id: place for place, row_id in enumerate(predictions.row_ids.tolist())}
        ids = _ids_to_look_up(part, is_same_data=predictions.data_fingerprint == data_fingerprint)
        found = np.array([places.get(row_id, -1) for row_id in ids])
        columns = [predictions.expressions.index(name) for name in part.expressions]
        logits = _logarithms(predictions.probabilities[found[found >= 0]][:, columns])
        total[found >= 0] += logits * len(predictions.views)
        num_views[found >= 0] += len(predictions.views)
    is_answered = num_views > 0
    return _softmax(total[is_answered] / num_views[is_answered, None]), is_answered


def _ids_to_look_up(part: FaceSet, *, is_same_data: bool) -> list[str]:
    """Return the id of each row in a teacher's data: of copies their parent's, of rows without one none."""
    made_by = part.columns.get(MADE_BY)
    if is_same_data or made_by is None:
        ids: list[str] = part.row_ids.tolist()
        return ids
    rows = zip(part.row_ids.tolist(), made_by.tolist(), strict=True)
    return [row_id.rpartition("#")[0] if method else row_id for row_id, method in rows]


def _logarithms(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    logarithms: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    return logarithms


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    probabilities: NDArray[np.float32] = torch.from_numpy(logits).softmax(dim=1).float().numpy()
    return probabilities


def _refuse_missing(part: FaceSet, is_missing: NDArray[np.bool_]) -> None:
    if is_missing.any():
        raise DataError(
            f"{part.name}: {int(is_missing.sum()):,} of {len(part):,} training rows have no soft targets, the first "
            f"{part.row_ids[is_missing][0]}; let a teacher answer them (mien predict RUN --split training), and name "
            "the file in distillation.predictions"
        )


def _describe(files: Sequence[_Answers], fingerprint: str, *, num_rows: int) -> dict[str, Any]:
    first = files[0].predictions
    return {
        "model": first.model,
        "weights_fingerprint": fingerprint,
        "data_set": first.data_set,
        "splits_seen": first.splits_seen,
        "num_rows": num_rows,
        "files": [each.facts for each in files],
    }


def _hand_on(predictions: Predictions) -> tuple[Forerunner, ...]:
    teacher = Forerunner(
        source=predictions.model,
        data_set=predictions.data_set,
        splits_seen=predictions.splits_seen,
        has_published_splits=predictions.protocol != "own",
        data_fingerprint=predictions.data_fingerprint,
        weights_fingerprint=predictions.weights_fingerprint,
        is_leaky=predictions.is_leaky,
    )
    return hand_on(teacher, predictions.forerunners)
