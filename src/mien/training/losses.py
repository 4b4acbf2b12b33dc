"""Losses by the names that recipes use: a network's outputs and each row's class probabilities to one number."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.errors import MienError, suggest
from mien.models.outputs import to_logits


class Loss(nn.Module, ABC):
    """The mean of a loss over the rows of a batch; with class weights, a row weighs as much as its classes.

    Args:
        output_activation: The network's; it says which probabilities its outputs stand for.
        label_smoothing: Share of each row's probability that is spread evenly over all classes, 0 to below 1.
        class_weights: What a row of each class weighs, shape ``(num_classes,)``, float32; None weighs all alike.
        has_alternatives: Whether every class above 0 in a row of the targets counts as right. Of these the one that
            the network finds most probable is taken for the label.
        last_layer: The network's last layer, for losses that ask for small weights in it.

    Attributes:
        reads_probabilities: Whether it goes by the output activation, and not by the outputs themselves.
        is_smoothed: Whether label smoothing makes sense for it; otherwise it is left out.

    Shape:
        ``(B, num_classes)`` and ``(B, num_classes)`` to ``()``.
    """

    reads_probabilities: ClassVar[bool] = True
    is_smoothed: ClassVar[bool] = True
    class_weights: Tensor | None

    def __init__(
        self,
        *,
        output_activation: str = "softmax",
        label_smoothing: float = 0.0,
        class_weights: Tensor | None = None,
        has_alternatives: bool = False,
        last_layer: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.output_activation, self.has_alternatives = output_activation, has_alternatives
        self.label_smoothing = label_smoothing if self.is_smoothed else 0.0
        self.register_buffer("class_weights", class_weights, persistent=False)
        # In a tuple, so that it does not become a part of the loss: its weights belong to the network.
        self.last_layer = () if last_layer is None else (last_layer,)

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            outputs: What the network gives, shape ``(B, num_classes)``, float32.
            targets: Probability of each class, shape ``(B, num_classes)``, float32, rows summing to 1.
        """
        logits = to_logits(outputs, self.output_activation) if self.reads_probabilities else outputs
        return self.reduce(logits, self.choose(logits, targets) if self.has_alternatives else targets)

    def choose(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return targets of one class a row: of those above 0 the one that the network finds most probable."""
        chosen = logits.masked_fill(targets <= 0, -torch.inf).argmax(dim=1)
        return F.one_hot(chosen, targets.shape[1]).to(targets.dtype)

    def reduce(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of `row_losses`, weighed by class."""
        num_classes = targets.shape[1]
        smooth = targets * (1 - self.label_smoothing) + self.label_smoothing / num_classes
        losses = self.row_losses(logits, smooth)
        if self.class_weights is None:
            return losses.mean()
        # No matrix product, which mixed precision would round.
        weights = (targets * self.class_weights).sum(dim=1) / targets.sum(dim=1)
        return (losses * weights).sum() / weights.sum()

    @abstractmethod
    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each row, shape ``(B,)``."""


class CrossEntropy(Loss):
    """Cross-entropy to the targets: torch's, with class weights and label smoothing as torch has them for labels."""

    def reduce(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean as torch takes it, which weighs classes inside of each row."""
        options: dict[str, Any] = {"weight": self.class_weights, "label_smoothing": self.label_smoothing}
        # Rows of one class are labels: torch has a faster way for them.
        if bool((targets.amax(dim=1) == 1).all()):
            return F.cross_entropy(logits, targets.argmax(dim=1), **options)
        weighed = targets if self.class_weights is None else targets * self.class_weights
        return F.cross_entropy(logits, targets, reduction="sum", **options) / weighed.sum()

    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy of each row."""
        return F.cross_entropy(logits, targets, reduction="none")


class MeanSquaredError(Loss):
    """The mean over the classes of the squared difference between probability and target."""

    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error of each row."""
        return (logits.softmax(dim=1) - targets).square().mean(dim=1)


class BinaryCrossEntropy(Loss):
    """Multi-label: a sigmoid for each class by itself, and the mean of their cross-entropies.

    With alternatives, every class above 0 is right.
    """

    reads_probabilities = False

    def choose(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return 1 for every class above 0."""
        return (targets > 0).to(targets.dtype)

    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over the classes of each row's binary cross-entropies."""
        return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=1)


class Hinge(Loss):
    """Linear support-vector machines, one class against the rest: squared hinge, and a penalty on their weights.

    The sum over the classes of ``max(0, 1 - output) ** 2`` where the class is right and ``max(0, 1 + output) ** 2``
    where it is not; a class that is right in part has both in these parts. ``penalty / 2`` times the squared weights of
    the last layer comes on top, which is the paper's loss divided by its C and the number of rows.

    Source: Tang, Deep Learning using Linear Support Vector Machines, https://arxiv.org/abs/1306.0239

    Args:
        penalty: Weight of the penalty, at least 0; the paper's ``1 / (C * rows)``.
        others: As for `Loss`; labels are not smoothed.

    Raises:
        ValueError: If `penalty` is below 0.
    """

    reads_probabilities = False
    is_smoothed = False

    def __init__(self, *, penalty: float = 1e-3, **others: Any) -> None:
        super().__init__(**others)
        if penalty < 0:
            raise ValueError(f"penalty is {penalty}; expected at least 0")
        self.penalty = penalty

    def reduce(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean hinge and the penalty."""
        weights = [weight for layer in self.last_layer for weight in layer.parameters() if weight.ndim > 1]
        squares = sum((weight.square().sum() for weight in weights), start=logits.new_zeros(()))
        return super().reduce(logits, targets) + self.penalty / 2 * squares

    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the squared hinges of each row, summed over the classes."""
        right, wrong = F.relu(1 - logits).square(), F.relu(1 + logits).square()
        return (targets * right + (1 - targets) * wrong).sum(dim=1)


class Focal(Loss):
    """Cross-entropy in which classes that are predicted well already count less.

    The sum over the classes of ``-target * (1 - probability) ** gamma * log(probability)``.

    Source: Lin et al., Focal Loss for Dense Object Detection, https://arxiv.org/abs/1708.02002. Differs: over the
    probabilities of several classes; the paper's alpha is the class weights.

    Args:
        gamma: How much less, at least 0; 0 is cross-entropy.
        others: As for `Loss`.

    Raises:
        ValueError: If `gamma` is below 0.
    """

    def __init__(self, *, gamma: float = 2.0, **others: Any) -> None:
        super().__init__(**others)
        if gamma < 0:
            raise ValueError(f"gamma is {gamma}; expected at least 0")
        self.gamma = gamma

    def row_losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the focal loss of each row."""
        logarithms = logits.log_softmax(dim=1)
        # Never 0, where a gamma below 1 has no slope.
        missing = (-logarithms.expm1()).clamp_min(torch.finfo(logits.dtype).eps)
        return -(targets * missing**self.gamma * logarithms).sum(dim=1)


LOSSES: Mapping[str, type[Loss]] = {
    "cross_entropy": CrossEntropy,
    "mean_squared_error": MeanSquaredError,
    "binary_cross_entropy": BinaryCrossEntropy,
    "hinge": Hinge,
    "focal": Focal,
}
"""Losses by name."""


def build_loss(name: str, **options: Any) -> Loss:
    """Return a loss.

    Args:
        name: One of `LOSSES`.
        options: Arguments of the loss, its own and those of `Loss`.

    Raises:
        MienError: If the name is unknown.
        ValueError: If an option is out of its range.
    """
    if name not in LOSSES:
        raise MienError(f"unknown loss {name!r}{suggest(name, LOSSES)}")
    return LOSSES[name](**options)
