"""How far a run's accuracy and calibration hold when its faces are corrupted; `mien robustness` prints it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mien.errors import DataError, MienError
from mien.evaluation.explanation.answered import AnsweredSplit, check_num_faces, open_answered_split
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator
from mien.evaluation.predictors import load_predictor, order_run_views
from mien.evaluation.robustness.corruption import CORRUPTIONS, CorruptionCard, corrupt_faces
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.predictions import TRAINED_ON
from mien.metrics.row_figures import RowFigures
from mien.recognition.calibrators import softmax
from mien.training.training_data import read_training_data

_KINDS = {"validation": "choice", "test": "judgement"}


@dataclass(frozen=True)
class CorruptionFigures:
    """What a run answers on faces under one corruption.

    Args:
        name: Registered name.
        card: What is known about the corruption.
        figures: One entry for each of the card's strengths.
    """

    name: str
    card: CorruptionCard
    figures: tuple[Figures, ...]

    def rows_of(self, rows: str) -> tuple[RowFigures, ...]:
        """Return the figures of ``all_rows`` or ``rows_without_copy``, by strength; none without such rows."""
        return tuple(each for figures in self.figures if (each := getattr(figures, rows)) is not None)

    def mean(self, figure: str, *, rows: str = "all_rows") -> float:
        """Return the mean of a figure over the strengths; NaN where there are no such rows.

        Args:
            figure: Name of a number of `RowFigures`.
            rows: ``all_rows`` or ``rows_without_copy``.
        """
        values = [getattr(each, figure) for each in self.rows_of(rows)]
        return float(np.mean(values)) if values else math.nan


@dataclass(frozen=True)
class RobustnessReport:
    """What a run answers on clean and on corrupted faces of a split.

    Args:
        clean: Figures of the faces as they are, calibrated as the others are.
        corruptions: One entry a corruption.
        seed: Seed of whatever was drawn.
    """

    clean: Figures
    corruptions: tuple[CorruptionFigures, ...]
    seed: int

    def mean_corruption_accuracy(self, *, rows: str = "all_rows") -> float:
        """Return the mean accuracy over corruptions and strengths, 0 to 1; NaN where there are no such rows.

        Args:
            rows: ``all_rows`` or ``rows_without_copy``.
        """
        return float(np.mean([each.mean("accuracy", rows=rows) for each in self.corruptions]))

    def relative_drop(self, accuracy: float, *, rows: str = "all_rows") -> float:
        """Return what share of the clean accuracy is lost at another; NaN where there is none to lose.

        Args:
            accuracy: A mean accuracy on the same rows.
            rows: ``all_rows`` or ``rows_without_copy``.
        """
        clean: RowFigures | None = getattr(self.clean, rows)
        return math.nan if clean is None or clean.accuracy == 0 else 1 - accuracy / clean.accuracy


def measure_robustness(
    run: JudgedModel,
    *,
    split: str = "validation",
    corruptions: Sequence[str] | None = None,
    rows: int | None = None,
    views: Sequence[str] | None = None,
    results_folder: Path = Path("results"),
    seed: int = 0,
) -> RobustnessReport:
    """Return what a run answers on clean and corrupted faces, calibrated by the temperature of clean validation.

    Args:
        run: A trained run, whose ``best`` weights answer, or an ensemble.
        split: ``training``, ``validation``, or ``test`` once the run's record of it exists.
        corruptions: Registered names; None takes all.
        rows: Most faces, spread evenly over the split; None takes all.
        views: Views to average; None takes the recipe's.
        results_folder: Where records lie.
        seed: Seed of whatever corruptions draw.

    Raises:
        MienError: If a corruption or view is unknown, no corruption is named or one twice, or `rows` is less than 1.
        ProtocolError: If no record of these weights on test is there, the data set is not the run's, or members of an
            ensemble prepare faces differently.
        DataError: If the network's faces are not of whole levels, or the data set has no such split.
        RunFolderError: If there are no weights yet.
    """
    names = check_corruptions(corruptions)
    views = order_run_views(run, views)
    answered = open_faces(run, split, rows=rows, results_folder=results_folder)
    face_set = read_training_data(run.recipe.data).face_set
    calibrator = fit_run_calibrator(run, face_set, views=views)
    predictor = load_predictor(run).for_given_faces()
    was_trained_on = TRAINED_ON in answered.predictions.splits_seen.get(split, "")
    kind = "plain" if was_trained_on else _KINDS[split]

    def answer(pictures: np.ndarray) -> Figures:
        logits = predictor.predict_logits(replace(answered.faces, pictures=pictures), views=views)
        predictions = replace(
            answered.predictions, probabilities=softmax(logits), views=views, average="logits", is_float32=True
        )
        predictions = apply_calibrator(predictions, calibrator)
        return compute_figures(predictions, kind=kind)

    faces = answered.faces.faces
    return RobustnessReport(
        clean=answer(faces),
        corruptions=tuple(
            CorruptionFigures(
                name,
                card := CORRUPTIONS.get(name).card,
                tuple(answer(corrupt_faces(faces, name, strength, seed=seed)) for strength in card.strengths),
            )
            for name in names
        ),
        seed=seed,
    )


def check_corruptions(names: Sequence[str] | None) -> list[str]:
    """Return the corruptions that are asked for, or all.

    Args:
        names: Registered names; None takes all.

    Raises:
        MienError: If one is unknown, one stands twice, or there is none.
    """
    if names is None:
        return CORRUPTIONS.names()
    if not names or len(set(names)) < len(names):
        raise MienError(f"corruptions are {', '.join(names) or 'none'}; name at least one, and none twice")
    return [CORRUPTIONS.get(name).name for name in names]


def open_faces(
    run: JudgedModel,
    split: str,
    *,
    rows: int | None = None,
    results_folder: Path = Path("results"),
    purpose: str = "measured",
) -> AnsweredSplit:
    """Return the faces of a split that can be corrupted, with what the run answered on them.

    Args:
        run: A trained run, or an ensemble.
        split: ``training``, ``validation``, or ``test`` once the run's record of it exists.
        rows: Most faces, spread evenly over the split; None takes all.
        results_folder: Where records lie.
        purpose: What is refused of test faces, for messages: ``measured`` or ``shown``.

    Raises:
        MienError: If `rows` is less than 1.
        ProtocolError: As for `measure_robustness`.
        DataError: If the network's faces are not of whole levels, or the data set has no such split.
        RunFolderError: If there are no weights yet.
    """
    if rows is not None:
        check_num_faces(rows)
    answered = open_answered_split(run, split, results_folder=results_folder, purpose=purpose)
    if answered.faces.faces.dtype != np.uint8:
        raise DataError(
            f"{run.folder}: its recipe leaves faces of {answered.faces.faces.dtype}; "
            "only faces of whole levels, uint8, can be corrupted"
        )
    if rows is None:
        return answered
    chosen = answered.spread_rows(rows)
    mask = np.isin(np.arange(len(answered.predictions)), chosen)
    return replace(answered, faces=answered.faces.select(chosen), predictions=answered.predictions.select(mask))
