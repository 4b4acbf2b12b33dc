import numpy as np
import pytest
import torch

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.gradient import explain_by_gradient
from mien.evaluation.explanation.methods.smooth_grad import explain_by_smooth_grad
from tests.explained_network import make_linear

Squares = tuple[torch.Tensor, np.ndarray, np.ndarray]


def test_the_map_of_a_linear_network_is_that_of_its_gradient() -> None:
    model = make_linear([[1.0, -2.0]], [[0.5, 4.0]])
    found = explain_by_smooth_grad(model, torch.tensor([[[[1.0, 9.0]]]]), torch.tensor([1]))
    torch.testing.assert_close(found, torch.tensor([[[0.5, 4.0]]]))


def test_without_noise_it_is_the_gradient(trained: ExplainedNetwork, squares: Squares) -> None:
    images, targets = squares[0][:2].float(), torch.tensor([1, 0])
    found = explain_by_smooth_grad(trained, images, targets, samples=3, noise=0.0)
    torch.testing.assert_close(found, explain_by_gradient(trained, images, targets), rtol=1e-3, atol=1e-6)


def test_it_is_the_mean_gradient_of_faces_with_that_noise(trained: ExplainedNetwork, squares: Squares) -> None:
    """Signs count until the mean is taken; the noise is a share of the face's own range."""
    image = squares[0][:1].float()
    found = explain_by_smooth_grad(trained, image, torch.tensor([1]), seed=5, samples=4, noise=0.2)
    torch.manual_seed(5)
    noise = torch.normal(0, torch.full((4, 1, 32, 32), 0.2 * float(image.max() - image.min())))
    noisy = (image + noise).requires_grad_()
    (gradients,) = torch.autograd.grad(trained.compute_logits(noisy)[:, 1].sum(), noisy)
    torch.testing.assert_close(found, gradients.mean(dim=0).abs(), rtol=1e-3, atol=1e-6)


def test_drawing_leaves_the_generator_of_others_alone(trained: ExplainedNetwork, squares: Squares) -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    explain_by_smooth_grad(trained, squares[0][:1].float(), torch.tensor([1]), samples=2)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("options", [{"samples": 0}, {"noise": -0.1}], ids=str)
def test_options_out_of_their_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected at least 1 sample and noise from 0"):
        explain_by_smooth_grad(make_linear([[1.0]]), torch.ones(1, 1, 1, 1), torch.tensor([0]), **options)  # type: ignore[arg-type]
