from dataclasses import replace

import pytest

from mien.errors import MienError
from mien.models import MODELS
from mien.models.catalogue import find_facts, find_options, find_shared_options, names_of_shipped
from tests.tiny_model import TINY_CONTRACT


def test_facts_take_the_cards_size_and_classes() -> None:
    facts = find_facts("compact_irnet")
    assert facts.summary.input_size == (1, 40, 40)
    assert facts.summary.parameters == 784_263
    assert (
        facts.title
        == "Two convolutions, four inverted residuals, three linear layers: 784,263 parameters with 7 classes."
    )


def test_facts_take_other_sizes_classes_and_options() -> None:
    facts = find_facts("camnet", side=64, num_classes=8, width=16)
    assert (facts.summary.input_size, facts.summary.output_shape, facts.smallest_side) == ((3, 64, 64), (8,), 32)


def test_facts_of_timms_models() -> None:
    facts = find_facts("timm/resnet18.a1_in1k")
    assert (facts.title, facts.card.parameters) == ("resnet18.a1_in1k of timm, with a head of mien's.", None)
    assert facts.summary.parameters == 11_176_512 + 512 * 7 + 7
    assert {option.name for option in facts.options} >= {"pooling", "pretrained"}


def test_facts_refuse_unknown_names_and_options() -> None:
    with pytest.raises(MienError, match="did you mean 'camnet'"):
        find_facts("cam_net")
    with pytest.raises(MienError, match="unknown option"):
        find_facts("camnet", widht=16)
    with pytest.raises(ValueError, match="multiples of 32"):
        find_facts("camnet", side=48)


def test_options_are_described_by_the_docstrings_also_of_the_class_above() -> None:
    options = {option.name: option for option in find_options(MODELS.get("resnet18_cbam").plugin)}
    assert options["stem"].default == "wide"
    assert options["stem"].description.startswith("``wide`` (7x7 with stride 2, max pooling)")


def test_every_option_of_every_network_is_described() -> None:
    undescribed = [
        f"{entry.name}.{option.name}"
        for entry in MODELS
        for option in find_options(entry.plugin)
        if not option.description
    ]
    assert undescribed == []


def test_options_of_every_network_are_described() -> None:
    options = {option.name: option for option in find_shared_options()}
    assert {name: option.default for name, option in options.items()} == {"output_activation": "softmax", "norm": "own"}
    assert all(option.description for option in options.values())


def test_shipped_names_stand_by_the_network_they_were_trained_as() -> None:
    contracts = [
        replace(TINY_CONTRACT, name="one", recipe={"model": {"name": "vgg_se"}}),
        replace(TINY_CONTRACT, name="two", recipe={"model": {"name": "vgg_se"}}),
        replace(TINY_CONTRACT, name="three", recipe={}),
    ]
    assert names_of_shipped(contracts) == {"vgg_se": ("one", "two")}
