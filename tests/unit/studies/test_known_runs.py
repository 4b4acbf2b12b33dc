import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mien.evaluation.predict import predict_to_teach
from mien.studies.known_runs import find_run, fingerprint_start, fingerprint_start_of, is_same_start
from mien.training import RunFolder, read_recipe
from mien.training.recipe import Recipe
from mien.training.soft_targets import read_soft_targets
from mien.training.starting_weights import read_starting_weights
from mien.training.training_data import read_training_data


def begin(recipe: Recipe, runs_folder: Path) -> RunFolder:
    """Return a run that was stopped before its first step."""
    face_set = read_training_data(recipe.data).face_set
    facts: dict[str, Any] = {"mean": 128.0, "std": 64.0, "in_channels": 1}
    if recipe.finetuning.weights:
        facts["starting_weights"] = read_starting_weights(recipe.finetuning.weights).facts
    if recipe.distillation is not None:
        facts["teachers"] = read_soft_targets(face_set, recipe.distillation).teachers
    return RunFolder.create(runs_folder, recipe, face_set, facts=facts)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights to begin with."""
    torch.save({"a": torch.zeros(1)}, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


@pytest.fixture
def tuned(tiny_recipe_file: Path, weights: Path, tmp_path: Path) -> RunFolder:
    """A run that began with them."""
    return begin(read_recipe(tiny_recipe_file, [f"finetuning.weights={weights}"]), tmp_path / "runs")


def test_find_run_passes_over_what_is_no_such_run(tiny_recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "damaged").mkdir(parents=True)
    (tmp_path / "runs" / "damaged" / "recipe.json").write_text("{")
    assert find_run(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs") is None


def test_find_run_leaves_out_a_run_whose_starting_weights_were_replaced(tuned: RunFolder, weights: Path) -> None:
    assert find_run(tuned.recipe, runs_folder=tuned.folder.parent) == tuned
    torch.save({"a": torch.ones(1)}, weights)
    assert find_run(tuned.recipe, runs_folder=tuned.folder.parent) is None
    again = begin(tuned.recipe, tuned.folder.parent)
    assert find_run(tuned.recipe, runs_folder=tuned.folder.parent) == again != tuned


def test_find_run_gives_a_run_whose_starting_weights_are_gone(tuned: RunFolder, weights: Path) -> None:
    weights.unlink()
    assert find_run(tuned.recipe, runs_folder=tuned.folder.parent) == tuned


def test_find_run_leaves_out_a_run_whose_teachers_answers_were_replaced(
    tiny_recipe_file: Path, tiny_run: RunFolder, tmp_path: Path
) -> None:
    files = [tmp_path / "plain.npz", tmp_path / "flip.npz"]
    for file in files:
        answers = predict_to_teach(tiny_run, "training", views=[file.stem])
        answers.save(file)
    recipe = read_recipe(tiny_recipe_file, [f"distillation.predictions={json.dumps([str(file) for file in files])}"])
    student = begin(recipe, tmp_path / "students")
    assert find_run(recipe, runs_folder=tmp_path / "students") == student
    assert fingerprint_start(recipe) == fingerprint_start_of(student)
    replace(answers, probabilities=answers.probabilities[::-1].copy()).save(files[1])
    assert find_run(recipe, runs_folder=tmp_path / "students") is None


def test_nothing_to_begin_with_has_no_fingerprint(tiny_recipe_file: Path, tuned: RunFolder, tmp_path: Path) -> None:
    plain = begin(read_recipe(tiny_recipe_file), tmp_path / "others")
    assert fingerprint_start(plain.recipe) == fingerprint_start_of(plain) == ""
    assert fingerprint_start(tuned.recipe) == fingerprint_start_of(tuned) != ""
    for change in ("finetuning.weights=gone", 'distillation.predictions=["gone"]'):
        assert fingerprint_start(read_recipe(tiny_recipe_file, [change])) == ""


@pytest.mark.parametrize(("one", "other", "is_same"), [("", "a", True), ("a", "a", True), ("a", "b", False)])
def test_is_same_start_takes_what_nobody_knows_for_the_same(one: str, other: str, is_same: bool) -> None:
    assert is_same_start(one, other) == is_same_start(other, one) == is_same
