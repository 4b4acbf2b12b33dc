import numpy as np
import pytest
import torch

from mien.evaluation.explanation import ExplainedNetwork
from mien.evaluation.explanation.methods.integrated_gradients import explain_by_integrated_gradients
from tests.explained_network import make_linear


def test_a_linear_networks_pixel_has_its_weight_times_what_it_has_over_the_mean() -> None:
    model = make_linear([[1.0, -2.0]], [[0.5, 4.0]], mean=10, std=2)
    found = explain_by_integrated_gradients(model, torch.tensor([[[[12.0, 16.0]]]]), torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[1.0, -6.0]]]))


def test_a_map_sums_to_what_the_logit_has_over_that_of_an_even_face(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, np.ndarray, np.ndarray]
) -> None:
    images, targets = squares[0].float(), torch.from_numpy(squares[1])
    maps = explain_by_integrated_gradients(trained, images, targets, steps=256)
    even = torch.full_like(images, trained.mean)
    with torch.no_grad():
        rise = (trained.compute_logits(images) - trained.compute_logits(even)).gather(1, targets[:, None])[:, 0]
    np.testing.assert_allclose(maps.sum(dim=(1, 2)).numpy(), rise.numpy(), rtol=0.03)


def test_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="steps is 0; expected at least 1"):
        explain_by_integrated_gradients(make_linear([[1.0]]), torch.ones(1, 1, 1, 1), torch.tensor([0]), steps=0)
