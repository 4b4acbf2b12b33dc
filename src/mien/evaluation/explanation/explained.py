"""What is explained: a network, an estimator or an ensemble, as methods ask it, in the faces' own grey values."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from mien.errors import ExplanationError
from mien.evaluation.ensemble.combinations import Combination
from mien.evaluation.ensemble.predictor import EnsemblePredictor
from mien.evaluation.judged_model import JudgedModel
from mien.evaluation.passes import split_into_passes
from mien.evaluation.predictors import EstimatorPredictor, NetworkPredictor, Predictor, load_predictor
from mien.models import Classifier, Estimator
from mien.models.outputs import to_logits

_LEAST = 1e-300
"""A probability below this counts as this where its logarithm is taken, in float64."""


class ExplainedModel(ABC):
    """A model that answers with probabilities; methods that need no more explain whatever it is.

    Attributes:
        kind: What messages call its kind.
        num_classes: Number of classes.
        mean: Mean grey value of the faces it was trained on; what is covered is filled with it.
    """

    kind: str
    num_classes: int
    mean: float

    @abstractmethod
    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return probabilities, shape ``(B, num_classes)``, float64.

        Args:
            images: Faces as the model was trained on them, before normalisation, shape ``(B, C, H, W)``, float32.
        """


class DifferentiableModel(ExplainedModel):
    """A model whose scores can be differentiated by the faces."""

    @abstractmethod
    def compute_logits(self, images: Tensor) -> Tensor:
        """Return the scores of the classes, shape ``(B, num_classes)``: the logits whose softmax are probabilities."""

    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return probabilities; where one is nearly 1, what is left of it is still exact."""
        with torch.inference_mode():
            logits = torch.cat([self.compute_logits(part) for part in split_into_passes(images)])
            return logits.double().softmax(dim=1)


class ExplainedNetwork(DifferentiableModel):
    """A network; whatever is computed of its faces can be differentiated.

    Args:
        network: The network; put into evaluation mode.
        mean: Mean grey value that it was trained with.
        std: Standard deviation of the same.
    """

    kind = "a network"

    def __init__(self, network: Classifier, *, mean: float, std: float) -> None:
        self.network, self.mean, self.std = network.eval(), mean, std
        self.num_classes = network.num_classes

    def normalize(self, images: Tensor) -> Tensor:
        """Return faces as the network takes them, float32."""
        return (images - self.mean) / self.std

    def compute_logits(self, images: Tensor) -> Tensor:
        """Return its logits."""
        return to_logits(self.network(self.normalize(images)), self.network.output_activation)


class ExplainedEstimator(ExplainedModel):
    """An estimator; faces are rounded to whole grey values for it.

    Args:
        estimator: A fitted estimator.
        mean: Mean grey value of the faces it was fitted to.
    """

    kind = "an estimator"

    def __init__(self, estimator: Estimator, *, mean: float) -> None:
        self.estimator, self.mean = estimator, mean
        self.num_classes = estimator.num_classes

    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return its probabilities."""
        faces = images.round().clamp(0, 255).to(torch.uint8)
        stack = faces[:, 0] if faces.shape[1] == 1 else faces.permute(0, 2, 3, 1)
        return torch.from_numpy(self.estimator.predict_probabilities(stack.contiguous().numpy())).double()


class ExplainedEnsemble(ExplainedModel):
    """Several models as one, whatever they are.

    Args:
        members: The members, each with the places of its classes in the order that the combination takes them in.
        combination: How their answers become one.
        num_classes: Number of classes that come out.
    """

    kind = "an ensemble with an estimator"

    def __init__(
        self,
        members: Sequence[tuple[ExplainedModel, Sequence[int]]],
        combination: Combination,
        *,
        num_classes: int,
    ) -> None:
        self.members, self.combination, self.num_classes = members, combination, num_classes
        self.mean = members[0][0].mean

    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return the combined probabilities."""
        answers = [model.compute_probabilities(images)[:, list(columns)] for model, columns in self.members]
        return self.combination.combine(torch.stack(answers).clamp_min(_LEAST).log()).softmax(dim=1)


class ExplainedNetworks(DifferentiableModel):
    """Several networks as one; the logit of a class is the logarithm of its combined probability, but for a constant.

    Args:
        members: As for `ExplainedEnsemble`, like all that follow.
        combination: How their answers become one.
        num_classes: Number of classes that come out.
    """

    kind = "an ensemble"

    def __init__(
        self,
        members: Sequence[tuple[DifferentiableModel, Sequence[int]]],
        combination: Combination,
        *,
        num_classes: int,
    ) -> None:
        self.members, self.combination, self.num_classes = members, combination, num_classes
        self.mean = members[0][0].mean

    def compute_logits(self, images: Tensor) -> Tensor:
        """Return the combined logits."""
        answers = [model.compute_logits(images).log_softmax(dim=1)[:, list(columns)] for model, columns in self.members]
        return self.combination.combine(torch.stack(answers))


def load_explained(model: JudgedModel) -> ExplainedModel:
    """Return what a run learned, of its ``best`` weights, or an ensemble, ready to be explained.

    Raises:
        RunFolderError: If there are no weights yet or they are damaged.
        ProtocolError: If members of an ensemble prepare faces differently.
    """
    predictor = load_predictor(model).for_given_faces()
    if not isinstance(predictor, EnsemblePredictor):
        return _explain_one(predictor, mean=float(model.facts["mean"]))
    members = [(_explain_one(each.predictor, mean=each.run.mean), each.columns) for each in predictor.members]
    num_classes = len(model.facts["expressions"])
    networks = [(each, columns) for each, columns in members if isinstance(each, DifferentiableModel)]
    if len(networks) == len(members):
        return ExplainedNetworks(networks, predictor.recipe.combination, num_classes=num_classes)
    return ExplainedEnsemble(members, predictor.recipe.combination, num_classes=num_classes)


def _explain_one(predictor: Predictor, *, mean: float) -> ExplainedModel:
    if isinstance(predictor, EstimatorPredictor):
        return ExplainedEstimator(predictor.estimator, mean=mean)
    if not isinstance(predictor, NetworkPredictor):
        raise TypeError(f"{type(predictor).__name__} is no kind of model that can be explained")
    network = predictor.network.to(memory_format=torch.channels_last)  # which CPUs convolve faster
    return ExplainedNetwork(network, mean=predictor.mean, std=predictor.std)


def require_network(model: ExplainedModel) -> ExplainedNetwork:
    """Return a model that is a network.

    Raises:
        ExplanationError: If it is an estimator or an ensemble.
    """
    if not isinstance(model, ExplainedNetwork):
        raise ExplanationError(f"layers and pictures of classes need a network; this is {model.kind}")
    return model
