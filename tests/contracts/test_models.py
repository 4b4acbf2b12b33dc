"""The contract of every network in the registry; counts are typed from the design, not computed from the module.

The tables below hold every count that is known: of the registered networks as they are (`PARAMETERS`), with the six
classes of the study still_images (`SIX_CLASSES`), by option (`COUNTS`), and with running statistics, as Keras counts
(`WITHOUT_TOP`, `KERAS_TOTALS`).

A network is made once for all its tests, and very large ones run at the smallest size they take.
"""

from collections.abc import Callable, Container, Iterable
from copy import deepcopy
from inspect import signature
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from mien.errors import MienError
from mien.models import MODELS, Classifier, count_parameters, create_model
from mien.models.layers.activation import ACTIVATIONS

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
    "genome_cnn": 368_555,
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
# The study still_images has six classes: a last layer from F inputs has F + 1 parameters less than with seven.
SIX_CLASSES = {
    "densenet121": 6_960_006,
    "densenet169": 12_494_470,
    "inception_resnet_v2": 54_315_686,
    "inception_v3": 21_797_862,
    "nasnet_mobile": 4_239_320,
    "nasnetalarge": 84_744_348,
    "resnetv2_101": 42_504_774,
    "resnetv2_50": 23_512_646,
    "vgg16": 14_717_766,
    "vgg19": 20_027_462,
}
COUNTS: list[tuple[str, dict[str, Any], int]] = [
    # Study cnn_lstm.
    ("cnn_lstm", {"padding": "valid"}, 457_031),
    ("cnn_lstm", {"pooling": "stochastic"}, 457_031),
    ("cnn_mha", {"dense200": True}, 324_567),
    ("googlenet", {"in_channels": 1}, 5_600_807),
    ("xception", {"in_channels": 1}, 20_820_719),
    ("tang_cnn", {"input_side": 48}, 7_170_983),
    # Study camnet: its own network, with variants that its text leaves open.
    ("camnet", {"in_channels": 1}, 141_360_487),
    ("camnet", {"norms": "none"}, 141_351_655),
    ("camnet", {"norms": "second"}, 141_359_207),
    ("camnet", {"split_attention": "first", "norms": "second"}, 139_444_679),
    ("camnet", {"split_attention": "second", "norms": "first"}, 139_703_399),
    ("camnet", {"hidden": 128, "norms": "none"}, 141_414_631),
    ("camnet", {"cardinality": 2}, 129_066_471),
    ("camnet", {"cardinality": (2, 4, 4, 2)}, 126_765_543),
    ("camnet", {"has_masks": False}, 24_858_599),
    ("camnet", {"has_masks": False, "norms": "none"}, 24_843_495),
    ("camnet", {"has_masks": False, "norms": "second"}, 24_851_047),
    ("residual_masking", {"has_masks": False}, 21_288_263),
    # Study camnet: networks that it compares with.
    ("baseline_cnn", {"third_pooling": True}, 1_669_447),
    ("baseline_cnn", {"padding": "valid"}, 1_612_103),
    ("baseline_cnn", {"padding": "valid", "third_pooling": True}, 1_606_727),
    ("cbam_resnet50", {"num_classes": 1000}, 28_089_624),
    ("cbam_resnet50", {"hidden": 2048}, 30_251_319),
    ("bam_resnet50", {"num_classes": 1000}, 25_915_099),
    ("bam_resnet50", {"hidden": 2048}, 28_076_794),
    ("vgg16", {"pooling": "flatten", "hidden": [512, 256, 128]}, 27_725_383),
    ("vgg19", {"pooling": "flatten", "hidden": [512, 256]}, 33_003_079),
    ("vgg19", {"pooling": "flatten", "hidden": [512, 256], "frozen": True}, 12_978_695),
    ("timm/vgg16", {"hidden": [512, 256, 128]}, 136_523_335),
    ("timm/vgg19", {"hidden": [512, 256]}, 141_801_031),
    ("timm/vgg16", {}, 134_289_223),
    ("timm/vgg16", {"in_channels": 1}, 134_288_071),
    ("timm/vgg19", {}, 139_598_919),
    ("timm/vgg19", {"in_channels": 1}, 139_597_767),
    ("resnet50", {"in_channels": 1}, 23_516_103),
    ("seresnet50", {"in_channels": 1}, 26_047_095),
    ("timm/legacy_seresnet50", {}, 26_053_367),
    ("seresnet34", {"in_channels": 1}, 21_443_187),
    ("timm/seresnet34", {}, 21_451_007),
    ("timm/seresnet34", {"in_channels": 1}, 21_444_735),
    ("seresnext101_32x4d", {"in_channels": 1}, 46_914_487),
    ("seresnext101_32x4d", {"hidden": [1024]}, 49_011_767),
    ("timm/legacy_seresnext101_32x4d", {}, 46_920_759),
    ("densenet121", {"in_channels": 1}, 6_954_759),
    ("resnest50", {"num_classes": 1000}, 27_483_240),
    # Study still_images.
    ("densenet169", {"in_channels": 1}, 12_489_863),
    ("resnetv2_50", {"in_channels": 1}, 23_508_423),
    ("resnetv2_101", {"in_channels": 1}, 42_500_551),
    ("inception_v3", {"in_channels": 1}, 21_799_335),
    ("inception_resnet_v2", {"in_channels": 1}, 54_316_647),
    ("nasnetalarge", {"in_channels": 1}, 84_746_653),
    ("nasnet_mobile", {"in_channels": 1}, 4_239_801),
    ("nasnet_mobile", {"num_classes": 1000}, 5_289_978),
    # Study compact_realtime.
    ("khaireddin_vgg", {"input_side": 48}, 40_376_519),
    ("fer_net", {"input_side": 256}, 36_849_543),
    ("fer_net", {"variant": "light"}, 1_013_447),
    ("alexnet", {"in_channels": 3}, 56_896_903),
    ("alexnet", {"in_channels": 3, "num_classes": 1000}, 60_965_224),
    ("alexnet", {"groups": 1}, 58_286_791),
    ("alexnet", {"groups": 1, "in_channels": 3}, 58_310_023),
    # Study resnet_cbam: what it ran.
    ("cifar_resnet20_cbam", {"input_side": 64}, 279_219),
    ("cifar_resnet20_cbam", {"pooling": "average"}, 277_875),
    ("cifar_resnet20_cbam", {"attention": False}, 272_583),
    ("cifar_resnet32_cbam", {"input_side": 64}, 477_627),
    ("cifar_resnet32_cbam", {"attention": False}, 467_463),
    ("cifar_resnet50_cbam", {"input_side": 64}, 775_239),
    ("cifar_resnet50_cbam", {"attention": False}, 759_783),
    # Study resnet_cbam: what it cites.
    ("resnet18_cbam", {"input_side": 64}, 11_274_463),
    ("resnet18_cbam", {"pooling": "average"}, 11_263_711),
    ("resnet18_cbam", {"stem": "narrow"}, 11_386_591),
    ("resnet18_cbam", {"stem": "narrow", "input_side": 64}, 11_486_943),
    ("resnet18_cbam", {"stem": "narrow", "pooling": "average"}, 11_261_151),
    ("resnet34_cbam", {"input_side": 64}, 21_455_539),
    ("resnet34_cbam", {"pooling": "average"}, 21_444_787),
    ("resnet34_cbam", {"stem": "narrow"}, 21_567_667),
    ("resnet34_cbam", {"stem": "narrow", "input_side": 64}, 21_668_019),
    ("resnet34_cbam", {"stem": "narrow", "pooling": "average"}, 21_442_227),
    ("resnet50_cbam", {"input_side": 64}, 26_091_703),
    ("resnet50_cbam", {"pooling": "average"}, 26_048_695),
    ("resnet50_cbam", {"stem": "narrow"}, 26_547_895),
    ("resnet50_cbam", {"stem": "narrow", "input_side": 64}, 26_949_303),
    ("resnet50_cbam", {"stem": "narrow", "pooling": "average"}, 26_046_135),
    ("resnet18_cbam_sun", {"placement": "last_block"}, 11_207_243),
    ("vgg19_cbam_cao", {"has_norm": True}, 20_116_183),
    # Of mien's own making.
    ("vgg_se", {"width": 19}, 774_374),
    ("vgg_se", {"width": 24, "pooling": "average"}, 724_181),
    ("vgg_se", {"attention": False}, 1_764_775),
    ("genome_cnn", {"genome": "stem16|plain:16x1"}, 2_631),
]
# All that is counted without the head, with running statistics. Keras publishes the same, but that its ResNetV2 have
# biases (19,008 and 36,416 more) and its Inceptions no scales (17,216 and 30,272 less).
WITHOUT_TOP = {
    "densenet121": 7_037_504,
    "densenet169": 12_642_880,
    "inception_resnet_v2": 54_367_008,
    "inception_v3": 21_820_000,
    "nasnet_mobile": 4_269_716,
    "nasnetalarge": 84_916_818,
    "resnetv2_101": 42_590_144,
    "resnetv2_50": 23_545_792,
    "vgg16": 14_714_688,
    "vgg19": 20_024_384,
    "xception": 20_861_480,
}
# Trainable parameters and running statistics of whole networks.
KERAS_TOTALS: list[tuple[str, dict[str, Any], int]] = [
    ("cnn_lstm", {}, 457_863),
    ("mini_xception", {}, 58_423),
    ("nasnet_mobile", {"num_classes": 1000}, 5_326_716),
]
# What studies call a network, where that is not its name.
ALIASES = {
    "attentional_cnn_with_localisation": "attentional_cnn",
    "cao_vgg19_cbam": "vgg19_cbam_cao",
    "cnn_with_l2_svm": "tang_cnn",
    "deep_emotion": "attentional_cnn",
    "inception": "googlenet",
    "inceptionresnetv2": "inception_resnet_v2",
    "inceptionv3": "inception_v3",
    "nasnet_large": "nasnetalarge",
    "nasnetlarge": "nasnetalarge",
    "nasnetmobile": "nasnet_mobile",
    "resnest": "resnest50",
    "resnet101v2": "resnetv2_101",
    "resnet50v2": "resnetv2_50",
    "saravanan_10_layer_cnn": "saravanan_cnn",
    "senet50": "seresnet50",
    "seresnext101": "seresnext101_32x4d",
    "sun_resnet18_cbam": "resnet18_cbam_sun",
    "wen_resnet_cbam": "resnet18_cbam_wen",
    "zhang_resnet34_cbam": "resnet34_cbam_zhang",
}
# Attention maps that a network hands out: one a block, but two for each CBAM.
ATTENTION_MAPS = {
    "attentional_cnn": 1,
    "bam_resnet50": 3,
    "camnet": 4 + 2 * 16,
    "cbam_resnet50": 2 * 16,
    "cifar_resnet20_cbam": 2 * 9,
    "cifar_resnet32_cbam": 2 * 15,
    "cifar_resnet50_cbam": 2 * 24,
    "cnn_mha": 2,
    "genome_cnn": 1 + 2,
    "mobilenet48": 8,
    "residual_masking": 4,
    "resnest50": 16,
    "resnet18_cbam": 2 * 8,
    "resnet18_cbam_sun": 2,
    "resnet18_cbam_wen": 2 * 8,
    "resnet34_cbam": 2 * 16,
    "resnet34_cbam_zhang": 2 * 2,
    "resnet34_cbam_zhang_blocks": 2 * 2,
    "resnet50_cbam": 2 * 16,
    "seresnet34": 16,
    "seresnet50": 16,
    "seresnext101_32x4d": 33,
    "vgg19_cbam_cao": 2 * 5,
    "vgg_se": 4,
    "vit48": 6,
}
# Networks whose hidden activation, and those whose poolings, are options.
WITH_ACTIVATION = {
    "alexnet",
    "baseline_cnn",
    "cnn_lstm",
    "feed_forward",
    "fer_net",
    "khaireddin_vgg",
    "saravanan_cnn",
    "tang_cnn",
}
WITH_POOLING = WITH_ACTIVATION - {"alexnet", "feed_forward"}
# Networks whose study or paper has no batch norm, so that none can be replaced by group norm.
WITHOUT_BATCH_NORM = {
    "alexnet",
    "attentional_cnn",
    "cnn_mha",
    "convnext48",
    "feed_forward",
    "mollahosseini_inception",
    "saravanan_cnn",
    "tang_cnn",
    "vgg16",
    "vgg19",
}
NAMES = MODELS.names()
# Families too large to be exported whole in the short run: a narrow network of theirs is exported instead.
NARROW = {"camnet": ("camnet", {"width": 16})}

