import numpy as np
import pytest
import torch
from captum.attr import Occlusion

from mien.evaluation.explanation import ExplainedNetwork, explain_faces
from mien.evaluation.explanation.methods.occlusion import explain_by_occlusion
from tests.explained_network import make_linear


def test_the_map_is_what_captums_occlusion_gives(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    images, targets = squares[0][:3].float(), torch.from_numpy(squares[1][:3])
    expected = Occlusion(trained.compute_probabilities).attribute(
        images, sliding_window_shapes=(1, 8, 8), strides=(1, 4, 4), baselines=trained.mean, target=targets
    )
    found = explain_by_occlusion(trained, images, targets, window=8, stride=4)
    np.testing.assert_allclose(found.numpy(), expected[:, 0].numpy(), atol=1e-5)


def test_the_map_of_a_linear_network_is_what_it_is_by_hand() -> None:
    """One window of 1x1 at a time: what is covered has the mean, so that its weight counts nothing."""
    model = make_linear([[1.0, -2.0]], [[0.0, 0.0]], mean=10, std=2)
    image = torch.tensor([[[[14.0, 12.0]]]])
    shares = [1 / (1 + np.exp(-logit)) for logit in (2 - 2, -2, 2)]
    found = explain_by_occlusion(model, image, torch.tensor([0]))
    np.testing.assert_allclose(found[0, 0].numpy(), [shares[0] - shares[1], shares[0] - shares[2]], rtol=1e-5)


def test_faces_in_colour_are_covered_in_all_channels(squares: tuple[torch.Tensor, ...]) -> None:
    class Bright(ExplainedNetwork):
        def __init__(self) -> None:
            self.mean, self.num_classes = 0.0, 2

        def compute_probabilities(self, images: torch.Tensor) -> torch.Tensor:
            share = images.mean(dim=(1, 2, 3)).double() / 255
            return torch.stack([share, 1 - share], dim=1)

    found = explain_faces(Bright(), torch.full((1, 3, 6, 6), 255.0), np.array([0]), method="occlusion")
    np.testing.assert_allclose(found, np.full((1, 6, 6), 4 / 36), atol=1e-6)


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="window is 3; expected 1 to 1 pixels"):
        explain_by_occlusion(make_linear([[1.0, 1.0]]), torch.ones(1, 1, 1, 2), torch.tensor([0]), window=3)
