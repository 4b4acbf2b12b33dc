"""Judging a run on other data sets than its own, in the classes that both have; `mien cross-dataset` prints it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.data.audit.copies import is_among
from mien.data.gathering import OnUnreadable
from mien.errors import DataError, ProtocolError
from mien.evaluation.cross_dataset.foreign_faces import ALL_BUT_TEST, find_splits, prepare_alike
from mien.evaluation.cross_dataset.shared_classes import (
    SharedClasses,
    find_shared_classes,
    meaning_of,
    restrict_to_classes,
)
from mien.evaluation.ensemble import Ensemble
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.predictors import Predictor, load_predictor, order_run_views
from mien.evaluation.protocol import check_may_judge, check_may_open, figures_for_choice, open_test_split
from mien.evaluation.records import Record
from mien.images.steps import WrittenSteps
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.predictions import TRAINED_ON, Predictions
from mien.metrics.share import Share
from mien.recognition.calibrators import Calibrator, calibrator_to_contract, softmax
from mien.training.forerunners import Forerunner, hand_on, has_same_pictures, inherit
from mien.training.training_data import TrainingData, read_training_data


@dataclass(frozen=True)
class JudgedDataSet:
    """What a run answers on faces of another data set.

    Args:
        data_set: Name of the other data set.
        classes: What it shares with the run.
        left_out: Its rows of classes that the run does not have, by class.
        figures: Figures in the shared classes alone; rows without a copy have none among the faces that the run was
            trained on or chosen by.
        unrestricted: How many of the same rows are answered rightly among all of the run's classes.
        unrestricted_without_copy: The same of rows without a copy; None if every row has one.
        own: The run's figures on its own validation split in the same classes; None if it was trained on it.
        record: The record, if a test split was opened.
    """

    data_set: str
    classes: SharedClasses
    left_out: Mapping[str, int]
    figures: Figures
    unrestricted: Share
    unrestricted_without_copy: Share | None
    own: Figures | None
    record: Record | None

    @property
    def num_copies(self) -> int:
        """Rows identical to one that the run was trained on or chosen by."""
        without = self.figures.rows_without_copy
        return self.figures.all_rows.num_rows - (0 if without is None else without.num_rows)

    @property
    def share_left_out(self) -> Share:
        """How many of the rows were left out."""
        num_left_out = sum(self.left_out.values())
        return Share(num_left_out, num_left_out + self.figures.all_rows.num_rows)


@dataclass(frozen=True)
class CrossDatasetReport:
    """What a run answers on other data sets.

    Args:
        model: Name of the model.
        trained_on: Name of its own data set.
        own: Its figures on its own validation split, in all its classes; None if it was trained on it.
        judged: One entry a data set.
        uncompared: Data sets that its forerunners saw, whose pictures were not looked for.
    """

    model: str
    trained_on: str
    own: Figures | None
    judged: tuple[JudgedDataSet, ...]
    uncompared: tuple[str, ...] = ()


def judge_across(
    run: JudgedModel,
    others: Sequence[FaceSet],
    *,
    split: str = ALL_BUT_TEST,
    views: Sequence[str] | None = None,
    steps: WrittenSteps = (),
    on_unreadable: OnUnreadable = "refuse",
    results_folder: Path = Path("results"),
) -> CrossDatasetReport:
    """Return what a run answers on other data sets, calibrated by the temperature of its own validation split.

    Nothing may be chosen by it. What would be refused is refused before any face is answered, and a test split that is
    opened leaves a sealed record.

    Args:
        run: A trained run, or an ensemble.
        others: The other data sets.
        split: ``all-but-test``, ``training``, ``validation``, or ``test``, of the other data sets.
        views: Views to average; None takes the recipe's.
        steps: Steps of preparation that come before the run's own, such as ``crop_face``.
        on_unreadable: What happens to rows that cannot be read or show no face: ``refuse`` or ``drop``.
        results_folder: Where records lie.

    Raises:
        ProtocolError: If the run has seen the split of one of them, or one is its own data set, or its data set is not
            there any more.
        DataError: If no data set is named, one twice, less than two classes are shared, there are no such rows, or
            faces cannot be prepared.
    """
    asked = _Asked.of(run, views)
    plans = [_plan(asked, other, split) for other in _check_names(others)]
    if split == "test":
        for plan in plans:
            check_may_open(
                model=run.recipe.name, shipped_name=None, results_folder=results_folder, data_set=plan.faces.name
            )
    # All are prepared before the first is answered: what is refused for one opens no test split of another.
    prepared = [prepare_alike(asked.data, plan.faces, steps=steps, on_unreadable=on_unreadable) for plan in plans]
    judged = tuple(
        _judge(asked, replace(plan, faces=faces), results_folder=results_folder)
        for plan, faces in zip(plans, prepared, strict=True)
    )
    seen_before = (each["data_set"] for each in run.forerunners)
    return CrossDatasetReport(
        run.recipe.name,
        asked.data.face_set.name,
        None if asked.validation is None else figures_for_choice(asked.validation),
        judged,
        tuple(dict.fromkeys(name for name in seen_before if not has_same_pictures(name, asked.data.face_set.name))),
    )


@dataclass(frozen=True, eq=False)
class _Asked:
    """A run, ready to answer: its predictor, its own faces, its calibrator and its calibrated validation answers."""

    run: JudgedModel
    predictor: Predictor
    views: tuple[str, ...]
    data: TrainingData
    calibrator: Calibrator
    validation: Predictions | None

    @classmethod
    def of(cls, run: JudgedModel, views: Sequence[str] | None) -> "_Asked":
        if isinstance(run, Ensemble) and any(each.recipe.data != run.recipe.data for each in run.members):
            raise ProtocolError(
                f"{run.folder}: its members were trained on faces of their own, [data] in their recipes differs; "
                "judge each by itself across data sets"
            )
        data, ordered = read_training_data(run.recipe.data), order_run_views(run, views)
        calibrator = fit_run_calibrator(run, data.face_set, views=ordered)
        validation = None
        if TRAINED_ON not in run.facts["splits_seen"]["validation"]:
            validation = apply_calibrator(predict_split(run, data.face_set, "validation", views=ordered), calibrator)
        elif data.face_set.fingerprint != run.facts["data_fingerprint"]:
            raise ProtocolError(
                f"{run.folder}: the data set is not the one this run trained on, so nothing can be judged"
            )
        return cls(run, load_predictor(run), ordered, data, calibrator, validation)


@dataclass(frozen=True, eq=False)
class _Plan:
    """The rows of another set that are to be answered, with labels in the run's classes."""

    data_set: str
    faces: FaceSet
    classes: SharedClasses
    left_out: dict[str, int]
    splits: tuple[str, ...]
    splits_seen: dict[str, str]
    is_leaky: bool