# Networks of the same blocks as a smaller one, only more of them: computed with in the long run alone.
DEEPER = {
    "camnet": "residual_masking",
    "cifar_resnet32_cbam": "cifar_resnet20_cbam",
    "cifar_resnet50_cbam": "cifar_resnet20_cbam",
    "densenet169": "densenet121",
    "nasnetalarge": "nasnet_mobile",
    "resnet34_cbam": "resnet18_cbam",
    "resnetv2_101": "resnetv2_50",
    "vgg19": "vgg16",
}
# Networks whose graph has no operation that another's has not, and many more nodes: exported in the long run alone.
EXPORTED_AS = {
    "densenet121": "googlenet",
    "inception_v3": "pramerdorfer_inception",
    "nasnet_mobile": "xception",
}


def family_of(name: str) -> str:
    return MODELS.get(name).card.family or name


def names_of_the_short_run() -> set[str]:
    """Return the smallest network of each family, but for the families that are exported narrow."""
    smallest: dict[str, str] = {}
    for name in sorted(NAMES, key=lambda name: MODELS.get(name).card.parameters):
        smallest.setdefault(family_of(name), name)
    return {name for family, name in smallest.items() if family not in NARROW}


def names_marked_slow_but_for(short: Container[str]) -> list[Any]:
    return [name if name in short else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]


