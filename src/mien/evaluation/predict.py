"""What a model answers on a split, as ``Predictions``: calibrated on validation, saved once and reused."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.errors import DataError, ProtocolError
from mien.evaluation.calibrators import check_calibrator, fit_calibrator
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predictors import load_predictor, order_run_views
from mien.metrics.predictions import TRAINED_ON, Predictions
from mien.recognition.calibrators import Calibrator, NoCalibrator, log_probabilities, softmax
from mien.training.training_data import read_training_data


def predict_split(
    run: JudgedModel,
    face_set: FaceSet,
    split: str,
    *,
    views: Sequence[str] | None = None,
    average: str = "logits",
    precision: str = "float32",
) -> Predictions:
    """Return what a run answers on a split, uncalibrated.

    What it answers on validation is kept in the run folder and read from there the next time; answers on test are kept
    nowhere but beside a record.

    Args:
        run: A trained run, whose ``best`` weights answer, or an ensemble.
        face_set: The data set as the run trained on it.
        split: Split to answer on.
        views: Views to average, as `mien.evaluation.test_time_views.parse_views` names them; None takes the recipe's.
        average: Whether ``logits`` are averaged over views or ``probabilities``.
        precision: ``float32``, or ``bfloat16``, of which no record is made.

    Raises:
        ProtocolError: If the data set is not the one the run knows, or average or precision are unknown.
        RecipeError: If a view is unknown.
        RunFolderError: If there are no weights yet.
    """
    facts = run.facts
    if face_set.fingerprint != facts["data_fingerprint"]:
        raise ProtocolError(f"{run.folder}: the data set is not the one this run trained on, so nothing can be judged")
    views = order_run_views(run, views)
    weights = run.weights_fingerprint()
    file = run.folder / "predictions" / _file_name(split, views, average=average, precision=precision)
    saved = _load_saved(file, weights) if split == "validation" else None
    if saved is not None and (saved.views, saved.average) == (views, average):
        return saved
    part = face_set.split(split)
    logits = load_predictor(run).predict_logits(part, views=views, average=average, precision=precision)
    predictions = Predictions(
        probabilities=softmax(logits),
        labels=part.labels,
        row_ids=part.row_ids,
        expressions=part.expressions,
        model=run.recipe.name,
        weights_fingerprint=weights,
        recipe_fingerprint=facts["recipe_fingerprint"],
        data_set=face_set.name,
        data_fingerprint=face_set.fingerprint,
        split=split,
        views=views,
        average=average,
        has_copy_in_training=rows_with_copy_in(face_set, "training")[face_set.splits == split],
        splits_seen=facts["splits_seen"],
        is_leaky=facts["is_leaky"],
        is_float32=precision == "float32",
        seed=facts["seed"],
        versions=run.versions,
        protocol=run.recipe.data.protocol if face_set.has_published_splits else "own",
        forerunners=tuple(run.forerunners),
    )
    if split == "validation":
        predictions.save(file)
    return predictions


def predict_to_teach(
    run: JudgedModel,
    split: str,
    *,
    views: Sequence[str] | None = None,
    average: str = "logits",
    precision: str = "float32",
) -> Predictions:
    """Return what a run answers on a split that others may learn from, uncalibrated.

    Args:
        run: A trained run, or an ensemble.
        split: ``training`` or ``validation``.
        views: As for `predict_split`, and so the others.
        average: What of the views is averaged.
        precision: What a network computes in.

    Raises:
        ProtocolError: If the split is test, the data set is not the one the run knows, or average or precision are
            unknown.
        RecipeError: If a view is unknown.
        RunFolderError: If there are no weights yet.
    """
    if split == "test":
        raise ProtocolError("the test split teaches nobody; it is opened by `mien evaluate`, which leaves a record")
    face_set = read_training_data(run.recipe.data).face_set
    return predict_split(run, face_set, split, views=views, average=average, precision=precision)


def fit_run_calibrator(
    run: JudgedModel,
    face_set: FaceSet,
    *,
    name: str = "temperature",
    views: Sequence[str] | None = None,
    average: str = "logits",
) -> Calibrator:
    """Return the calibrator of a run, fitted on its validation split.

    A run that was trained on validation has nothing to fit it on: in place of the temperature it gets none.

    Args:
        run: A trained run, or an ensemble.
        face_set: The data set as the run trained on it.
        name: One of `mien.recognition.calibrators.CALIBRATORS`.
        views: Views to average; None takes the recipe's.
        average: What of them is averaged.

    Raises:
        DataError: If there is no such calibrator.
        ProtocolError: If the data set is not the run's, or another than these two is to be fitted for a run that was
            trained on validation.
    """
    check_calibrator(name)
    if TRAINED_ON in run.facts["splits_seen"]["validation"]:
        if name not in ("none", "temperature"):
            raise ProtocolError(
                f"{run.folder}: was trained on validation, so nothing is left to fit the calibrator {name!r} on; "
                "leave it out"
            )
        return NoCalibrator()
    chosen_on = predict_split(run, face_set, "validation", views=views, average=average)
    return fit_calibrator(name, chosen_on.probabilities, chosen_on.labels)


def apply_calibrator(predictions: Predictions, calibrator: Calibrator) -> Predictions:
    """Return predictions with the probabilities that a calibrator makes of them.

    Args:
        predictions: Uncalibrated.
        calibrator: As `fit_run_calibrator` gives it.
    """
    return replace(predictions, probabilities=calibrator.apply(log_probabilities(predictions.probabilities)))


def _file_name(split: str, views: Sequence[str], *, average: str, precision: str) -> str:
    """Return the name of the file of kept answers: legible, of one length at most, and such as any disk allows."""
    others = [value for value, usual in ((average, "logits"), (precision, "float32")) if value != usual]
    name = "-".join([split, "+".join(views), *others])
    if re.fullmatch(r"[A-Za-z0-9_+.-]{1,80}", name):
        return f"{name}.npz"
    return f"{split}-{hashlib.sha256(name.encode()).hexdigest()[:16]}.npz"


def _load_saved(file: Path, weights_fingerprint: str) -> Predictions | None:
    if not file.exists():
        return None
    try:
        saved = Predictions.load(file)
    except DataError:
        return None
    return saved if saved.weights_fingerprint == weights_fingerprint else None
