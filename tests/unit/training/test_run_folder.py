import json
from pathlib import Path

import pytest
import torch

from mien.errors import RunFolderError
from mien.training import RunFolder, read_recipe
from mien.training.train import read_training_data


@pytest.fixture
def run(tiny_recipe_file: Path, tmp_path: Path) -> RunFolder:
    recipe = read_recipe(tiny_recipe_file)
    facts = {"mean": 120.0, "std": 60.0, "in_channels": 1}
    return RunFolder.create(tmp_path / "runs", recipe, read_training_data(recipe), facts=facts)


def test_runs_are_numbered(run: RunFolder, tiny_recipe_file: Path) -> None:
    recipe = read_recipe(tiny_recipe_file)
    other = RunFolder.create(run.folder.parent, recipe, read_training_data(recipe), facts={})
    assert (run.name, other.name) == ("tiny-1", "tiny-2")


def test_what_was_seen_is_written_down(run: RunFolder, tiny_recipe_file: Path) -> None:
    facts = run.facts
    assert facts["splits_seen"] == {"training": "trained on", "validation": "chosen on"}
    assert facts["data_fingerprint"] == read_training_data(run.recipe).fingerprint
    assert facts["recipe_fingerprint"] == read_recipe(tiny_recipe_file).fingerprint
    assert facts["versions"].keys() >= {"python", "mien", "torch", "lightning", "numpy"}
    assert run.recipe == read_recipe(tiny_recipe_file)


def test_weights_come_back_as_they_went(run: RunFolder) -> None:
    from mien.models import create_model

    network = create_model("vgg_se", **run.recipe.model.options).eval()
    run.save_weights(network.state_dict(), which="best", facts={"epoch": 3})
    images = torch.rand(2, 1, 48, 48)
    assert torch.equal(run.load_network()(images), network(images))
    assert len(run.weights_fingerprint()) == 64


def test_curves_come_back_as_they_went(run: RunFolder) -> None:
    assert run.read_curves() == []
    row = dict.fromkeys(
        ("epoch", "loss", "validation_accuracy", "validation_loss", "learning_rate", "pictures_per_second"), 0.5
    )
    run.write_curves([row, row])
    assert run.read_curves() == [row, row]


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_open_refuses_what_is_no_run(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "run"
    if what == "empty":
        folder.mkdir()
    message = "does not exist" if what == "missing" else r"no recipe\.json in it"
    with pytest.raises(RunFolderError, match=f"{message}.*expected a run folder"):
        RunFolder.open(folder)


@pytest.mark.parametrize("name", ["recipe.json", "run.json"])
def test_damaged_files_are_named(run: RunFolder, name: str) -> None:
    (run.folder / name).write_text('{"cut": ')
    with pytest.raises(RunFolderError, match=rf"{name} is damaged"):
        _ = run.recipe if name == "recipe.json" else run.facts


def test_facts_that_are_not_all_there_are_named(run: RunFolder) -> None:
    (run.folder / "run.json").write_text("{}")
    with pytest.raises(RunFolderError, match=r"run\.json is damaged: no data_fingerprint, expressions"):
        _ = run.facts


def test_an_invalid_recipe_inside_is_named(run: RunFolder) -> None:
    (run.folder / "recipe.json").write_text(json.dumps({"name": "tiny"}))
    with pytest.raises(RunFolderError, match=r"recipe\.json is damaged: .*model: missing"):
        _ = run.recipe


def test_missing_and_damaged_weights_are_named(run: RunFolder) -> None:
    for call in (run.load_network, run.weights_fingerprint):
        with pytest.raises(RunFolderError, match="no best weights yet"):
            call()
    run.weights_file().write_bytes(b"nothing")
    with pytest.raises(RunFolderError, match=r"best\.safetensors: not whole, or no weights of this network"):
        run.load_network()
    run.save_weights({"other": torch.zeros(1)}, which="best", facts={})
    with pytest.raises(RunFolderError, match="does not fit the network: stages"):
        run.load_network()
