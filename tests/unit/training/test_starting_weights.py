from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.torch import save_file

from mien.errors import WeightsError
from mien.models import create_model
from mien.recognition.model_file import METADATA_KEY, load_model_file
from mien.training import RunFolder
from mien.training.starting_weights import (
    StartingWeights,
    begin_with,
    has_same_pictures,
    inherit_splits_seen,
    read_starting_weights,
)

OWN = {"training": "trained on", "validation": "chosen on"}


def test_read_starting_weights_of_a_run_brings_all_that_it_saw(tiny_run: RunFolder) -> None:
    weights = read_starting_weights(str(tiny_run.folder))
    assert (weights.data_set, weights.splits_seen, weights.mean) == ("fer2013", OWN, tiny_run.mean)
    assert weights.expressions == tuple(tiny_run.facts["expressions"])
    assert weights.weights_fingerprint == tiny_run.weights_fingerprint()
    wanted = tiny_run.load_network().state_dict()
    assert all(torch.equal(weights.state[name], tensor) for name, tensor in wanted.items())


def test_read_starting_weights_of_a_shipped_model_rebuilds_it() -> None:
    weights = read_starting_weights("compact")
    contract = load_model_file("compact").contract
    assert (weights.is_rebuilt, weights.data_set, weights.mean) == (True, "fer2013", contract.mean[0])
    assert weights.splits_seen == contract.splits_seen
    assert weights.facts["weights_fingerprint"] == contract.weights_fingerprint


def test_read_starting_weights_of_a_bare_file_knows_nothing_else(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "bare.safetensors")
    weights = read_starting_weights(str(tmp_path / "bare.safetensors"))
    assert (list(weights.state), weights.expressions, weights.mean, weights.data_set) == (["a"], (), None, "")


def test_read_starting_weights_names_what_is_not_there() -> None:
    with pytest.raises(
        WeightsError, match=r"runs/gone does not exist; expected a run folder, a model file, .* compact"
    ):
        read_starting_weights("runs/gone")


@pytest.fixture
def old() -> StartingWeights:
    network = create_model("vgg_se", num_classes=3, width=8)
    return StartingWeights("old", network.state_dict(), expressions=("happy", "sad", "angry"))


def test_begin_with_takes_the_head_by_the_names_of_classes(old: StartingWeights) -> None:
    network = create_model("vgg_se", num_classes=4, width=8)
    fresh = network.classifier.weight.detach().clone()
    begin_with(network, old, expressions=("sad", "bored", "angry", "happy"))
    head = network.classifier.weight.detach()
    before = old.state["classifier.weight"]
    assert torch.equal(head[[0, 2, 3]], before[[1, 2, 0]])
    assert torch.equal(head[1], fresh[1])
    assert torch.equal(network.stages[0][0].weight, old.state["stages.0.0.weight"])


@pytest.mark.parametrize(("expressions", "has_new_head"), [(("a", "b", "c"), False), (("happy", "sad", "angry"), True)])
def test_begin_with_leaves_a_new_head_fresh(
    old: StartingWeights, expressions: tuple[str, ...], has_new_head: bool
) -> None:
    network = create_model("vgg_se", num_classes=3, width=8)
    fresh = network.classifier.weight.detach().clone()
    begin_with(network, old, expressions=expressions, has_new_head=has_new_head)
    assert torch.equal(network.classifier.weight.detach(), fresh)
    assert torch.equal(network.stages[0][0].weight, old.state["stages.0.0.weight"])


def test_begin_with_names_weights_that_do_not_fit(old: StartingWeights) -> None:
    with pytest.raises(WeightsError, match="old: does not fit the network: stages"):
        begin_with(create_model("vgg_se", num_classes=3, width=16), old, expressions=old.expressions)


def seen_after(data_set: str, before: str, *, published: tuple[bool, bool] = (True, True)) -> dict[str, str]:
    weights = StartingWeights("m", {}, data_set=before, splits_seen=OWN, has_published_splits=published[0])
    return inherit_splits_seen(OWN, weights, data_set=data_set, has_published_splits=published[1])


@pytest.mark.parametrize(
    ("data_set", "before"), [("fer2013", "fer2013"), ("ferplus", "fer2013-six"), ("fer2013", "fer2013+ck_plus")]
)
def test_inherit_splits_seen_by_name_where_splits_are_shared(data_set: str, before: str) -> None:
    assert seen_after(data_set, before) == {
        "training": "trained on; trained on by m",
        "validation": "chosen on; chosen on by m",
    }


@pytest.mark.parametrize(
    ("data_set", "before", "published"),
    [
        ("facial_recognition", "fer2013", (True, True)),
        ("fer2013", "fer2013", (True, False)),
        ("fer2013", "fer2013", (False, True)),
        ("ck_plus", "ck_plus48", (False, False)),
    ],
)
def test_inherit_splits_seen_suspects_all_where_splits_differ(
    data_set: str, before: str, published: tuple[bool, bool]
) -> None:
    seen = seen_after(data_set, before, published=published)
    assert seen["test"] == "may have been trained on by m"
    assert seen["validation"] == "chosen on; may have been trained on by m"


@pytest.mark.parametrize("before", ["raf_db", ""])
def test_inherit_splits_seen_takes_nothing_from_other_pictures(before: str) -> None:
    assert seen_after("fer2013", before) == OWN


def test_inherit_splits_seen_by_name_where_the_data_are_the_same() -> None:
    weights = StartingWeights("m", {}, data_set="mine", splits_seen=OWN, has_published_splits=False)
    seen = inherit_splits_seen({}, weights, data_set="mine", has_published_splits=False, is_same_data=True)
    assert seen == {"training": "trained on by m", "validation": "chosen on by m"}


@pytest.mark.parametrize(
    ("data_set", "other", "expected"),
    [
        ("ferplus", "fer2013-six", True),
        ("fer2013+ck_plus", "facial_recognition", True),
        ("ck_plus+fer2013", "fer2013", False),
        ("mine", "mine", True),
        ("mine", "yours", False),
    ],
)
def test_has_same_pictures_goes_by_the_first_set(data_set: str, other: str, expected: bool) -> None:
    assert has_same_pictures(data_set, other) is expected


def test_a_model_file_of_faces_of_ones_own_goes_by_their_name(tmp_path: Path) -> None:
    shipped = load_model_file("compact")
    graph = onnx.load(shipped.path)
    data = {"dataset": "class_folders", "path": "faces", "options": {"name": "mine"}, "split": {"validation": 0.1}}
    contract = replace(shipped.contract, recipe=shipped.contract.recipe | {"data": data})
    onnx.helper.set_model_props(graph, {METADATA_KEY: contract.to_json()})
    onnx.save(graph, tmp_path / "mine.onnx")
    weights = read_starting_weights(str(tmp_path / "mine.onnx"))
    assert (weights.data_set, weights.has_published_splits) == ("mine", False)
    assert inherit_splits_seen(OWN, weights, data_set="mine", has_published_splits=False)["test"].startswith("may have")
