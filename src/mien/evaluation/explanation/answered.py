"""The faces of a split and what a run answered on them, the pictures of a test split only after its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mien.data import FaceSet
from mien.errors import MienError, ProtocolError, suggest
from mien.evaluation.explanation.explained import ExplainedModel, load_explained
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.records import judged_predictions, list_records
from mien.metrics.predictions import Predictions
from mien.training.batches import faces_as_tensor
from mien.training.training_data import read_training_data


@dataclass(frozen=True, eq=False)
class AnsweredSplit:
    """A split as a run answered it.

    Args:
        model: What answered.
        faces: The faces as the run was trained on such, in the order of the answers.
        predictions: The answers, calibrated.
    """

    model: ExplainedModel
    faces: FaceSet
    predictions: Predictions

    @property
    def title(self) -> str:
        """Which run answered which split."""
        answers = self.predictions
        return f"{answers.model} on {answers.split} of {answers.data_set}"

    def images_of(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the faces of some rows as one tensor, shape ``(N, C, H, W)``."""
        return faces_as_tensor(self.faces.select(rows))

    def spread_rows(self, num_rows: int) -> NDArray[np.int64]:
        """Return rows that lie evenly over the split, at most so many."""
        return np.unique(np.linspace(0, len(self.predictions) - 1, num_rows).astype(np.int64))

    def pick_rows(self, expression: str, *, is_right: bool) -> NDArray[np.int64]:
        """Return the rows of a true class that were answered rightly or wrongly, the most confident answers first."""
        answers = self.predictions
        label = answers.expressions.index(expression)
        rows = np.flatnonzero((answers.labels == label) & (answers.is_right == is_right))
        return rows[np.argsort(-answers.probabilities[rows].max(axis=1), kind="stable")]

    def targets_of(self, rows: NDArray[np.int64], target: str) -> NDArray[np.int64]:
        """Return the class of each row that is to be explained.

        Args:
            rows: Rows of the split.
            target: ``predicted``, ``true``, or the name of a class.

        Raises:
            MienError: If it is none of these.
        """
        answers = self.predictions
        if target in ("predicted", "true"):
            return (answers.predicted if target == "predicted" else answers.labels)[rows]
        (expression,) = check_expressions([target], answers.expressions, further=("predicted", "true"))
        return np.full(len(rows), answers.expressions.index(expression), dtype=np.int64)


def check_expressions(
    wanted: Sequence[str] | None, known: Sequence[str], *, further: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the classes that are asked for, or all.

    Args:
        wanted: Names of classes; None takes all.
        known: The classes that there are.
        further: What else might have been meant, for the message.

    Raises:
        MienError: If one is unknown; the message suggests the closest.
    """
    for name in wanted or ():
        if name not in known:
            raise MienError(f"unknown expression {name!r}{suggest(name, (*known, *further))}")
    return tuple(known if wanted is None else wanted)


def check_num_faces(rows: int) -> None:
    """Refuse to draw no face.

    Raises:
        MienError: If `rows` is less than 1.
    """
    if rows < 1:
        raise MienError(f"rows is {rows}; expected at least 1 face")


def open_answered_split(
    run: JudgedModel,
    split: str = "validation",
    *,
    results_folder: Path = Path("results"),
    purpose: str = "shown",
) -> AnsweredSplit:
    """Return a split with what a run answered on it, calibrated on validation.

    Args:
        run: A trained run, whose ``best`` weights answer, or an ensemble.
        split: ``training``, ``validation``, or ``test`` once the run's record of it exists.
        results_folder: Where records lie.
        purpose: What is refused of test faces, for messages: ``shown`` or ``measured``.

    Raises:
        ExplanationError: If `load_explained` does not take it.
        ProtocolError: If no record of these weights on test is there, or the data set is not the run's.
        DataError: If the data set cannot be read, or has no such split.
        RunFolderError: If there are no weights yet.
    """
    judged = _find_judged(run, results_folder, purpose=purpose) if split == "test" else None
    face_set = read_training_data(run.recipe.data).face_set
    if judged is None:
        predictions = apply_calibrator(predict_split(run, face_set, split), fit_run_calibrator(run, face_set))
    elif judged.data_fingerprint != face_set.fingerprint:
        raise ProtocolError(
            f"{run.folder}: the data set is not the one this run was judged on, so nothing is {purpose}"
        )
    else:
        predictions = judged
    faces = face_set.split(split)
    row_of = {row_id: row for row, row_id in enumerate(faces.row_ids.tolist())}
    rows = np.array([row_of[row_id] for row_id in predictions.row_ids.tolist()], dtype=np.int64)
    return AnsweredSplit(load_explained(run), faces.select(rows), predictions)


def _find_judged(run: JudgedModel, results_folder: Path, *, purpose: str) -> Predictions:
    """Return what a run's last record on test was made from."""
    weights = run.weights_fingerprint()
    records = [
        record
        for record in list_records(results_folder, data_set=run.facts["data_set"])
        if record.content["weights_fingerprint"] == weights
    ]
    if not records:
        raise ProtocolError(
            f"{run.folder}: no record of it under {results_folder}, so no test face is {purpose}; take validation, "
            "or judge it first with: mien evaluate --split test"
        )
    return judged_predictions(records[-1])
