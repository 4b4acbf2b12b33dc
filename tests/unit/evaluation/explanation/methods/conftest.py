import torch

from mien.evaluation.explanation import ExplainedNetwork
from tests.explained_network import LinearNetwork


class _TwoChannels(LinearNetwork):
    """The channels of its map are the face and the face squared, the logits weighted sums of their means."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return torch.cat([images, images**2], dim=1)

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(features.mean(dim=(2, 3)))
        return logits


def make_two_channels(weights: list[list[float]]) -> ExplainedNetwork:
    """Return such a network, two weights a class."""
    network = _TwoChannels(torch.tensor(weights)[:, :, None, None])
    network.in_channels = 1
    return ExplainedNetwork(network, mean=0.0, std=1.0)
