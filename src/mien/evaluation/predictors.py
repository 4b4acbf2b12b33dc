"""What a run learned, ready to answer: networks and estimators behind the one thing that judging asks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien.data import FaceSet
from mien.errors import ExportError, ProtocolError
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.passes import split_into_passes
from mien.evaluation.test_time_views import TestTimeViews, parse_views
from mien.models import Classifier, Estimator, compute_log_probabilities, count_parameters
from mien.models.folding import fold_batch_norm
from mien.models.normalised import NormalisedNetwork
from mien.models.outputs import to_logits
from mien.recognition.model_file import order_views
from mien.training.augmentation import AugmentationSettings
from mien.training.batches import faces_as_tensor
from mien.training.run_folder import RunFolder

AVERAGES: tuple[str, ...] = ("logits", "probabilities")
"""What of several views is averaged; the mean of logits is the geometric mean of probabilities."""

PRECISIONS: tuple[str, ...] = ("float32", "bfloat16")
"""What a network may compute in; records want float32."""

BATCH_SIZE = 256
"""Faces that are shown at a time; which one a face comes in decides about its draws."""


@dataclass(frozen=True)
class ShippedNetwork:
    """What a model file holds, and what it leaves to recognition.

    Args:
        module: Takes faces of 0..255, float32 ``(N, C, H, W)``, and gives logits.
        views: What recognition averages; other views are averaged inside.
        mean: Mean grey value that is taken off inside, of all faces alike.
        std: Standard deviation by which is divided inside.
    """

    module: nn.Module
    views: tuple[str, ...]
    mean: float
    std: float


class Predictor(ABC):
    """What a run learned, ready to answer: the one thing that judging asks, whatever kind of model the run is of."""

    @property
    @abstractmethod
    def num_parameters(self) -> int:
        """Numbers that were learned."""

    @abstractmethod
    def predict_logits(
        self, face_set: FaceSet, *, views: Sequence[str], average: str = "logits", precision: str = "float32"
    ) -> NDArray[np.float32]:
        """Return logits averaged over views, shape ``(N, num_classes)``, float32.

        Args:
            face_set: The faces to answer on.
            views: As `mien.evaluation.test_time_views.parse_views` names them.
            average: One of `AVERAGES`.
            precision: One of `PRECISIONS`.
        """

    def for_given_faces(self) -> "Predictor":
        """Return the same for faces that were changed after their preparation.

        Raises:
            ProtocolError: If such faces are not what all members of an ensemble would be shown.
        """
        return self

    @abstractmethod
    def to_shipped(self, views: tuple[str, ...]) -> ShippedNetwork:
        """Return what a model file holds that answers like this with some views, averaged as logits.

        Args:
            views: ``plain``, ``flip`` or both.

        Raises:
            ExportError: If no model file can hold it.
        """


class NetworkPredictor(Predictor):
    """A network that answers in the normalisation it was trained with.

    Args:
        network: The network; put into evaluation mode.
        mean: Mean grey value that it was trained with, 0..255.
        std: Standard deviation of the same.
        value_range: Values of black and white.
        augmentation: What it was trained with, for views drawn from it.
    """

    def __init__(
        self,
        network: Classifier,
        *,
        mean: float,
        std: float,
        value_range: tuple[float, float] = (0.0, 255.0),
        augmentation: AugmentationSettings | None = None,
    ) -> None:
        self.network, self.mean, self.std = network, mean, std
        self.value_range, self.augmentation = value_range, augmentation

    @property
    def num_parameters(self) -> int:
        """Its trainable parameters."""
        return count_parameters(self.network)

    def predict_logits(
        self, face_set: FaceSet, *, views: Sequence[str], average: str = "logits", precision: str = "float32"
    ) -> NDArray[np.float32]:
        """Return its logits, averaged over views."""
        return compute_logits(
            self.network,
            faces_as_tensor(face_set),
            mean=self.mean,
            std=self.std,
            views=parse_views(views, augmentation=self.augmentation),
            average=average,
            precision=precision,
            value_range=self.value_range,
        )

    def to_shipped(self, views: tuple[str, ...]) -> ShippedNetwork:
        """Return the network with its normalisation; views are left to recognition."""
        module = NormalisedNetwork(self.network.eval(), mean=self.mean, std=self.std)
        return ShippedNetwork(module, views, self.mean, self.std)


class EstimatorPredictor(Predictor):
    """An estimator; its log-probabilities stand for logits, from which they differ by a constant a row.

    Args:
        estimator: A fitted estimator.
        title: What messages call it.
    """

    def __init__(self, estimator: Estimator, *, title: str = "this model") -> None:
        self.estimator, self.title = estimator, title

    @property
    def num_parameters(self) -> int:
        """The numbers that fitting found."""
        return self.estimator.num_parameters

    def predict_logits(
        self, face_set: FaceSet, *, views: Sequence[str], average: str = "logits", precision: str = "float32"
    ) -> NDArray[np.float32]:
        """Return its log-probabilities, averaged over views.

        Raises:
            ProtocolError: If anything but the mean of logits in float32 is asked of it.
        """
        if (average, precision) != ("logits", "float32"):
            raise ProtocolError("an estimator answers in float32, and its views are averaged as logits")
        return compute_log_probabilities(self.estimator, np.asarray(face_set.faces), views=views)

    def to_shipped(self, views: tuple[str, ...]) -> ShippedNetwork:
        """Raise: no model file holds an estimator."""
        raise ExportError(f"{self.title} is an estimator; only networks can be exported")


@singledispatch
def load_predictor(model: JudgedModel) -> Predictor:
    """Return what a model learned; of a run, its ``best`` weights.

    Raises:
        RunFolderError: If there are no weights yet or they are damaged.
    """
    raise TypeError(f"{type(model).__name__} is no kind of model that judging knows")


@load_predictor.register
def _load_run(run: RunFolder) -> Predictor:
    if run.recipe.model.is_estimator:
        return EstimatorPredictor(run.load_estimator(), title=f"{run.folder}: {run.recipe.model.name!r}")
    lowest, highest = run.facts.get("value_range", (0.0, 255.0))
    return NetworkPredictor(
        run.load_network(),
        mean=run.mean,
        std=run.std,
        value_range=(lowest, highest),
        augmentation=run.recipe.augmentation,
    )


@singledispatch
def order_run_views(run: JudgedModel, views: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of a model's views in the order that mien keeps them in.

    Args:
        run: The model; of a network any view may be asked, of an estimator ``plain`` and ``flip``.
        views: The views; None takes the recipe's.

    Raises:
        MienError: If there is none, one stands twice, or one is unknown.
    """
    raise TypeError(f"{type(run).__name__} is no kind of model that judging knows")


