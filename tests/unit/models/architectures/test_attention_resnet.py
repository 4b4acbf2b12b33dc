from functools import partial

import pytest
import timm
import torch
import torchvision
from timm.layers.cbam import CbamModule

from mien.models import create_model
from mien.models.architectures.attention_resnet import AttentionResNet
from mien.models.layers.cbam import Cbam
from tests.unit.models.conftest import copy_in_order, randomize


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize("is_training", [True, False])
def test_without_attention_equals_an_independent_resnet(depth: int, is_training: bool) -> None:
    other = getattr(torchvision.models, f"resnet{depth}")(num_classes=7).train(is_training)
    network = AttentionResNet(7, 3, depth=depth).train(is_training)
    network.load_state_dict(dict(zip(network.state_dict(), other.state_dict().values(), strict=True)))
    layers: list[torch.Tensor] = []
    for layer in (other.maxpool, other.layer1, other.layer2, other.layer3, other.layer4):
        layer.register_forward_hook(lambda _, __, output: layers.append(output))
    images = torch.rand(2, 3, 40, 40)
    expected = other(images)
    features = network.features.stem(images)
    assert torch.equal(features, layers[0])
    for stage, theirs in zip(network.features.stages, layers[1:], strict=True):
        features = stage(features)
        assert torch.equal(features, theirs)
    torch.testing.assert_close(network.forward_head(features), expected)


@torch.no_grad()
@pytest.mark.parametrize("depth", [18, 34, 50])
@pytest.mark.parametrize("is_training", [True, False])
def test_with_cbam_equals_timms(depth: int, is_training: bool) -> None:
    cbam = partial(CbamModule, mlp_bias=True)
    other = timm.create_model(f"resnet{depth}", num_classes=7, in_chans=1, block_args={"attn_layer": cbam})
    randomize(other)
    network = create_model(f"resnet{depth}_cbam", pooling="average")
    copy_in_order(network, other)
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(
        network.train(is_training)(images), other.train(is_training)(images), atol=1e-4, rtol=1e-4
    )


def test_every_block_has_cbam_of_its_own_width() -> None:
    with torch.device("meta"):
        network = create_model("resnet34_cbam")
    blocks = [module for module in network.modules() if isinstance(module, Cbam)]
    assert [block.channel.excite.out_features for block in blocks] == [64] * 3 + [128] * 4 + [256] * 6 + [512] * 3


def test_attention_maps_of_cbam() -> None:
    maps = create_model("resnet18_cbam").eval().attention_maps(torch.rand(2, 1, 48, 48))
    assert len(maps) == 16
    assert maps["features.stages.0.0.attention.channel"].shape == (2, 64)
    assert maps["features.stages.0.0.attention.spatial"].shape == (2, 12, 12)
    assert maps["features.stages.3.1.attention.spatial"].shape == (2, 2, 2)


@pytest.mark.parametrize(
    ("side", "message"),
    [(32, "33x33 is the smallest that works"), (65, "pictures of 48x48; for others, set input_side")],
)
def test_a_flattening_head_refuses_other_sizes(side: int, message: str) -> None:
    network = create_model("resnet18_cbam").eval()
    with pytest.raises(ValueError, match=message):
        network(torch.rand(2, 1, side, side))


def test_average_pooling_takes_other_sizes() -> None:
    assert create_model("resnet18_cbam", pooling="average").eval()(torch.rand(2, 1, 40, 52)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 20}, "depth is 20; expected one of 18, 34, 50"),
        ({"depth": 18, "stem": "tall"}, "stem is 'tall'; expected 'wide' or 'narrow'"),
        ({"depth": 18, "pooling": "max"}, "pooling is 'max'; expected 'average' or 'flatten'"),
        ({"depth": 18, "pooling": "flatten", "input_side": 0}, "input_side is 0; 1 is the smallest that works"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AttentionResNet(7, 3, **options)


def test_one_picture_cannot_be_trained_on() -> None:
    network = create_model("resnet18_cbam", pooling="average").train()
    with pytest.raises(ValueError, match="batch norm needs more than one value a channel"):
        network(torch.rand(1, 1, 32, 32))