def _check_names(others: Sequence[FaceSet]) -> Sequence[FaceSet]:
    names = [each.name for each in others]
    if not names or len(set(names)) < len(names):
        raise DataError(f"data sets to judge on are {', '.join(names) or 'none'}; name at least one, and none twice")
    return others


def _plan(asked: _Asked, other: FaceSet, split: str) -> _Plan:
    own, run = asked.data.face_set, asked.run
    _check_is_other(own, other, run)
    classes = find_shared_classes(own.expressions, other.expressions, names=(run.recipe.name, other.name))
    splits = find_splits(other, split)
    inherited = _find_seen(asked, other)
    for name in splits:
        if name in inherited["splits_seen"]:
            check_may_judge(inherited["splits_seen"], name, model=run.recipe.name, data_set=other.name)
    labels = [meaning_of(name) for name in own.expressions]
    meant = [meaning_of(name) for name in other.expressions]
    number = np.array([labels.index(name) if name in classes.shared else -1 for name in meant], dtype=np.int64)
    asked_rows = other.select(np.isin(other.splits, splits))
    counts = asked_rows.class_counts()
    left_out = {
        name: counts[known]
        for name, known in zip(meant, other.expressions, strict=True)
        if name in classes.only_other and counts[known]
    }
    is_kept = number[asked_rows.labels] >= 0
    if not is_kept.any():
        raise DataError(
            f"{other.name}: no {' or '.join(splits)} row is of a class of {run.recipe.name}: "
            + ", ".join(f"{count:,} {name}" for name, count in left_out.items())
        )
    kept = asked_rows.select(is_kept)
    faces = replace(
        # Fewer classes, and perhaps rows, are judged than the set has: its own figures stand elsewhere.
        kept,
        name=f"{other.name}-after-{own.name}",
        labels=number[kept.labels],
        expressions=own.expressions,
    )
    is_leaky = bool(inherited.get("is_leaky", False))
    return _Plan(other.name, faces, classes, left_out, splits, inherited["splits_seen"], is_leaky)


