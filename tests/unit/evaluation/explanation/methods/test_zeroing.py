import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.zeroing import explain_by_zeroing
from tests.explained_network import make_linear


def test_the_map_is_what_captums_ablation_of_squares_gives(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    images, targets = squares[0][:2].float(), torch.from_numpy(squares[1][:2])
    numbers = torch.arange(16).reshape(4, 4).repeat_interleave(8, 0).repeat_interleave(8, 1)
    expected = FeatureAblation(trained.compute_probabilities).attribute(
        images, baselines=0, target=targets, feature_mask=numbers[None, None]
    )
    found = explain_by_zeroing(trained, images, targets, side=8)
    np.testing.assert_allclose(found.numpy(), expected[:, 0].numpy(), atol=1e-5)


def test_pixel_by_pixel_it_is_a_product_with_zero() -> None:
    """Zero is black, not the mean: the face 14 of mean 10 and spread 2 goes from a logit of 2 to one of -5."""
    model = make_linear([[1.0]], [[0.0]], mean=10, std=2)
    found = explain_by_zeroing(model, torch.full((1, 1, 1, 1), 14.0), torch.tensor([0]), side=1)
    assert float(found) == pytest.approx(1 / (1 + np.exp(-2)) - 1 / (1 + np.exp(5)))


def test_a_square_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="window is 2; expected 1 to 1 pixels"):
        explain_by_zeroing(make_linear([[1.0, 1.0]]), torch.ones(1, 1, 1, 2), torch.tensor([0]), side=2)
