"""Small networks that learned in seconds where to look: made-up faces whose class hangs on one square alone."""

from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mien.evaluation.explanation import ExplainedNetwork
from mien.models import Classifier, create_model

SIDE, SQUARE = 32, 12
NETWORKS: dict[str, dict[str, Any]] = {
    "vgg_se": {"width": 8, "hidden": 16, "pooling": "average", "dropout": 0.0},
    "genome_cnn": {"genome": "stem16|attention:16x1|attention:32x1", "dropout": 0.0},
}
"""A tiny VGG, and a network that pays attention to places."""


class LinearNetwork(Classifier):
    """Logits that are weighted sums of the pixels, so that explanations can be worked out by hand.

    Args:
        weights: Shape ``(num_classes, C, H, W)``.
    """

    smallest_side = 1

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.num_classes, self.in_channels = weights.shape[:2]
        self.classifier = nn.Linear(weights[0].numel(), len(weights), bias=False)
        self.classifier.weight = nn.Parameter(weights.flatten(1).clone())

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def forward_head(self, features: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(features.flatten(1))
        return logits

    def reset_classifier(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.classifier = nn.Linear(self.classifier.in_features, num_classes, bias=False)


def make_linear(*weights: list[list[float]], mean: float = 0.0, std: float = 1.0) -> ExplainedNetwork:
    """Return a linear network of grey pictures, the weights of each class as rows and columns."""
    return ExplainedNetwork(LinearNetwork(torch.tensor(weights)[:, None]), mean=mean, std=std)


def make_squares(num_faces: int, *, seed: int = 0) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Return faces ``(N, 1, 32, 32)`` uint8, labels, and masks of the square that tells each class.

    Everywhere lies noise; in the square, at a place of its own for each face, lie stripes across, stripes down or a
    bright spot.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(num_faces) % 3
    row, column = np.mgrid[:SQUARE, :SQUARE]
    spot = np.hypot(row - (SQUARE - 1) / 2, column - (SQUARE - 1) / 2) < 4
    shapes = np.stack([row // 2 % 2, column // 2 % 2, spot]).astype(np.float64)
    faces = 110 + random.normal(scale=20, size=(num_faces, SIDE, SIDE))
    masks = np.zeros((num_faces, SIDE, SIDE), dtype=bool)
    for face, mask, label in zip(faces, masks, labels, strict=True):
        top, left = random.integers(0, SIDE - SQUARE + 1, 2)
        place = (slice(top, top + SQUARE), slice(left, left + SQUARE))
        face[place] += 80 * (shapes[label] - shapes[label].mean())
        mask[place] = True
    levels = np.clip(np.round(faces), 0, 255).astype(np.uint8)
    return torch.from_numpy(levels)[:, None], labels.astype(np.int64), masks


@cache
def train_explained(name: str) -> ExplainedNetwork:
    """Return one of `NETWORKS` after a few seconds of training on such faces; the same at every call."""
    faces, labels, _ = make_squares(288)
    mean, std = float(faces.float().mean()), float(faces.float().std())
    targets = torch.from_numpy(labels)
    with torch.random.fork_rng(devices=[]):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # or else what is learned depends on how many there are
        torch.manual_seed(0)
        network = create_model(name, num_classes=3, in_channels=1, **NETWORKS[name])
        optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
        for _ in range(7):
            for rows in torch.randperm(len(faces)).split(32):
                loss = F.cross_entropy(network((faces[rows].float() - mean) / std), targets[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        torch.set_num_threads(threads)
    return ExplainedNetwork(network, mean=mean, std=std)
