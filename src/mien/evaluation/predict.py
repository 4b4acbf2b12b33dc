"""What a trained run answers on a split, as ``Predictions``: calibrated on validation, saved once and reused."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.errors import DataError, ProtocolError
from mien.evaluation.calibrators import fit_temperature
from mien.metrics.predictions import TRAINED_ON, Predictions
from mien.models import Classifier, Estimator, compute_log_probabilities, count_parameters
from mien.models.outputs import to_logits
from mien.recognition.model_file import order_views
from mien.recognition.recognizer import softmax
from mien.training.batches import faces_as_tensor
from mien.training.run_folder import RunFolder, package_versions
from mien.training.training_data import read_training_data


class Predictor(ABC):
    """What a run learned, ready to answer: the one thing that judging asks, whatever kind of model the run is of."""

    @property
    @abstractmethod
    def num_parameters(self) -> int:
        """Numbers that were learned."""

    @abstractmethod
    def predict_logits(self, face_set: FaceSet, *, views: Sequence[str]) -> NDArray[np.float32]:
        """Return logits averaged over views, shape ``(N, num_classes)``, float32.

        Args:
            face_set: The faces to answer on.
            views: ``plain``, ``flip``.
        """


class NetworkPredictor(Predictor):
    """A network that answers in the normalisation it was trained with.

    Args:
        network: The network; put into evaluation mode.
        mean: Mean grey value that it was trained with, 0..255.
        std: Standard deviation of the same.
    """

    def __init__(self, network: Classifier, *, mean: float, std: float) -> None:
        self.network, self.mean, self.std = network, mean, std

    @property
    def num_parameters(self) -> int:
        """Its trainable parameters."""
        return count_parameters(self.network)

    def predict_logits(self, face_set: FaceSet, *, views: Sequence[str]) -> NDArray[np.float32]:
        """Return its logits, averaged over views."""
        return compute_logits(self.network, faces_as_tensor(face_set), mean=self.mean, std=self.std, views=views)


class EstimatorPredictor(Predictor):
    """An estimator; its log-probabilities stand for logits, from which they differ by a constant a row.

    Args:
        estimator: A fitted estimator.
    """

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    @property
    def num_parameters(self) -> int:
        """The numbers that fitting found."""
        return self.estimator.num_parameters

    def predict_logits(self, face_set: FaceSet, *, views: Sequence[str]) -> NDArray[np.float32]:
        """Return its log-probabilities, averaged over views."""
        return compute_log_probabilities(self.estimator, np.asarray(face_set.faces), views=views)


def load_predictor(run: RunFolder) -> Predictor:
    """Return what a run learned, of its ``best`` weights.

    Raises:
        RunFolderError: If there are no weights yet or they are damaged.
    """
    if run.recipe.model.is_estimator:
        return EstimatorPredictor(run.load_estimator())
    return NetworkPredictor(run.load_network(), mean=run.mean, std=run.std)


def compute_logits(
    network: Classifier,
    faces: torch.Tensor,
    *,
    mean: float,
    std: float,
    views: Sequence[str] = ("plain",),
    batch_size: int = 256,
) -> NDArray[np.float32]:
    """Return a network's logits, averaged over views, in float32: their softmax are its probabilities.

    Args:
        network: The network, with whatever output activation; put into evaluation mode.
        faces: Pictures, shape ``(N, C, H, W)``, uint8.
        mean: Mean grey value that the network was trained with, 0..255.
        std: Standard deviation of the same.
        views: ``plain``, ``flip``.
        batch_size: Pictures at a time.

    Returns:
        Logits, shape ``(N, num_classes)``, float32.

    Raises:
        ModelFileError: If a view is unknown or stands twice.
    """
    views = order_views(views)
    network.eval()
    parts = [np.zeros((0, network.num_classes), dtype=np.float32)]
    with torch.inference_mode():
        for start in range(0, len(faces), batch_size):
            inputs = (faces[start : start + batch_size].float() - mean) / std
            outputs = [network(inputs if view == "plain" else inputs.flip(-1)) for view in views]
            logits = [to_logits(each, network.output_activation) for each in outputs]
            parts.append(torch.stack(logits).mean(dim=0).numpy())
    return np.concatenate(parts)


def predict_split(run: RunFolder, face_set: FaceSet, split: str, *, views: Sequence[str] | None = None) -> Predictions:
    """Return what a run answers on a split, uncalibrated, in float32.

    What it answers on validation is kept in the run folder and read from there the next time; answers on test are kept
    nowhere but beside a record.

    Args:
        run: A trained run; its ``best`` weights answer.
        face_set: The data set as the run trained on it.
        split: Split to answer on.
        views: Views to average; None takes the recipe's.

    Raises:
        ProtocolError: If the data set is not the one the run knows.
        RunFolderError: If there are no weights yet.
    """
    facts = run.facts
    if face_set.fingerprint != facts["data_fingerprint"]:
        raise ProtocolError(f"{run.folder}: the data set is not the one this run trained on, so nothing can be judged")
    views = order_views(views or run.recipe.training.views)
    weights = run.weights_fingerprint()
    file = run.folder / "predictions" / f"{split}-{'+'.join(views)}.npz"
    saved = _load_saved(file, weights) if split == "validation" else None
    if saved is not None:
        return saved
    part = face_set.split(split)
    logits = load_predictor(run).predict_logits(part, views=views)
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
        has_copy_in_training=rows_with_copy_in(face_set, "training")[face_set.splits == split],
        splits_seen=facts["splits_seen"],
        is_leaky=facts["is_leaky"],
        is_float32=True,
        seed=facts["seed"],
        versions=package_versions(run.recipe.model.name),
        protocol=run.recipe.data.protocol if face_set.has_published_splits else "own",
    )
    if split == "validation":
        predictions.save(file)
    return predictions


def predict_to_teach(run: RunFolder, split: str, *, views: Sequence[str] | None = None) -> Predictions:
    """Return what a run answers on a split that others may learn from, uncalibrated, in float32.

    Args:
        run: A trained run.
        split: ``training`` or ``validation``.
        views: Views to average; None takes the recipe's.

    Raises:
        ProtocolError: If the split is test, or the data set is not the one the run knows.
        RunFolderError: If there are no weights yet.
    """
    if split == "test":
        raise ProtocolError("the test split teaches nobody; it is opened by `mien evaluate`, which leaves a record")
    return predict_split(run, read_training_data(run.recipe.data).face_set, split, views=views)


def fit_run_temperature(run: RunFolder, face_set: FaceSet, *, views: Sequence[str] | None = None) -> float:
    """Return the temperature of a run, fitted on its validation split with the given views or the recipe's.

    A run that was trained on validation has nothing to fit it on: it stays 1.
    """
    if TRAINED_ON in run.facts["splits_seen"]["validation"]:
        return 1.0
    chosen_on = predict_split(run, face_set, "validation", views=views)
    return fit_temperature(chosen_on.probabilities, chosen_on.labels)


def apply_temperature(predictions: Predictions, temperature: float) -> Predictions:
    """Return predictions whose logits were divided by a temperature; which class comes first never changes."""
    logits = np.log(np.maximum(predictions.probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    return replace(predictions, probabilities=softmax(logits / temperature))


def _load_saved(file: Path, weights_fingerprint: str) -> Predictions | None:
    if not file.exists():
        return None
    try:
        saved = Predictions.load(file)
    except DataError:
        return None
    return saved if saved.weights_fingerprint == weights_fingerprint else None
