import pytest
import timm
import torch

from mien.models import create_model
from tests.unit.models.conftest import copy_in_order, randomize


def test_only_the_masks_are_attention() -> None:
    maps = create_model("residual_masking", width=4).eval().attention_maps(torch.rand(2, 3, 32, 32))
    assert list(maps) == ["features.after.0", "features.after.1", "features.after.2", "features.after.3"]


def test_sizes_that_the_masks_cannot_halve_are_refused() -> None:
    with pytest.raises(ValueError, match="must be multiples of 32, such as 32x32 or 64x64"):
        create_model("residual_masking", width=4)(torch.rand(2, 3, 48, 48))


@torch.no_grad()
@pytest.mark.parametrize("is_training", [True, False])
def test_without_masks_it_equals_timms_resnet34_layer_for_layer(is_training: bool) -> None:
    other = timm.create_model("resnet34", num_classes=7).train(is_training)
    randomize(other)
    network = create_model("residual_masking", has_masks=False, dropout=0.0).train(is_training)
    copy_in_order(network, other)
    layers: list[torch.Tensor] = []
    for layer in (other.maxpool, other.layer1, other.layer2, other.layer3, other.layer4):
        layer.register_forward_hook(lambda _module, _inputs, output: layers.append(output))
    images = torch.rand(2, 3, 64, 64)
    expected = other(images)
    features = network.features.stem(images)
    torch.testing.assert_close(features, layers[0])
    for stage, theirs in zip(network.features.stages, layers[1:], strict=True):
        features = stage(features)
        torch.testing.assert_close(features, theirs)
    torch.testing.assert_close(network.forward_head(features), expected)
