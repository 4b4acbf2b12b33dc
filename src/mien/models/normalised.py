"""A network with its normalisation inside, as a model file holds it."""

from torch import Tensor, nn

from mien.models.classifier import Classifier
from mien.models.outputs import to_logits


class NormalisedNetwork(nn.Module):
    """A network that takes faces of 0..255 and normalises them itself, and gives logits whatever its activation.

    Args:
        network: The network, in evaluation mode.
        mean: Mean grey value that it was trained with.
        std: Standard deviation of the same.

    Shape:
        ``(N, C, H, W)`` float32 in 0..255 to ``(N, num_classes)`` logits.
    """

    def __init__(self, network: Classifier, *, mean: float, std: float) -> None:
        super().__init__()
        self.network, self.mean, self.std = network, mean, std

    def forward(self, faces: Tensor) -> Tensor:
        """Return logits, whose softmax are the network's probabilities."""
        return to_logits(self.network((faces - self.mean) / self.std), self.network.output_activation)
