"""The contract of every network in the registry; counts are typed from the design, not computed from the module.

A network is made once for all its tests, and very large ones run at the smallest size they take.
"""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from mien.models import MODELS, Classifier, count_parameters, create_model

PARAMETERS = {
    "alexnet": 56_873_671,
    "arm_resnet18": 11_172_123,
    "attentional_cnn": 66_857,
    "bam_resnet50": 23_880_442,
    "baseline_cnn": 1_862_983,
    "camnet": 141_366_759,
    "cbam_resnet50": 26_054_967,
    "cifar_resnet20_cbam": 277_875,
    "cifar_resnet32_cbam": 476_283,
    "cifar_resnet50_cbam": 773_895,
    "cnn_lstm": 457_031,
    "cnn_mha": 197_799,
    "compact_irnet": 784_263,
    "convnext48": 1_520_263,
    "densenet121": 6_961_031,
    "densenet169": 12_496_135,
    "feed_forward": 1_313_287,
    "fer_net": 4_474_759,
    "googlenet": 5_607_079,
    "inception_resnet_v2": 54_317_223,
    "inception_v3": 21_799_911,
    "khaireddin_vgg": 29_890_759,
    "mini_xception": 56_951,
    "mobilenet48": 886_375,
    "mollahosseini_inception": 7_795_503,
    "nasnet_mobile": 4_240_377,
    "nasnetalarge": 84_748_381,
    "pramerdorfer_inception": 1_206_839,
    "pramerdorfer_resnet": 5_325_159,
    "pramerdorfer_vgg": 1_770_855,
    "residual_masking": 137_796_423,
    "resnest50": 25_448_583,
    "resnet18_cbam": 11_274_463,
    "resnet18_cbam_sun": 11_207_243,
    "resnet18_cbam_wen": 11_263_711,
    "resnet34": 21_288_263,
    "resnet34_cbam": 21_455_539,
    "resnet34_cbam_zhang": 21_316_083,
    "resnet34_cbam_zhang_blocks": 21_316_083,
    "resnet50": 23_522_375,
    "resnet50_cbam": 26_091_703,
    "resnetv2_101": 42_506_823,
    "resnetv2_50": 23_514_695,
    "saravanan_cnn": 1_208_775,
    "seresnet34": 21_449_459,
    "seresnet50": 26_053_367,
    "seresnext101_32x4d": 46_920_759,
    "tang_cnn": 5_008_295,
    "vgg16": 14_718_279,
    "vgg19": 20_027_975,
    "vgg19_cbam_cao": 20_105_175,
    "vgg_se": 1_787_075,
    "vit48": 1_714_167,
    "xception": 20_821_295,
}
NAMES = MODELS.names()
# Families too large to be exported whole in the short run: a narrow network of theirs is exported instead.
NARROW = {"camnet": ("camnet", {"width": 16})}


def family_of(name: str) -> str:
    return MODELS.get(name).card.family or name


def names_of_the_short_run() -> set[str]:
    """Return the smallest network of each family, but for the families that are exported narrow."""
    smallest: dict[str, str] = {}
    for name in sorted(NAMES, key=lambda name: MODELS.get(name).card.parameters):
        smallest.setdefault(family_of(name), name)
    return {name for family, name in smallest.items() if family not in NARROW}


def names_marked_slow_but_for_the_short_run() -> list[Any]:
    short = names_of_the_short_run()
    return [name if name in short else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def network(name: str) -> Classifier:
    """One network for all tests of a name; a test that changes more than its mode takes a copy."""
    torch.manual_seed(1)
    return create_model(name)


def images_for(name: str, count: int = 4, *, channels: int | None = None) -> torch.Tensor:
    own_channels, height, width = MODELS.get(name).card.size_for_tests
    return torch.rand(count, channels or own_channels, height, width, generator=torch.Generator().manual_seed(1))


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"model contracts cover {len(NAMES)} of {len(MODELS)} entries: {', '.join(NAMES)}")
    assert set(PARAMETERS) == set(NAMES)


def test_one_network_of_each_family_is_exported_in_the_short_run() -> None:
    exported = [*names_of_the_short_run(), *(name for name, _ in NARROW.values())]
    assert sorted(map(family_of, exported)) == sorted({family_of(name) for name in NAMES})


def test_parameters_are_exactly_those_stated(name: str) -> None:
    card = MODELS.get(name).card
    with torch.device("meta"):
        counted = count_parameters(create_model(name, num_classes=card.num_classes))
    assert counted == PARAMETERS[name] == card.parameters


