import hashlib
import json
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from mien.errors import WeightsError
from mien.models import create_model
from mien.recognition.model_file import METADATA_KEY, Contract, load_model_file
from mien.training import RunFolder
from mien.training.forerunners import Forerunner
from mien.training.starting_weights import StartingWeights, begin_with, list_forerunners, read_starting_weights
from tests.tiny_model import TINY_CONTRACT

OWN = {"training": "trained on", "validation": "chosen on"}
EARLIER = {"source": "earlier", "data_set": "raf_db", "splits_seen": OWN, "weights_fingerprint": "earlier-1"}


def test_read_starting_weights_of_a_run_brings_all_that_it_saw(tiny_run: RunFolder) -> None:
    weights = read_starting_weights(str(tiny_run.folder))
    facts = tiny_run.facts
    assert weights.forerunners == (
        Forerunner(
            source=str(tiny_run.folder),
            data_set="fer2013",
            splits_seen=OWN,
            data_fingerprint=facts["data_fingerprint"],
            weights_fingerprint=tiny_run.weights_fingerprint(),
        ),
    )
    assert (weights.mean, weights.std, weights.value_range) == (tiny_run.mean, tiny_run.std, (0, 255))
    assert weights.expressions == tuple(facts["expressions"])
    assert weights.facts["weights_fingerprint"] == tiny_run.weights_fingerprint()
    wanted = tiny_run.load_network().state_dict()
    assert all(torch.equal(weights.state[name], tensor) for name, tensor in wanted.items())


def test_read_starting_weights_of_a_shipped_model_rebuilds_it() -> None:
    weights = read_starting_weights("compact")
    contract = load_model_file("compact").contract
    assert (weights.is_rebuilt, weights.mean, weights.value_range) == (True, contract.mean[0], (0, 255))
    assert weights.forerunners == (
        Forerunner(
            source="compact",
            data_set="fer2013",
            splits_seen=contract.splits_seen,
            data_fingerprint=contract.data_fingerprint,
            weights_fingerprint=contract.weights_fingerprint,
        ),
    )


def test_read_starting_weights_of_a_bare_file_knows_nothing_else(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "bare.safetensors")
    weights = read_starting_weights(str(tmp_path / "bare.safetensors"))
    assert (list(weights.state), weights.expressions, weights.mean) == (["a"], (), None)
    assert [(each.data_set, each.splits_seen) for each in weights.forerunners] == [("unknown", {})]
    assert weights.facts["data_set"] == "unknown"


@pytest.mark.parametrize("file", ["weights/last.safetensors", "kept/best.pt"])
def test_read_starting_weights_of_a_file_in_a_run_folder_are_of_that_run(tiny_run: RunFolder, file: str) -> None:
    path = tiny_run.folder / file
    if path.suffix == ".pt":
        path.parent.mkdir()
        torch.save(load_file(tiny_run.weights_file("last")), path)
    weights = read_starting_weights(str(path))
    wanted = load_file(tiny_run.weights_file("last"))
    assert all(torch.equal(weights.state[name], tensor) for name, tensor in wanted.items())
    (itself,) = weights.forerunners
    assert (itself.source, itself.data_set, itself.splits_seen) == (str(path), "fer2013", OWN)
    assert itself.weights_fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (weights.expressions, weights.mean) == (tuple(tiny_run.facts["expressions"]), tiny_run.mean)


def test_read_starting_weights_of_a_run_brings_its_own_forerunners_and_leaks(tiny_run: RunFolder) -> None:
    change_facts(tiny_run, forerunners=[EARLIER], is_leaky=True, data_set="fer2013+ck_plus")
    itself, added, earlier = read_starting_weights(str(tiny_run.folder)).forerunners
    assert (itself.is_leaky, itself.data_set) == (True, "fer2013+ck_plus")
    assert (added.data_set, added.splits_seen["test"]) == ("ck_plus", "trained on")
    assert earlier == Forerunner(**EARLIER)


def test_read_starting_weights_of_a_model_file_brings_its_own_forerunners_and_leaks(tmp_path: Path) -> None:
    shipped = load_model_file("compact").contract
    data = shipped.recipe["data"] | {"auxiliary": [{"dataset": "ck_plus", "path": "faces"}]}
    contract = replace(
        shipped,
        forerunners=(EARLIER,),
        scores={"validation": shipped.scores["validation"] | {"is_leaky": True}},
        recipe=shipped.recipe | {"data": data},
    )
    file = save_with(contract, tmp_path / "chained.onnx")
    itself, added, earlier = read_starting_weights(str(file)).forerunners
    assert (itself.is_leaky, itself.data_set) == (True, "fer2013+ck_plus")
    assert (added.data_set, added.splits_seen["test"]) == ("ck_plus", "trained on")
    assert earlier == Forerunner(**EARLIER)


