"""What a model file answers on the faces it came from, by whichever engine, and how far two such answers agree.

``mien quantize`` and ``mien engines`` print it.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mien.data.audit.copies import rows_with_copy_in
from mien.errors import DataError, ProtocolError
from mien.evaluation.protocol import check_may_choose
from mien.evaluation.records import canonical_json
from mien.metrics.predictions import Predictions
from mien.recognition.model_file import ModelFile
from mien.recognition.recognizer import Recognizer
from mien.training.data_settings import DataSettings
from mien.training.starting_weights import is_leaky_contract
from mien.training.training_data import TrainingData, read_training_data


@dataclass(frozen=True)
class Agreement:
    """How far two answers to the same faces agree.

    Args:
        largest_difference: Largest difference of a probability.
        mean_difference: Mean over the faces of each face's largest difference.
        same_share: Share of the faces with the same answer, 0 to 1.
    """

    largest_difference: float
    mean_difference: float
    same_share: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures, rounded, as a contract holds them."""
        return {name: round(value, 6) for name, value in vars(self).items()}


def measure_agreement(first: NDArray[np.floating], second: NDArray[np.floating]) -> Agreement:
    """Return how far two answers agree.

    Args:
        first: Probabilities, shape ``(N, C)``.
        second: The same for the same faces.

    Example:
        >>> measure_agreement(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.9, 0.1], [0.5, 0.5]])).same_share
        0.5
    """
    differences = np.abs(first - second).max(axis=1)
    same = first.argmax(axis=1) == second.argmax(axis=1)
    return Agreement(float(differences.max()), float(differences.mean()), float(same.mean()))


def read_data_of(model_file: ModelFile, path: Path | None = None) -> TrainingData:
    """Return the faces that a model file was made from, by its contract's recipe.

    Args:
        model_file: The model file.
        path: Where the data set lies; None takes the recipe's place.

    Raises:
        DataError: If the contract names no data set, or it cannot be read.
        ProtocolError: If the faces are not those that it was made from.
    """
    named: Any = model_file.contract.recipe.get("data")
    try:
        settings = DataSettings.model_validate({**named, **({} if path is None else {"path": str(path)})})
    except (TypeError, ValidationError):
        raise DataError(f"{model_file.path}: its contract names no data set that this version can read") from None
    data = read_training_data(settings)
    if data.face_set.fingerprint != model_file.contract.data_fingerprint:
        raise ProtocolError(
            f"{model_file.path}: {data.face_set.name} is not the data that it was made from, so nothing can be compared"
        )
    return data


def answer_validation(recognizer: Recognizer, data: TrainingData) -> Predictions:
    """Return what a model file answers on validation, calibrated as its contract says.

    Args:
        recognizer: The model file, ready.
        data: As `read_data_of` gives it.

    Raises:
        ProtocolError: If the model was trained on validation.
    """
    contract = recognizer.contract
    face_set = data.face_set
    check_may_choose(contract.splits_seen, "validation", model=contract.name, data_set=face_set.name)
    part = face_set.split("validation")
    training: Any = contract.recipe.get("training", {})
    return Predictions(
        probabilities=recognizer.predict_probabilities(recognizer.prepare(data.unprepared(part))),
        labels=part.labels,
        row_ids=part.row_ids,
        expressions=contract.expressions,
        model=contract.name,
        weights_fingerprint=contract.weights_fingerprint,
        recipe_fingerprint=canonical_json(contract.recipe),
        data_set=face_set.name,
        data_fingerprint=face_set.fingerprint,
        split="validation",
        views=contract.views,
        has_copy_in_training=rows_with_copy_in(face_set, "training")[face_set.splits == "validation"],
        splits_seen=contract.splits_seen,
        is_leaky=is_leaky_contract(contract),
        is_float32=recognizer.engine.precision == "float32",
        seed=int(training.get("seed", 0)),
        versions={"numpy": version("numpy")},
        forerunners=contract.forerunners,
    )