@torch.no_grad()
def test_gives_logits_at_each_claimed_size(name: str, network: Classifier) -> None:
    card = MODELS.get(name).card
    for size in (card.size_for_tests, *card.further_sizes):
        logits = network.train()(torch.rand(2, *size))
        assert logits.shape == (2, 7)
        assert torch.isfinite(logits).all()


@pytest.mark.parametrize("num_classes", [1, 8])
@torch.no_grad()
def test_gives_as_many_logits_as_asked_for(name: str, num_classes: int) -> None:
    assert create_model(name, num_classes=num_classes)(images_for(name, 2)).shape == (2, num_classes)


@torch.no_grad()
def test_features_and_head_make_the_whole(name: str, network: Classifier) -> None:
    images = images_for(name)
    assert torch.equal(network.eval().forward_head(network.forward_features(images)), network(images))


def test_gradients_are_finite_everywhere(name: str, network: Classifier) -> None:
    torch.nn.functional.cross_entropy(network.train()(images_for(name)), torch.tensor([0, 1, 2, 3])).backward()
    gradients = {key: value.grad for key, value in network.named_parameters() if value.requires_grad}
    network.zero_grad(set_to_none=True)
    for parameter_name, gradient in gradients.items():
        assert gradient is not None, parameter_name
        assert torch.isfinite(gradient).all(), parameter_name


@torch.no_grad()
def test_a_picture_alone_equals_the_same_in_a_batch(name: str, network: Classifier) -> None:
    images = images_for(name)
    torch.testing.assert_close(network.eval()(images)[2:3], network(images[2:3]), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_reset_classifier_changes_the_outputs_only(name: str, network: Classifier) -> None:
    other, images = deepcopy(network).eval(), images_for(name)
    features = other.forward_features(images)
    shapes = {key: value.shape for key, value in other.state_dict().items()}
    other.reset_classifier(3)
    changed = [key for key, value in other.state_dict().items() if value.shape != shapes[key]]
    assert changed
    assert all(key.startswith("classifier.") for key in changed)
    assert other.num_classes == 3
    assert other(images).shape == (4, 3)
    assert torch.equal(other.forward_features(images), features)


@torch.no_grad()
def test_grey_and_colour_input_are_taken_when_asked_for(name: str) -> None:
    channels = 3 if MODELS.get(name).card.input_size[0] == 1 else 1
    other = create_model(name, in_channels=channels)
    assert other(images_for(name, 2, channels=channels)).shape == (2, 7)


@torch.no_grad()
def test_wrong_channels_and_sizes_are_refused(name: str, network: Classifier) -> None:
    channels, height, width = MODELS.get(name).card.size_for_tests
    network.train()
    with pytest.raises(ValueError, match=rf"expected \(B, {channels}, H, W\)"):
        network(torch.rand(2, channels + 1, height, width))
    side = network.smallest_side
    with pytest.raises(ValueError, match=f"{side}x{side} is the smallest that works"):
        network(torch.rand(2, channels, side - 1, width))
    assert network(torch.rand(2, channels, side, side)).shape == (2, 7)


@torch.no_grad()
def test_weights_survive_safetensors(name: str, network: Classifier, tmp_path: Path) -> None:
    file, images = tmp_path / "weights.safetensors", images_for(name)
    save_file(network.state_dict(), file)
    other = deepcopy(network).eval()
    for tensor in other.state_dict().values():
        tensor.zero_()
    other.load_state_dict(load_file(file))
    file.unlink()
    assert torch.equal(network.eval()(images), other(images))


def assert_the_onnx_graph_agrees(network: Classifier, images: torch.Tensor) -> None:
    import onnxruntime

    from mien.export.onnx_graph import build_onnx_graph

    graph = build_onnx_graph(network.eval(), size_hw=tuple(images.shape[2:]), mean=120.0, std=60.0)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"faces": images.numpy()})
    with torch.no_grad():
        expected = network((images - 120) / 60)
    torch.testing.assert_close(torch.from_numpy(logits), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", names_marked_slow_but_for_the_short_run(), indirect=True)
def test_the_onnx_graph_agrees_with_torch(name: str, network: Classifier) -> None:
    assert_the_onnx_graph_agrees(network, images_for(name, 5) * 255)


@pytest.mark.parametrize(("narrow", "options"), NARROW.values())
def test_the_onnx_graph_of_a_large_family_agrees_at_less_width(narrow: str, options: dict) -> None:
    torch.manual_seed(1)
    assert_the_onnx_graph_agrees(create_model(narrow, **options), images_for(narrow, 5) * 255)
