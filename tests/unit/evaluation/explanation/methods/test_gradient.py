from copy import deepcopy

import numpy as np
import torch

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.gradient import explain_by_gradient
from tests.explained_network import LinearNetwork, make_linear


def test_the_map_of_a_linear_network_is_the_size_of_its_weights() -> None:
    model = make_linear([[1.0, -2.0]], [[0.5, 4.0]], mean=100, std=2)
    found = explain_by_gradient(model, torch.full((2, 1, 1, 2), 7.0), torch.tensor([0, 1]))
    assert found.tolist() == [[[0.5, 1.0]], [[0.25, 2.0]]]


def test_of_several_channels_the_largest_counts() -> None:
    network = LinearNetwork(torch.tensor([[[[1.0]], [[-3.0]], [[2.0]]]]))
    found = explain_by_gradient(ExplainedNetwork(network, mean=0, std=1), torch.ones(1, 3, 1, 1), torch.tensor([0]))
    assert found.tolist() == [[[3.0]]]


def test_the_map_agrees_with_finite_differences(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    exact = ExplainedNetwork(deepcopy(trained.network).double(), mean=trained.mean, std=trained.std)
    image = squares[0][:1].double()
    found = explain_by_gradient(exact, image, torch.tensor([1]))
    step = 1e-4
    for row, column in ((3, 4), (16, 16), (20, 9), (31, 0)):
        change = torch.zeros_like(image)
        change[0, 0, row, column] = step
        with torch.no_grad():
            rise = exact.compute_logits(image + change)[0, 1] - exact.compute_logits(image - change)[0, 1]
        np.testing.assert_allclose(float(found[0, row, column]), abs(float(rise)) / (2 * step), rtol=1e-4)