@pytest.fixture(scope="module", params=NAMES)
def any_name(request: pytest.FixtureRequest) -> str:
    """Each name in the short run, too: for tests that compute no numbers."""
    return request.param


@pytest.fixture(scope="module", params=names_marked_slow_but_for(set(NAMES) - DEEPER.keys()))
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


def test_one_network_of_each_family_may_be_exported_in_the_short_run() -> None:
    exported = [*names_of_the_short_run(), *(name for name, _ in NARROW.values())]
    assert sorted(map(family_of, exported)) == sorted({family_of(name) for name in NAMES})


def test_what_the_short_run_leaves_out_has_something_alike_in_it() -> None:
    assert not DEEPER.keys() & set(DEEPER.values())
    assert {*DEEPER, *DEEPER.values()} <= set(NAMES)
    exported = names_of_the_short_run()
    assert EXPORTED_AS.keys() <= exported
    assert set(EXPORTED_AS.values()) <= exported - EXPORTED_AS.keys()


def test_parameters_are_exactly_those_stated(any_name: str) -> None:
    card = MODELS.get(any_name).card
    with torch.device("meta"):
        counted = count_parameters(create_model(any_name, num_classes=card.num_classes))
    assert counted == PARAMETERS[any_name] == card.parameters


def count(name: str, **options: Any) -> int:
    with torch.device("meta"):
        return count_parameters(create_model(name, **options))


