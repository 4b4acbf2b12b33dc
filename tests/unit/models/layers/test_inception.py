import pytest
import torch

from mien.models import count_parameters
from mien.models.layers.inception import GOOGLENET_WIDTHS, InceptionModule


@pytest.mark.parametrize(
    ("name", "in_channels", "channels", "parameters"),
    [("3a", 192, 256, 163_696), ("3b", 256, 480, 388_736), ("4a", 480, 512, 376_176), ("4b", 512, 512, 449_160)],
)
def test_modules_have_googlenets_counts(name: str, in_channels: int, channels: int, parameters: int) -> None:
    module = InceptionModule(in_channels, GOOGLENET_WIDTHS[name])
    assert count_parameters(module) == parameters
    assert module(torch.rand(1, in_channels, 2, 3)).shape == (1, channels, 2, 3)


def test_branches_stand_side_by_side() -> None:
    module, features = InceptionModule(8, GOOGLENET_WIDTHS["3a"]), torch.rand(1, 8, 4, 4)
    result = module(features)
    assert torch.equal(result[:, :64], module.direct(features))
    assert torch.equal(result[:, -32:], module.pooled(features))


def test_batch_norm_follows_each_of_the_six_convolutions_when_asked_for() -> None:
    module = InceptionModule(8, GOOGLENET_WIDTHS["3a"], norm="torch")
    assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in module.modules()) == 6
