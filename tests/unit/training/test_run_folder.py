import json
import re
from pathlib import Path

import pytest
import torch

from mien.errors import MienError, RunFolderError
from mien.training import RunFolder, read_recipe
from mien.training.run_folder import create_network
from mien.training.training_data import read_training_data


@pytest.fixture
def run(tiny_recipe_file: Path, tmp_path: Path) -> RunFolder:
    recipe = read_recipe(tiny_recipe_file)
    facts = {"mean": 120.0, "std": 60.0, "in_channels": 1}
    return RunFolder.create(tmp_path / "runs", recipe, read_training_data(recipe.data).face_set, facts=facts)


def test_runs_are_numbered(run: RunFolder, tiny_recipe_file: Path) -> None:
    recipe = read_recipe(tiny_recipe_file)
    other = RunFolder.create(run.folder.parent, recipe, read_training_data(recipe.data).face_set, facts={})
    assert (run.name, other.name) == ("tiny-1", "tiny-2")


def test_names_that_are_taken_are_passed_over(run: RunFolder, tiny_recipe_file: Path) -> None:
    recipe = read_recipe(tiny_recipe_file)
    (run.folder.parent / "tiny-2").write_text("a file")
    other = RunFolder.create(run.folder.parent, recipe, read_training_data(recipe.data).face_set, facts={})
    assert other.name == "tiny-3"
    assert sorted(path.name for path in other.folder.iterdir()) == ["recipe.json", "run.json", "weights"]


def test_a_place_that_cannot_be_written_is_named(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file)
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="file/runs: cannot be written: part of the path is a file"):
        RunFolder.create(tmp_path / "file" / "runs", recipe, read_training_data(recipe.data).face_set, facts={})


def test_what_a_killed_process_was_writing_is_removed(run: RunFolder) -> None:
    left = [run.folder / ".resume.1a2b.partial.ckpt", run.folder / "weights" / ".best.3c4d.partial.safetensors"]
    for file in left:
        file.write_text("half")
    run.save_weights({"some": torch.zeros(1)}, which="best", facts={})
    run.remove_partial_files()
    assert not any(file.exists() for file in left)
    assert run.weights_file().exists()


def test_a_run_is_found_by_a_file_in_its_folder(run: RunFolder, tmp_path: Path) -> None:
    assert RunFolder.find(run.weights_file()) == run
    link = tmp_path / "link.safetensors"
    link.symlink_to(run.weights_file())
    assert RunFolder.find(link) == run
    assert RunFolder.find(tmp_path / "bare.safetensors") is None


def test_forerunners_are_those_of_the_list(run: RunFolder) -> None:
    assert run.forerunners == []
    listed = [{"source": "a", "data_set": "fer2013"}]
    (run.folder / "run.json").write_text(json.dumps(run.facts | {"forerunners": listed}))
    assert run.forerunners == listed


@pytest.mark.parametrize(("data_set", "expected"), [("fer2013", "fer2013"), ("", "unknown")])
def test_forerunners_of_an_earlier_version_are_what_it_began_with(run: RunFolder, data_set: str, expected: str) -> None:
    start = {"source": "a", "weights_fingerprint": "w", "data_set": data_set, "splits_seen": {"training": "trained on"}}
    (run.folder / "run.json").write_text(json.dumps(run.facts | {"starting_weights": start}))
    assert run.forerunners == [start | {"data_set": expected, "has_published_splits": False}]


def test_what_was_seen_is_written_down(run: RunFolder, tiny_recipe_file: Path) -> None:
    facts = run.facts
    assert facts["splits_seen"] == {"training": "trained on", "validation": "chosen on"}
    assert facts["data_fingerprint"] == read_training_data(run.recipe.data).face_set.fingerprint
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


def test_a_network_with_a_head_comes_back_as_it_went(run: RunFolder, tiny_recipe_file: Path) -> None:
    changes = ["head.pooling=flatten", "head.hidden=[8]", "model.norm=group", "model.output_activation=relu"]
    recipe = read_recipe(tiny_recipe_file, changes)
    facts = {"mean": 120.0, "std": 60.0, "in_channels": 1, "size_hw": [32, 64]}
    headed = RunFolder.create(run.folder.parent, recipe, read_training_data(recipe.data).face_set, facts=facts)
    network = create_network(headed.recipe, headed.facts)
    headed.save_weights(network.state_dict(), which="best", facts={})
    images = torch.rand(2, 1, 32, 64)
    loaded = headed.load_network()
    assert torch.equal(loaded(images), network.eval()(images))
    assert loaded.output_activation == "relu"


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


def test_what_an_estimator_was_fitted_to_comes_back(estimator_run: RunFolder) -> None:
    estimator = estimator_run.load_estimator()
    assert estimator.num_classes == 7
    assert estimator.classes.tolist() == [0, 1, 2]
    assert set(estimator_run.weights_facts()) == {"validation_accuracy"}


def test_the_versions_are_those_that_decide(run: RunFolder, estimator_run: RunFolder) -> None:
    assert run.facts["versions"].keys() == {"python", "mien", "torch", "lightning", "numpy"}
    assert estimator_run.facts["versions"].keys() == {"python", "mien", "scikit-image", "scikit-learn", "numpy"}


def test_facts_of_weights_come_back_as_they_went(run: RunFolder) -> None:
    with pytest.raises(RunFolderError, match="no best weights yet; train at least one epoch"):
        run.weights_facts()
    run.save_weights({"some": torch.zeros(1)}, which="best", facts={"epoch": 3})
    assert run.weights_facts() == {"epoch": "3"}
    run.weights_file().write_bytes(b"nothing")
    with pytest.raises(RunFolderError, match=r"best\.safetensors is damaged: "):
        run.weights_facts()


def test_an_estimator_that_was_not_fitted_says_how(estimator_run: RunFolder) -> None:
    estimator_run.weights_file().unlink()
    message = f"{estimator_run.folder}: not fitted yet; fit with: mien train --resume {estimator_run.folder}"
    for call in (estimator_run.load_estimator, estimator_run.weights_fingerprint, estimator_run.weights_facts):
        with pytest.raises(RunFolderError, match=re.escape(message)):
            call()


@pytest.mark.parametrize("damage", ["nothing", "cut", "other", "options"])
def test_damaged_arrays_of_an_estimator_are_named(estimator_run: RunFolder, damage: str) -> None:
    file = estimator_run.weights_file()
    if damage == "nothing":
        file.write_bytes(b"nothing")
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "other":
        estimator_run.save_weights({"other": torch.zeros(1)}, which="best", facts={})
    else:
        recipe = estimator_run.folder / "recipe.json"
        recipe.write_text(recipe.read_text().replace('"hog_lbp_svm"', '"hog_lbp_svm", "lbp_grid": 4'))
    with pytest.raises(RunFolderError, match=r"damaged or of another model: .*; delete it and fit again with: mien tr"):
        estimator_run.load_estimator()


def test_a_network_and_an_estimator_are_not_taken_for_each_other(run: RunFolder, estimator_run: RunFolder) -> None:
    with pytest.raises(MienError, match="'hog_lbp_svm' is an estimator, fitted in one go; expected a network"):
        estimator_run.load_network()
    run.save_weights({"some": torch.zeros(1)}, which="best", facts={})
    with pytest.raises(MienError, match="unknown estimator 'vgg_se'"):
        run.load_estimator()