def test_six_classes_are_counted_for_each_network_of_still_images() -> None:
    of_the_study = {name for name in NAMES if "still_images" in MODELS.get(name).card.studies}
    assert set(SIX_CLASSES) == of_the_study


@pytest.mark.parametrize(("six", "parameters"), SIX_CLASSES.items())
def test_parameters_with_six_classes(six: str, parameters: int) -> None:
    assert count(six, num_classes=6) == parameters
    assert f"{parameters:,}" in MODELS.get(six).card.note


@pytest.mark.parametrize(("counted", "options", "parameters"), COUNTS, ids=str)
def test_parameters_by_option(counted: str, options: dict[str, Any], parameters: int) -> None:
    assert count(counted, **options) == parameters


def count_running_statistics(network: torch.nn.Module) -> int:
    return sum(buffer.numel() for key, buffer in network.named_buffers() if "running" in key)


@pytest.mark.parametrize(("headless", "total"), WITHOUT_TOP.items())
def test_all_parameters_without_the_head(headless: str, total: int) -> None:
    with torch.device("meta"):
        body = create_model(headless).features
    assert count_parameters(body) + count_running_statistics(body) == total


@pytest.mark.parametrize(("whole", "options", "total"), KERAS_TOTALS)
def test_all_parameters_as_keras_counts_them(whole: str, options: dict[str, Any], total: int) -> None:
    with torch.device("meta"):
        network = create_model(whole, **options)
    assert count_parameters(network) + count_running_statistics(network) == total


