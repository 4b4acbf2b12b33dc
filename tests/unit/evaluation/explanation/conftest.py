import numpy as np
import pytest
import torch

from mien.evaluation.explanation import ExplainedNetwork
from tests.explained_network import make_squares, train_explained


@pytest.fixture(scope="session")
def trained() -> ExplainedNetwork:
    """A tiny VGG that looks at one square of a face."""
    return train_explained("vgg_se")


@pytest.fixture(scope="session")
def squares() -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Nine faces for it, their classes, and where their squares lie."""
    return make_squares(9, seed=1)
