import numpy as np
import torch

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.grad_cam_plus_plus import explain_by_grad_cam_plus_plus
from tests.unit.evaluation.explanation.methods.conftest import make_two_channels


def test_the_map_of_two_channels_is_what_it_is_by_hand() -> None:
    """Gradients are 2 / 4 and 1 / 4, the channels sum to 4 and 10.

    alpha = 1 / (2 + 0.5 * 4) = 0.25 and 1 / (2 + 0.25 * 10) = 2 / 9; over four places the weights are 0.5 and 2 / 9.
    """
    model = make_two_channels([[2.0, 1.0]])
    image = torch.tensor([[[[1.0, 0.0], [0.0, 3.0]]]])
    found = explain_by_grad_cam_plus_plus(model, image, torch.tensor([0]))
    expected = 0.5 * image[:, 0] + 2 / 9 * image[:, 0] ** 2
    torch.testing.assert_close(found, expected)


def test_channels_that_speak_against_the_class_count_nothing() -> None:
    model = make_two_channels([[2.0, -1.0], [-1.0, -1.0]])
    image = torch.tensor([[[[1.0, 0.0], [0.0, 3.0]]]])
    found = explain_by_grad_cam_plus_plus(model, image.repeat(2, 1, 1, 1), torch.tensor([0, 1]))
    torch.testing.assert_close(found[0], 0.5 * image[0, 0])
    assert float(found[1].abs().max()) == 0


def test_the_weights_are_those_of_the_papers_formula(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    """Equation 19 as it stands, with powers of the gradient, pixel by pixel in NumPy."""
    from mien.evaluation.explanation.feature_maps import compute_feature_gradients, enlarge

    images, targets = squares[0][:2].float(), torch.tensor([0, 1])
    features, gradients = (each.double().numpy() for each in compute_feature_gradients(trained, images, targets))
    expected = np.zeros((2, 4, 4))
    for face in range(2):
        for channel in range(features.shape[1]):
            total, weight = features[face, channel].sum(), 0.0
            for gradient in gradients[face, channel].ravel():
                below = 2 * gradient**2 + total * gradient**3
                weight += (gradient**2 / below if below else 0.0) * max(gradient, 0.0)
            expected[face] += weight * features[face, channel]
    small = torch.from_numpy(np.maximum(expected, 0)).float()
    found = explain_by_grad_cam_plus_plus(trained, images, targets)
    torch.testing.assert_close(found, enlarge(small, trained.network, (32, 32)), rtol=1e-3, atol=1e-5)
