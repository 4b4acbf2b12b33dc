from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.loss_gradient import explain_by_loss_gradient
from tests.explained_network import make_linear


def test_the_map_of_a_linear_network_is_that_of_logistic_regression() -> None:
    """The loss of a linear softmax changes by the probabilities, less 1 for the class, times the weights."""
    model = make_linear([[1.0, -2.0]], [[0.5, 4.0]])
    images = torch.tensor([[[[0.2, 0.1]]]])
    probabilities = model.compute_probabilities(images)[0].numpy()
    expected = np.abs((probabilities - [0, 1]) @ np.array([[1.0, -2.0], [0.5, 4.0]]))
    found = explain_by_loss_gradient(model, images, torch.tensor([1]))
    np.testing.assert_allclose(found[0, 0].numpy(), expected, rtol=1e-5)


def test_the_map_agrees_with_finite_differences(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    exact = ExplainedNetwork(deepcopy(trained.network).double(), mean=trained.mean, std=trained.std)
    image, target = squares[0][:1].double(), torch.tensor([2])
    found = explain_by_loss_gradient(exact, image, target)
    step = 1e-4
    for row, column in ((3, 4), (16, 16), (20, 9)):
        change = torch.zeros_like(image)
        change[0, 0, row, column] = step
        with torch.no_grad():
            above, below = (F.cross_entropy(exact.compute_logits(image + sign * change), target) for sign in (1, -1))
        np.testing.assert_allclose(float(found[0, row, column]), abs(float(above - below)) / (2 * step), rtol=1e-4)
