import pytest
import torch
from torch import Tensor, nn

from mien.models import create_model
from mien.models.folding import fold_batch_norm


def _num_norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def _draw_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)


def test_a_folded_network_answers_the_same_without_its_batch_norms() -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se", width=4).eval()
    _draw_statistics(network)
    images = torch.randn(3, 1, 48, 48)
    folded = fold_batch_norm(network)
    assert (_num_norms(network), _num_norms(folded)) == (8, 0)
    with torch.inference_mode():
        torch.testing.assert_close(folded(images), network(images), atol=1e-4, rtol=1e-4)


def test_what_no_plain_sequence_holds_stays_as_it_is() -> None:
    class Backwards(nn.Sequential):
        def forward(self, images: Tensor) -> Tensor:
            return self[0](self[1](images))

    network = nn.Sequential(
        Backwards(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)), nn.ReLU(), nn.BatchNorm2d(1), nn.Conv2d(1, 1, 1)
    ).eval()
    _draw_statistics(network)
    images = torch.randn(2, 1, 3, 3)
    folded = fold_batch_norm(network)
    assert _num_norms(folded) == 2
    with torch.inference_mode():
        torch.testing.assert_close(folded(images), network(images), atol=0, rtol=0)


def test_a_network_in_training_mode_is_not_folded() -> None:
    with pytest.raises(ValueError, match="batch norm is folded in evaluation mode alone"):
        fold_batch_norm(nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)))
