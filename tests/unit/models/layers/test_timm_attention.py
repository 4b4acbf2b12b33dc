from importlib import import_module

import pytest
import timm
import torch
from timm.layers import SplitAttn
from timm.layers.cbam import CbamModule
from torch import nn

from mien.models import create_model
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.timm_attention import GATES, SELF_ATTENTION, watch


@pytest.mark.parametrize("path", [*GATES, SELF_ATTENTION])
def test_timm_has_its_classes_where_they_are_looked_for(path: str) -> None:
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name)
    block = kind(channels=8, reduction=2) if path == "timm.models.senet.SEModule" else kind(8)
    assert block.get_submodule(GATES[path][0] if path in GATES else "attn_drop") is not None


@pytest.mark.parametrize(
    ("name", "options", "number", "first", "shape"),
    [
        ("timm/seresnet18", {}, 8, "features.layer1.0.se", (2, 64)),
        ("timm/legacy_seresnet18", {}, 8, "features.layer1.0.se_module", (2, 64)),
        ("timm/mobilenetv3_small_050", {}, 9, "features.blocks.0.0.se", (2, 16)),
        ("timm/ese_vovnet19b_dw", {}, 4, "features.stages.0.blocks.0.attn", (2, 256)),
        ("timm/eca_resnet33ts", {}, 10, "features.stages.0.0.attn", (2, 64)),
        ("timm/resnest14d", {}, 4, "features.layer1.0.conv2", (2, 128)),
        ("timm/vit_tiny_patch16_224", {"input_side": 32}, 12, "features.blocks.0.attn", (2, 3, 5, 5)),
        ("mobilenet48", {}, 8, "features.3.se", (2, 96)),
        ("vit48", {"depth": 2, "width": 32}, 2, "features.7.blocks.0.attn", (2, 4, 64, 64)),
    ],
)
def test_timms_blocks_hand_out_their_maps(
    name: str, options: dict, number: int, *, first: str, shape: tuple[int, ...]
) -> None:
    network = create_model(name, **options).eval()
    maps = network.attention_maps(torch.rand(2, network.in_channels, 32, 32))
    assert len(maps) == number
    assert next(iter(maps)) == first
    assert maps[first].shape == shape
    for weights in maps.values():
        assert ((weights >= 0) & (weights <= 1)).all()


def test_cbam_weighs_channels_and_places() -> None:
    network = timm.create_model("resnet18", block_args={"attn_layer": "cbam"}).eval()
    maps = collect_attention_maps(network, torch.rand(2, 3, 64, 64))
    assert len(maps) == 16
    assert maps["layer1.0.se.channel"].shape == (2, 64)
    assert maps["layer1.0.se.spatial"].shape == (2, 16, 16)
    assert maps["layer4.1.se.spatial"].shape == (2, 2, 2)


@torch.no_grad()
def test_the_map_of_squeeze_and_excitation_is_what_it_computes() -> None:
    network, images = create_model("timm/seresnet18").eval(), torch.rand(2, 3, 32, 32)
    block, seen = network.features.layer2[0].se, []
    block.register_forward_hook(lambda _module, inputs, output: seen.append((inputs[0], output.clone())))
    weights = network.attention_maps(images)["features.layer2.0.se"]
    features, result = seen[0]
    pooled = features.mean(dim=(2, 3))
    squeezed = nn.functional.linear(pooled, block.fc1.weight[:, :, 0, 0], block.fc1.bias).relu()
    expected = nn.functional.linear(squeezed, block.fc2.weight[:, :, 0, 0], block.fc2.bias).sigmoid()
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(result, features * weights[:, :, None, None])


@torch.no_grad()
def test_the_maps_of_cbam_are_the_shares_that_it_leaves() -> None:
    block, features = CbamModule(16).eval(), torch.rand(2, 16, 5, 6) + 0.1
    maps = collect_attention_maps(block, features)
    torch.testing.assert_close(block(features), features * maps["channel"][:, :, None, None] * maps["spatial"][:, None])


@torch.no_grad()
def test_the_weights_of_the_splits_sum_to_one() -> None:
    weights = collect_attention_maps(SplitAttn(16, 24), torch.rand(2, 16, 5, 5))[""]
    torch.testing.assert_close(weights[:, :24] + weights[:, 24:], torch.ones(2, 24))


@torch.no_grad()
def test_the_map_of_a_transformer_is_that_of_its_queries_and_keys_and_changes_no_number() -> None:
    network = create_model("timm/vit_tiny_patch16_224", input_side=32).eval()
    images, attention, seen = torch.rand(2, 3, 32, 32), network.features.blocks[1].attn, []
    before = network(images)
    handle = attention.qkv.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    weights = network.attention_maps(images)["features.blocks.1.attn"]
    handle.remove()
    queries, keys, _ = seen[0].reshape(2, 5, 3, 3, 64).permute(2, 0, 3, 1, 4)
    torch.testing.assert_close(weights, (queries @ keys.transpose(-2, -1) / 8).softmax(dim=-1))
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 5))
    assert attention.fused_attn
    assert torch.equal(network(images), before)


def test_nothing_is_watched_afterwards() -> None:
    for name in ("timm/seresnet18", "timm/vit_tiny_patch16_224"):
        network = create_model(name, **({"input_side": 32} if "vit" in name else {}))
        with pytest.raises(ValueError, match="images have shape"):
            network.attention_maps(torch.rand(2, 1, 32, 32))
        network.attention_maps(torch.rand(2, 3, 32, 32))
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
        assert all(module.fused_attn for module in network.modules() if hasattr(module, "fused_attn"))


def test_other_modules_are_left_alone() -> None:
    layer = nn.Conv2d(1, 1, 1)
    assert watch(layer, lambda weights: None) is None
    assert not layer._forward_hooks
