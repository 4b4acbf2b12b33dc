"""Choosing by a run's validation figures, and judging the run on the test split, once, with a record."""

from collections.abc import Sequence
from pathlib import Path

from mien.evaluation.conformal import fit_and_measure_sets
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.predictors import load_predictor
from mien.evaluation.protocol import (
    check_may_choose,
    check_may_judge,
    check_may_open,
    figures_for_choice,
    open_test_split,
)
from mien.evaluation.records import Record, judged_predictions
from mien.metrics.figures import Figures
from mien.metrics.predictions import TRAINED_ON, Predictions
from mien.recognition.calibrators import calibrator_to_contract
from mien.training.training_data import read_training_data


def choose(
    run: JudgedModel,
    split: str = "validation",
    *,
    views: Sequence[str] | None = None,
    average: str = "logits",
    calibrator: str = "temperature",
) -> Figures:
    """Return a run's calibrated figures on the split it was chosen on; they judge nothing and leave no record.

    Args:
        run: A trained run, or an ensemble.
        split: As for `predict_for_choice`, and so the others.
        views: Views to average.
        average: What of them is averaged.
        calibrator: What makes probabilities of the logits.

    Raises:
        ProtocolError: As for `predict_for_choice`.
        DataError: As for `predict_for_choice`.
    """
    return figures_for_choice(predict_for_choice(run, split, views=views, average=average, calibrator=calibrator))


def predict_for_choice(
    run: JudgedModel,
    split: str = "validation",
    *,
    views: Sequence[str] | None = None,
    average: str = "logits",
    calibrator: str = "temperature",
) -> Predictions:
    """Return what a run answers on the split it was chosen on, calibrated.

    Args:
        run: A trained run, or an ensemble.
        split: ``validation``; any other is refused.
        views: Views to average; None takes the recipe's.
        average: Whether ``logits`` are averaged over views or ``probabilities``.
        calibrator: One of `mien.recognition.calibrators.CALIBRATORS`.

    Raises:
        ProtocolError: If the split is training or test, or the data set is not the run's.
        DataError: If the data set cannot be read, or there is no such calibrator.
    """
    face_set = read_training_data(run.recipe.data).face_set
    check_may_choose(run.facts["splits_seen"], split, model=run.recipe.name, data_set=face_set.name)
    predictions = predict_split(run, face_set, split, views=views, average=average)
    return apply_calibrator(
        predictions, fit_run_calibrator(run, face_set, name=calibrator, views=views, average=average)
    )


def judge(
    run: JudgedModel,
    *,
    results_folder: Path = Path("results"),
    views: Sequence[str] | None = None,
    average: str = "logits",
    ships_as: str | None = None,
    reference: Record | None = None,
    calibrator: str = "temperature",
) -> Record:
    """Open the test split for a run, calibrated on validation, and return the sealed record.

    A run that was trained on validation, too, is judged uncalibrated, and the record tells no choice.

    Args:
        run: A trained run, or an ensemble.
        results_folder: Where records lie.
        views: Views to average; None takes the recipe's.
        average: Whether ``logits`` are averaged over views or ``probabilities``.
        ships_as: Name under which the model is to ship.
        reference: Record of another model on the same rows, to compare with.
        calibrator: One of `mien.recognition.calibrators.CALIBRATORS`.

    Raises:
        ProtocolError: If the run has seen the test split, the data set is not the run's, or a calibrator is to be
            fitted for a run that was trained on validation.
        DataError: If the data set cannot be read, or there is no such calibrator.
    """
    face_set = read_training_data(run.recipe.data).face_set
    name = run.recipe.name
    check_may_judge(run.facts["splits_seen"], "test", model=name, data_set=face_set.name)
    check_may_open(model=name, shipped_name=ships_as, results_folder=results_folder, data_set=face_set.name)
    compared = None if reference is None else judged_predictions(reference)
    fitted = fit_run_calibrator(run, face_set, name=calibrator, views=views, average=average)
    has_choice = TRAINED_ON not in run.facts["splits_seen"]["validation"]
    chosen_on = predict_split(run, face_set, "validation", views=views, average=average) if has_choice else None
    choice = None if chosen_on is None else apply_calibrator(chosen_on, fitted)
    answers = apply_calibrator(predict_split(run, face_set, "test", views=views, average=average), fitted)
    return open_test_split(
        answers,
        results_folder=results_folder,
        recipe=run.recipe.model_dump(mode="json"),
        shipped_name=ships_as,
        reference=compared,
        choice=choice,
        num_parameters=load_predictor(run).num_parameters,
        temperature=calibrator_to_contract(fitted)["temperature"],
        calibrator=fitted.name,
        sets=None if chosen_on is None else fit_and_measure_sets(chosen_on, answers, calibrator=fitted.name),
    )