def test_networks_are_found_by_what_studies_call_them() -> None:
    assert {alias: entry.name for entry in MODELS for alias in entry.aliases} == ALIASES
    for alias, registered in ALIASES.items():
        assert MODELS.get(alias).name == registered
        assert count(alias) == PARAMETERS[registered]


@torch.no_grad()
def test_attention_maps_have_the_documented_shapes(name: str, network: Classifier) -> None:
    maps = network.eval().attention_maps(images_for(name, 2))
    assert len(maps) == ATTENTION_MAPS.get(name, 0)
    for block, weights in maps.items():
        assert weights.shape[0] == 2, block
        assert weights.ndim in (2, 3, 4), block
        assert ((weights >= 0) & (weights <= 1)).all(), block


def option_names(name: str) -> set[str]:
    return set(signature(MODELS.get(name).plugin).parameters)


def test_hidden_activation_and_pooling_are_options_of_these() -> None:
    assert {name for name in NAMES if "activation" in option_names(name)} == WITH_ACTIVATION
    assert all("pooling" in option_names(name) for name in WITH_POOLING)


@torch.no_grad()
def features_by_option(name: str, option: str, values: Iterable[str]) -> list[torch.Tensor]:
    """Return the last map for each value, from networks that begin with the same weights."""
    maps = []
    for value in values:
        torch.manual_seed(1)
        maps.append(create_model(name, **{option: value}).eval().forward_features(images_for(name, 2)))
    return maps


@pytest.mark.parametrize("varied", sorted(WITH_ACTIVATION))
def test_each_hidden_activation_has_an_effect_of_its_own(varied: str) -> None:
    maps = features_by_option(varied, "activation", ACTIVATIONS)
    assert len(maps) == 5
    assert not any(torch.allclose(one, other) for one, other in combinations(maps, 2))


@pytest.mark.parametrize("varied", sorted(WITH_POOLING))
def test_each_pooling_has_an_effect_of_its_own(varied: str) -> None:
    maps = features_by_option(varied, "pooling", ("max", "average", "stochastic"))
    assert not any(torch.allclose(one, other) for one, other in combinations(maps, 2))


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


def test_a_head_of_ones_choice_stands_on_the_last_map_and_nothing_else_is_left(any_name: str) -> None:
    size = MODELS.get(any_name).card.size_for_tests
    head = {"pooling": "flatten", "hidden": [8]}
    with torch.device("meta"):
        network = create_model(any_name, in_channels=size[0], head=head, size_hw=size[1:]).eval()
        images = torch.empty(2, *size)
        assert network.neck(network.forward_features(images)).shape == (2, 8)
        weights = {key: value for key, value in network.named_parameters() if value.requires_grad}
        gradients = torch.autograd.grad(network(images).sum(), list(weights.values()), allow_unused=True)
    assert [key for key, gradient in zip(weights, gradients, strict=True) if gradient is None] == []


def test_group_norm_takes_the_place_of_every_batch_norm(any_name: str) -> None:
    with torch.device("meta"):
        if any_name in WITHOUT_BATCH_NORM:
            with pytest.raises(MienError, match="there is no batch norm to replace"):
                create_model(any_name, norm="group")
            return
        network = create_model(any_name, norm="group").train()
        size = MODELS.get(any_name).card.size_for_tests
        assert network(torch.empty(2, *size)).shape == (2, 7)
    assert not any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in network.modules())


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
    # Untrained, a deep network may answer in millions: float32 rounds all of its answers in proportion to the largest.
    scale = expected.abs().max().clamp_min(1)
    torch.testing.assert_close(torch.from_numpy(logits) / scale, expected / scale, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "name", names_marked_slow_but_for(names_of_the_short_run() - EXPORTED_AS.keys()), indirect=True
)
def test_the_onnx_graph_agrees_with_torch(name: str, network: Classifier) -> None:
    assert_the_onnx_graph_agrees(network, images_for(name, 5) * 255)


@pytest.mark.parametrize(("narrow", "options"), NARROW.values())
def test_the_onnx_graph_of_a_large_family_agrees_at_less_width(narrow: str, options: dict) -> None:
    torch.manual_seed(1)
    assert_the_onnx_graph_agrees(create_model(narrow, **options), images_for(narrow, 5) * 255)
