import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mien.errors import DataError, ProtocolError, RecipeError
from mien.evaluation.calibrators import fit_temperature
from mien.evaluation.predict import predict_split, predict_to_teach
from mien.metrics.pooling import pool_predictions
from mien.metrics.predictions import Predictions
from mien.studies import known_runs
from mien.studies.cross_validation import CrossValidation, cross_validate
from mien.training import RunFolder, read_recipe, train
from mien.training.recipe import Recipe
from mien.training.training_data import read_training_data


@pytest.fixture
def recipe(estimator_recipe_file: Path) -> Recipe:
    """Support-vector machines on 90 faces, 9 of which are its test split; a fold is fitted in no time."""
    return read_recipe(estimator_recipe_file, ["data.fold.folds=3"])


def test_every_row_is_judged_once_and_pooled(recipe: Recipe, tmp_path: Path) -> None:
    lines: list[str] = []
    result = cross_validate(recipe, runs_folder=tmp_path / "runs", say=lines.append)
    data = recipe.data.model_copy(update={"fold": None})
    published = read_training_data(data).face_set
    assert sorted(result.pooled.row_ids) == sorted(published.row_ids[published.splits != "test"])
    assert sum(map(len, result.folds)) == len(result.pooled)
    weights = [len(fold) for fold in result.folds]
    assert result.figures.all_rows.accuracy == pytest.approx(np.average(result.accuracies, weights=weights))
    assert (result.figures.kind, result.pooled.protocol, result.pooled.model) == ("held_out", "own", "classical")
    assert [line.split(",")[0] for line in lines] == [
        f"fold {number} of 3: {tmp_path / 'runs' / f'classical-fold{number}-1'}" for number in (1, 2, 3)
    ]


def test_each_fold_is_calibrated_on_its_own_validation(recipe: Recipe, tmp_path: Path) -> None:
    result = cross_validate(recipe, runs_folder=tmp_path / "runs")
    for number, fold in enumerate(result.folds, start=1):
        run = RunFolder.open(tmp_path / "runs" / f"classical-fold{number}-1")
        face_set = read_training_data(run.recipe.data).face_set
        chosen_on = predict_split(run, face_set, "validation")
        assert not np.isin(chosen_on.row_ids, fold.row_ids).any()
        temperature = fit_temperature(chosen_on.probabilities, chosen_on.labels)
        plain = predict_split(run, face_set, "test").probabilities.astype(np.float64)
        scaled = plain ** (1 / temperature)
        assert fold.probabilities == pytest.approx(scaled / scaled.sum(axis=1, keepdims=True), abs=1e-4)


def test_spread_is_that_of_the_folds(make_predictions: Callable[..., Predictions]) -> None:
    labels = np.zeros(4, dtype=np.int64)
    folds = []
    for number, num_right in enumerate((4, 3, 2)):
        answers = np.eye(3, dtype=np.float32)[(np.arange(4) >= num_right).astype(int)]
        row_ids = np.array([f"{number}/{row}" for row in range(4)])
        folds.append(make_predictions(4, labels=labels, probabilities=answers, row_ids=row_ids))
    result = CrossValidation(tuple(folds), pool_predictions(folds, model="three"))
    assert result.accuracies == (1, 0.75, 0.5)
    assert result.figures.all_rows.accuracy == 0.75
    assert result.spread_line == "mean of 3 folds 75.00 %, standard deviation 25.00 points"
    assert result.fold_rows() == [
        ["fold", "rows", "accuracy"],
        ["1", "4", "100.00 %"],
        ["2", "4", "75.00 %"],
        ["3", "4", "50.00 %"],
    ]


def test_finished_folds_are_not_trained_anew(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[str] = []
    train_one = known_runs.train

    def train_two(recipe: Recipe, **options: object) -> RunFolder:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(recipe.name)
        return train_one(recipe, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(known_runs, "train", train_two)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(recipe, runs_folder=tmp_path / "runs")
    trained[:] = ["one more may be trained"]
    result = cross_validate(recipe, runs_folder=tmp_path / "runs")
    assert trained[1:] == ["classical-fold3"]
    assert len(result.folds) == 3


def test_a_run_that_has_seen_its_fold_is_not_judged(recipe: Recipe, tmp_path: Path) -> None:
    cross_validate(recipe, runs_folder=tmp_path / "runs")
    file = tmp_path / "runs" / "classical-fold2-1" / "run.json"
    facts = json.loads(file.read_text())
    facts["splits_seen"]["test"] = "may have been trained on by older weights"
    file.write_text(json.dumps(facts))
    with pytest.raises(ProtocolError, match="test of fer2013 was seen by 'classical-fold2'"):
        cross_validate(recipe, runs_folder=tmp_path / "runs")


def test_weights_that_may_have_seen_a_fold_are_refused_before_the_first_trains(
    tiny_recipe_file: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["data.fold.folds=2", "finetuning.weights=compact"])
    with pytest.raises(ProtocolError, match=r"test of fer2013 was seen by 'tiny-fold1' .*; nothing is trained: begin"):
        cross_validate(recipe, runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_teacher_of_one_fold_is_refused_before_the_first_trains(tiny_recipe_file: Path, tmp_path: Path) -> None:
    first = ["data.fold.folds=2", "training.epochs=1"]
    teacher = train(read_recipe(tiny_recipe_file, first), runs_folder=tmp_path, console=Console(quiet=True))
    answers = tmp_path / "answers.npz"
    predict_to_teach(teacher, "training").save(answers)
    recipe = read_recipe(tiny_recipe_file, [*first, f"distillation.predictions=[{str(answers)!r}]"])
    with pytest.raises(DataError, match="training rows have no soft targets"):
        cross_validate(recipe, runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "tiny: no folds to hold out; set data.fold.folds"),
        (["data.fold.folds=2", "trainer.devices=2"], "tiny: folds are trained one after another in one process"),
        (["data.fold.folds=2", "trainer.num_nodes=2"], "tiny: folds are trained one after another in one process"),
    ],
)
def test_recipes_that_cannot_be_folded_are_refused(
    tiny_recipe_file: Path, tmp_path: Path, changes: list[str], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        cross_validate(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