@order_run_views.register
def _order_views_of_run(run: RunFolder, views: Sequence[str] | None) -> tuple[str, ...]:
    recipe = run.recipe
    if views is None:
        return recipe.training.views
    return (
        order_views(views) if recipe.model.is_estimator else parse_views(views, augmentation=recipe.augmentation).names
    )


def compute_logits(
    network: Classifier,
    faces: torch.Tensor,
    *,
    mean: float,
    std: float,
    views: TestTimeViews | Sequence[str] = ("plain",),
    average: str = "logits",
    precision: str = "float32",
    value_range: tuple[float, float] = (0.0, 255.0),
    batch_size: int = BATCH_SIZE,
) -> NDArray[np.float32]:
    """Return a network's logits, averaged over views, in float32: their softmax are its probabilities.

    Args:
        network: The network, with whatever output activation; put into evaluation mode.
        faces: Pictures, shape ``(N, C, H, W)``, uint8.
        mean: Mean grey value that the network was trained with, 0..255.
        std: Standard deviation of the same.
        views: The views, or their names.
        average: Whether ``logits`` are averaged or ``probabilities``, whose logarithms then come back.
        precision: ``float32``, or ``bfloat16`` for what no record is made of.
        value_range: Values of black and white.
        batch_size: Pictures that views are made of at a time; passes through the network are smaller.

    Returns:
        Logits, shape ``(N, num_classes)``, float32.

    Raises:
        RecipeError: If a view is unknown or stands twice.
        ProtocolError: If average or precision are unknown.
    """
    for value, known in ((average, AVERAGES), (precision, PRECISIONS)):
        if value not in known:
            raise ProtocolError(f"{value!r} is unknown; expected {' or '.join(known)}")
    seen = views if isinstance(views, TestTimeViews) else parse_views(views)
    network.eval()
    is_bfloat16 = precision == "bfloat16"
    if is_bfloat16:
        network = fold_batch_norm(network).to(memory_format=torch.channels_last)
    parts = [np.zeros((0, network.num_classes), dtype=np.float32)]
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16):
        for start in range(0, len(faces), batch_size):
            batch = faces[start : start + batch_size]
            shown = seen.show(batch, first=start, crop_side=network.crop_side, value_range=value_range)
            answers = [_ask(network, images, mean=mean, std=std, is_bfloat16=is_bfloat16) for images in shown]
            parts.append(_average(torch.stack(answers), average).numpy())
    return np.concatenate(parts)


def _ask(network: Classifier, images: torch.Tensor, *, mean: float, std: float, is_bfloat16: bool) -> torch.Tensor:
    """Return logits of one view, a few faces at a time."""
    outputs = []
    for part in split_into_passes(images, is_exact=not is_bfloat16):
        inputs = (part - mean) / std
        outputs.append(network(inputs.contiguous(memory_format=torch.channels_last) if is_bfloat16 else inputs).float())
    return to_logits(torch.cat(outputs), network.output_activation)


def _average(logits: torch.Tensor, average: str) -> torch.Tensor:
    if average == "logits":
        return logits.mean(dim=0)
    return logits.softmax(dim=-1).mean(dim=0).clamp_min(torch.finfo(torch.float32).tiny).log()
