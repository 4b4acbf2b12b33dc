"""What is explained: a network or an estimator, as the methods ask it, in grey values as the faces have them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from mien.errors import ExplanationError
from mien.models import Classifier, Estimator
from mien.models.outputs import to_logits
from mien.training.run_folder import RunFolder


class ExplainedModel(ABC):
    """A model that answers with probabilities; methods that need no more explain whatever it is.

    Attributes:
        num_classes: Number of classes.
        mean: Mean grey value of the faces it was trained on; what is covered is filled with it.
    """

    num_classes: int
    mean: float

    @abstractmethod
    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return probabilities, shape ``(B, num_classes)``, float64.

        Args:
            images: Faces as the model was trained on them, before normalisation, shape ``(B, C, H, W)``, float32.
        """


class ExplainedNetwork(ExplainedModel):
    """A network; whatever is computed of its faces can be differentiated.

    Args:
        network: The network; put into evaluation mode.
        mean: Mean grey value that it was trained with.
        std: Standard deviation of the same.
    """

    def __init__(self, network: Classifier, *, mean: float, std: float) -> None:
        self.network, self.mean, self.std = network.eval(), mean, std
        self.num_classes = network.num_classes

    def normalize(self, images: Tensor) -> Tensor:
        """Return faces as the network takes them, float32."""
        return (images - self.mean) / self.std

    def compute_logits(self, images: Tensor) -> Tensor:
        """Return the scores of the classes, shape ``(B, num_classes)``: the logits whose softmax are probabilities."""
        return to_logits(self.network(self.normalize(images)), self.network.output_activation)

    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return probabilities; where one is nearly 1, what is left of it is still exact."""
        with torch.inference_mode():
            return self.compute_logits(images).double().softmax(dim=1)


class ExplainedEstimator(ExplainedModel):
    """An estimator; faces are rounded to whole grey values for it.

    Args:
        estimator: A fitted estimator.
        mean: Mean grey value of the faces it was fitted to.
    """

    def __init__(self, estimator: Estimator, *, mean: float) -> None:
        self.estimator, self.mean = estimator, mean
        self.num_classes = estimator.num_classes

    def compute_probabilities(self, images: Tensor) -> Tensor:
        """Return its probabilities."""
        faces = images.round().clamp(0, 255).to(torch.uint8)
        stack = faces[:, 0] if faces.shape[1] == 1 else faces.permute(0, 2, 3, 1)
        return torch.from_numpy(self.estimator.predict_probabilities(stack.contiguous().numpy())).double()


def load_explained(run: RunFolder) -> ExplainedModel:
    """Return what a run learned, of its ``best`` weights, ready to be explained.

    Raises:
        RunFolderError: If there are no weights yet or they are damaged.
    """
    if run.recipe.model.is_estimator:
        return ExplainedEstimator(run.load_estimator(), mean=run.mean)
    network = run.load_network().to(memory_format=torch.channels_last)  # which CPUs convolve faster
    return ExplainedNetwork(network, mean=run.mean, std=run.std)


def require_network(model: ExplainedModel) -> ExplainedNetwork:
    """Return a model that is a network.

    Raises:
        ExplanationError: If it is an estimator.
    """
    if not isinstance(model, ExplainedNetwork):
        raise ExplanationError("layers and pictures of classes need a network; this run is of an estimator")
    return model