def test_read_starting_weights_names_what_is_not_there() -> None:
    with pytest.raises(
        WeightsError, match=r"runs/gone does not exist; expected a run folder, a model file, .* compact"
    ):
        read_starting_weights("runs/gone")


@pytest.fixture
def old() -> StartingWeights:
    network = create_model("vgg_se", num_classes=3, width=8)
    return StartingWeights(network.state_dict(), (Forerunner("old"),), expressions=("happy", "sad", "angry"))


@pytest.mark.parametrize(
    ("known", "value_range", "expected"),
    [
        ((0, 255), (0, 255), True),
        ((0, 1), (0.02, 0.97), True),
        ((-3, 4), (-5, 6), True),
        ((0, 255), (0, 1), False),
        ((0, 1), (-1, 1), False),
        ((0, 1), (-0.5, 0.5), False),
        (None, (0, 255), False),
    ],
)
def test_has_scale_of_goes_by_the_ends(
    known: tuple[float, float] | None, value_range: tuple[float, float], expected: bool
) -> None:
    weights = StartingWeights({}, (Forerunner("old"),), mean=1.0, std=1.0, value_range=known)
    assert weights.has_scale_of(value_range) is expected


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


HEAD = {"hidden": [12]}


def test_begin_with_gives_a_headed_network_the_body_and_leaves_its_head_fresh(old: StartingWeights) -> None:
    network = create_model("vgg_se", num_classes=3, width=8, head=HEAD)
    fresh = network.classifier.weight.detach().clone()
    loaded = begin_with(network, old, expressions=old.expressions)
    assert torch.equal(network.body.stages[0][0].weight, old.state["stages.0.0.weight"])
    assert torch.equal(network.classifier.weight.detach(), fresh)
    assert loaded.fresh == ("neck.1.weight", "neck.1.bias", "classifier.weight", "classifier.bias")


def test_begin_with_takes_of_the_same_head_what_answers_for_known_classes() -> None:
    before = create_model("vgg_se", num_classes=2, width=8, head=HEAD)
    old = StartingWeights(before.state_dict(), (Forerunner("old"),), expressions=("happy", "sad"))
    network = create_model("vgg_se", num_classes=2, width=8, head=HEAD)
    loaded = begin_with(network, old, expressions=("sad", "happy"))
    assert torch.equal(network.classifier.weight.detach(), old.state["classifier.weight"][[1, 0]])
    assert torch.equal(network.neck[1].weight, old.state["neck.1.weight"])
    assert not loaded.fresh


def save_with(contract: Contract, file: Path) -> Path:
    """Save the shipped model with another contract."""
    graph = onnx.load(load_model_file("compact").path)
    onnx.helper.set_model_props(graph, {METADATA_KEY: contract.to_json()})
    onnx.save(graph, file)
    return file


def change_facts(run: RunFolder, **changes: object) -> None:
    (run.folder / "run.json").write_text(json.dumps(run.facts | changes))


@pytest.mark.parametrize(
    ("dataset", "options", "name"), [("class_folders", {"name": "mine"}, "mine"), ("manifest", {}, "faces")]
)
def test_a_model_file_of_faces_of_ones_own_goes_by_their_name(
    dataset: str, options: dict[str, str], name: str, tmp_path: Path
) -> None:
    shipped = load_model_file("compact").contract
    data = {"dataset": dataset, "path": "some/faces.csv", "options": options, "split": {"validation": 0.1}}
    file = save_with(replace(shipped, recipe=shipped.recipe | {"data": data}), tmp_path / "mine.onnx")
    (itself,) = read_starting_weights(str(file)).forerunners
    assert (itself.data_set, itself.has_published_splits) == (name, False)


def test_whoever_judges_a_model_file_knows_of_it_and_of_its_forerunners() -> None:
    teacher = {"source": "teacher", "data_set": "jaffe", "splits_seen": {"training": "trained on"}}
    data = {"dataset": "fer2013", "auxiliary": [{"dataset": "kdef"}]}
    contract = replace(TINY_CONTRACT, recipe={"data": data}, forerunners=(teacher,))
    itself, added, before = list_forerunners(contract, source="tiny")
    assert (itself.source, itself.data_set, itself.splits_seen) == ("tiny", "fer2013+kdef", contract.splits_seen)
    assert itself.data_fingerprint == contract.data_fingerprint
    assert (added.data_set, set(added.splits_seen.values())) == ("kdef", {"trained on"})
    assert before == Forerunner.from_dict(teacher)


def test_of_a_model_file_without_data_nobody_knows_what_it_was_trained_on() -> None:
    (itself,) = list_forerunners(replace(TINY_CONTRACT, recipe={}), source="tiny")
    assert itself.data_set == "unknown"
