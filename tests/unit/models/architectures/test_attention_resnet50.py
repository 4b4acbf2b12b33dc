import re
from functools import partial

import pytest
import timm
import torch
from timm.layers.cbam import CbamModule
from torch import Tensor

from mien.errors import MienError
from mien.models import create_model
from mien.models.architectures.attention_resnet50 import BamResNet50, rename_published
from tests.unit.models.conftest import CheckPretrained, Publish, copy_in_order, randomize

# timm's names of a ResNet-50 with CBAM are the authors', but for CBAM itself.
CBAM = {
    "se.channel.fc1": "cbam.ChannelGate.mlp.1",
    "se.channel.fc2": "cbam.ChannelGate.mlp.3",
    "se.spatial.conv.conv": "cbam.SpatialGate.spatial.conv",
    "se.spatial.conv.bn": "cbam.SpatialGate.spatial.bn",
}
# The authors' names of BAM's layers, in the order of mien's.
BAM = {
    "channel.2": "channel_att.gate_c.gate_c_fc_0",
    "channel.3": "channel_att.gate_c.gate_c_bn_1",
    "channel.5": "channel_att.gate_c.gate_c_fc_final",
    "spatial.0": "spatial_att.gate_s.gate_s_conv_reduce0",
    "spatial.1": "spatial_att.gate_s.gate_s_bn_reduce0",
    "spatial.3": "spatial_att.gate_s.gate_s_conv_di_0",
    "spatial.4": "spatial_att.gate_s.gate_s_bn_di_0",
    "spatial.6": "spatial_att.gate_s.gate_s_conv_di_1",
    "spatial.7": "spatial_att.gate_s.gate_s_bn_di_1",
    "spatial.9": "spatial_att.gate_s.gate_s_conv_final",
}


def timms(**options: object) -> torch.nn.Module:
    network = timm.create_model("resnet50", **options).eval()
    randomize(network)
    return network


def as_the_authors_have_it(name: str, value: Tensor) -> tuple[str, Tensor]:
    for timm_name, published in CBAM.items():
        name = name.replace(timm_name, published)
    if ".mlp." in name and name.endswith("weight"):
        value = value[:, :, 0, 0]
    if name.endswith("spatial.conv.weight"):
        value = value.flip(1)  # maximum and mean, for mean and maximum
    return f"module.{name}", value


def test_pretrained_cbam_gives_what_an_independent_network_gives(check_pretrained: CheckPretrained) -> None:
    other = timms(block_args={"attn_layer": partial(CbamModule, mlp_bias=True)})
    published = dict(as_the_authors_have_it(name, value) for name, value in other.state_dict().items())
    assert published["module.layer4.2.cbam.ChannelGate.mlp.3.weight"].shape == (2048, 128)
    weights = {name: value for name, value in published.items() if not name.endswith("num_batches_tracked")}
    check_pretrained("cbam_resnet50", {"epoch": 100, "state_dict": weights}, other.forward_features)


def test_pretrained_bam_finds_every_weight_by_its_published_name(publish: Publish) -> None:
    other = BamResNet50(1000).eval()
    copy_in_order_but_bam(other, timms())
    weights = {}
    for name, value in other.features.state_dict().items():
        found = re.match(r"after\.(\d)\.(\w+\.\d)\.(\w+)", name)
        if found is not None:
            weights[f"module.bam{int(found[1]) + 1}.{BAM[found[2]]}.{found[3]}"] = value
    for name, value in timms().state_dict().items():
        weights[f"module.{name}"] = value
    publish("bam_resnet50", {"state_dict": weights})
    network = create_model("bam_resnet50", pretrained=True).eval()
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(network.forward_features(images), other.forward_features(images))


def copy_in_order_but_bam(network: BamResNet50, other: torch.nn.Module) -> None:
    """Copy what a plain ResNet-50 has, and shake BAM."""
    randomize(network.features.after)
    network.features.after, after = torch.nn.ModuleList(torch.nn.Identity() for _ in range(4)), network.features.after
    copy_in_order(network, other)
    network.features.after = after


def test_bam_follows_every_stage_but_the_last() -> None:
    maps = create_model("bam_resnet50").eval().attention_maps(torch.rand(2, 3, 32, 32))
    assert {name: tuple(each.shape) for name, each in maps.items()} == {
        "features.after.0": (2, 256, 8, 8),
        "features.after.1": (2, 512, 4, 4),
        "features.after.2": (2, 1024, 2, 2),
    }


def test_rename_published_turns_the_spatial_kernel_round() -> None:
    kernel = torch.arange(2.0).reshape(1, 2, 1, 1)
    renamed = rename_published({"module.layer1.0.cbam.SpatialGate.spatial.conv.weight": kernel})
    assert renamed["stages.0.0.attention.spatial.convolution.weight"].flatten().tolist() == [1, 0]


@pytest.mark.parametrize("name", ["cbam_resnet50", "bam_resnet50"])
def test_weights_of_another_network_are_refused(name: str, publish: Publish) -> None:
    publish(name, {"module.conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(MienError, match=r"another network's weights \(\d+ are missing, first 'stem\.1\.weight'"):
        create_model(name, pretrained=True)
