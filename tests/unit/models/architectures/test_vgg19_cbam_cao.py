import torch
import torchvision
from torch import nn

from mien.models import create_model
from mien.models.architectures.vgg19_cbam_cao import CaoVgg
from mien.models.layers.cbam import Cbam


def test_cbam_follows_every_pooling() -> None:
    with torch.device("meta"):
        network = CaoVgg()
    modules = [module for module in network.modules() if isinstance(module, nn.MaxPool2d | Cbam)]
    assert [type(module) for module in modules] == [nn.MaxPool2d, Cbam] * 5


def test_without_cbam_the_convolutions_are_vgg19s() -> None:
    with torch.device("meta"):
        network, other = CaoVgg(in_channels=3), torchvision.models.vgg19()
    shapes = [
        each.weight.shape for each in network.modules() if isinstance(each, nn.Conv2d) and each.kernel_size[0] == 3
    ]
    assert shapes == [each.weight.shape for each in other.modules() if isinstance(each, nn.Conv2d)]


def test_attention_maps() -> None:
    maps = create_model("vgg19_cbam_cao").eval().attention_maps(torch.rand(2, 1, 48, 48))
    assert len(maps) == 10
    assert maps["features.0.5.spatial"].shape == (2, 24, 24)
    assert maps["features.4.9.channel"].shape == (2, 512)