def _check_is_other(own: FaceSet, other: FaceSet, run: JudgedModel) -> None:
    if other.name == own.name.partition("+")[0] or other.name == run.recipe.data.dataset:
        raise ProtocolError(
            f"{other.name} is the data set that {run.recipe.name!r} was trained on; judge it there with: "
            f"mien evaluate {run.folder}"
        )


def _find_seen(asked: _Asked, other: FaceSet) -> dict[str, Any]:
    """Return what the run and its forerunners have seen of another data set, if its pictures are theirs."""
    run, own = asked.run, asked.data.face_set
    itself = Forerunner(
        source=run.recipe.name,
        data_set=own.name,
        splits_seen=run.facts["splits_seen"],
        has_published_splits=own.has_published_splits,
        data_fingerprint=own.fingerprint,
        weights_fingerprint=run.weights_fingerprint(),
        is_leaky=run.facts.get("is_leaky", False),
    )
    return inherit({}, hand_on(itself, run.forerunners), other)


def _judge(asked: _Asked, plan: _Plan, *, results_folder: Path) -> JudgedDataSet:
    answers = apply_calibrator(_predict(asked, plan), asked.calibrator)
    names = [name for name in answers.expressions if meaning_of(name) in plan.classes.shared]
    restricted = restrict_to_classes(answers, names)
    own = None
    if asked.validation is not None:
        own = figures_for_choice(restrict_to_classes(asked.validation, names))
    record = None
    if plan.splits == ("test",):
        record = _open(asked, plan, restricted, own=own, results_folder=results_folder)
        figures = record.figures
    else:
        figures = replace(compute_figures(restricted, kind="judgement"), split=" and ".join(plan.splits))
    has_no_copy = ~answers.has_copy_in_training
    return JudgedDataSet(
        plan.data_set,
        plan.classes,
        plan.left_out,
        figures,
        unrestricted=_share(answers.is_right),
        unrestricted_without_copy=_share(answers.is_right[has_no_copy]) if has_no_copy.any() else None,
        own=own,
        record=record,
    )


def _share(is_right: NDArray[np.bool_]) -> Share:
    return Share(int(is_right.sum()), len(is_right))


def _predict(asked: _Asked, plan: _Plan) -> Predictions:
    run, faces, own = asked.run, plan.faces, asked.data.face_set
    was_seen = own.faces[own.splits != "test"]
    return Predictions(
        probabilities=softmax(asked.predictor.predict_logits(faces, views=asked.views)),
        labels=faces.labels,
        row_ids=faces.row_ids,
        expressions=faces.expressions,
        model=run.recipe.name,
        weights_fingerprint=run.weights_fingerprint(),
        recipe_fingerprint=run.facts["recipe_fingerprint"],
        data_set=faces.name,
        data_fingerprint=faces.fingerprint,
        split=plan.splits[0],
        views=asked.views,
        has_copy_in_training=is_among(faces.faces, was_seen),
        splits_seen=plan.splits_seen,
        is_leaky=plan.is_leaky,
        is_float32=True,
        seed=run.facts["seed"],
        versions=run.versions,
        protocol="official" if faces.has_published_splits else "own",
        forerunners=tuple(run.forerunners),
    )


def _open(asked: _Asked, plan: _Plan, predictions: Predictions, *, own: Figures | None, results_folder: Path) -> Record:
    return open_test_split(
        predictions,
        results_folder=results_folder,
        recipe=asked.run.recipe.model_dump(mode="json"),
        num_parameters=asked.predictor.num_parameters,
        temperature=calibrator_to_contract(asked.calibrator)["temperature"],
        calibrator=asked.calibrator.name,
        cross_dataset={
            "trained_on": asked.data.face_set.name,
            "judged_on": plan.data_set,
            "classes_left_out": {"model": list(plan.classes.only_model), "data_set": list(plan.classes.only_other)},
            "rows_left_out": plan.left_out,
            "own_validation_accuracy": None if own is None else own.all_rows.accuracy,
        },
    )
