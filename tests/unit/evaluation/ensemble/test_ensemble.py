import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import ModelFileError, ProtocolError, RunFolderError
from mien.evaluation.ensemble import Ensemble, build_ensemble, open_model
from mien.evaluation.judge import choose, judge
from mien.evaluation.predict import fit_run_calibrator, predict_split, predict_to_teach
from mien.evaluation.predictors import load_predictor, order_run_views
from mien.evaluation.records import list_records, recompute
from mien.models import count_parameters
from mien.training import RunFolder
from mien.training.distillation import DistillationSettings
from mien.training.soft_targets import read_soft_targets
from mien.training.training_data import read_training_data


@pytest.fixture
def ensemble(members: list[RunFolder], tmp_path: Path) -> Ensemble:
    """The mean of three runs, of which one has its classes in another order."""
    return build_ensemble(members, method="equal", ensembles_folder=tmp_path / "ensembles").ensemble


def mean_of_members(members: list[RunFolder], split: str) -> np.ndarray:
    """Return the mean probabilities of some runs, classes in the order of the first."""
    found = [predict_split(run, read_training_data(run.recipe.data).face_set, split) for run in members]
    columns = [[each.expressions.index(name) for name in found[0].expressions] for each in found]
    return np.mean([each.probabilities[:, order] for each, order in zip(found, columns, strict=True)], axis=0)


@pytest.mark.parametrize("split", ["validation", "training"])
def test_an_ensemble_answers_like_any_model(ensemble: Ensemble, members: list[RunFolder], split: str) -> None:
    face_set = read_training_data(ensemble.recipe.data).face_set
    predictions = predict_split(ensemble, face_set, split)
    np.testing.assert_allclose(predictions.probabilities, mean_of_members(members, split), atol=1e-6)
    assert predictions.row_ids.tolist() == face_set.split(split).row_ids.tolist()
    assert predictions.model == "equal-of-3"
    assert predictions.weights_fingerprint == ensemble.weights_fingerprint()
    assert predictions.recipe_fingerprint == ensemble.recipe.fingerprint
    assert predictions.splits_seen == {"training": "trained on", "validation": "chosen on"}
    assert predictions.versions.keys() == {"python", "mien", "torch", "lightning", "numpy"}


def test_answers_on_validation_are_kept_in_its_folder(ensemble: Ensemble) -> None:
    choose(ensemble)
    assert (ensemble.folder / "predictions" / "validation-plain.npz").exists()


def test_an_ensemble_is_judged_once_with_a_record(ensemble: Ensemble, members: list[RunFolder], tmp_path: Path) -> None:
    record = judge(ensemble, results_folder=tmp_path / "results", ships_as="three")
    content = record.content
    assert content["model"] == "equal-of-3"
    assert content["recipe"] == ensemble.recipe.model_dump(mode="json")
    assert content["num_parameters"] == sum(count_parameters(run.load_network()) for run in members)
    assert content["temperature"] == pytest.approx(
        fit_run_calibrator(ensemble, read_training_data(ensemble.recipe.data).face_set).temperature
    )
    assert content["choice"]["accuracy"] == pytest.approx(choose(ensemble).all_rows.accuracy)
    recompute(record)
    right = (
        mean_of_members(members, "test").argmax(axis=1)
        == read_training_data(ensemble.recipe.data).face_set.split("test").labels
    )
    assert record.figures.all_rows.accuracy == pytest.approx(right.mean())
    assert not list(tmp_path.rglob("predictions/test-*"))
    single = judge(members[0], results_folder=tmp_path / "results", reference=record)
    assert single.content["mcnemar"]["reference"] == "equal-of-3"


def test_a_member_that_saw_the_test_split_keeps_the_ensemble_from_it(
    ensemble: Ensemble, members: list[RunFolder], tmp_path: Path
) -> None:
    file = members[1].folder / "run.json"
    facts = json.loads(file.read_text())
    facts["splits_seen"]["test"] = "trained on by its teacher"
    file.write_text(json.dumps(facts | {"is_leaky": True}))
    with pytest.raises(ProtocolError, match=r"test of fer2013 was seen by 'equal-of-3' \(trained on by its teacher\)"):
        judge(ensemble, results_folder=tmp_path / "results")
    assert list_records(tmp_path / "results") == []
    assert ensemble.facts["is_leaky"]


def test_an_ensemble_teaches_as_one_teacher(ensemble: Ensemble, tmp_path: Path) -> None:
    file = predict_to_teach(ensemble, "training").save(tmp_path / "taught.npz")
    face_set = read_training_data(ensemble.recipe.data).face_set
    targets = read_soft_targets(face_set, DistillationSettings(predictions=[str(file)], temperature=1.0))
    expected = predict_split(ensemble, face_set, "training").probabilities
    np.testing.assert_allclose(targets.values.numpy(), expected, atol=1e-6)
    (teacher,) = targets.teachers
    assert teacher["weights_fingerprint"] == ensemble.weights_fingerprint()
    with pytest.raises(ProtocolError, match="the test split teaches nobody"):
        predict_to_teach(ensemble, "test")


def test_an_ensemble_hands_on_the_forerunners_of_all_members_each_once(
    ensemble: Ensemble, members: list[RunFolder], tmp_path: Path
) -> None:
    first, second = ({"source": name, "data_set": "ck_plus", "splits_seen": {}} for name in ("first", "second"))
    for run, inherited in zip(members, ([first], [first, second], []), strict=True):
        file = run.folder / "run.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"forerunners": inherited}))
    assert ensemble.forerunners == [first, second]
    predictions = predict_to_teach(ensemble, "training")
    assert predictions.forerunners == (first, second)
    taught = DistillationSettings(predictions=[str(predictions.save(tmp_path / "taught.npz"))])
    targets = read_soft_targets(read_training_data(ensemble.recipe.data).face_set, taught)
    assert [each.source for each in targets.forerunners] == ["equal-of-3", "first", "second"]


def test_views_are_those_it_was_chosen_with_unless_named(ensemble: Ensemble) -> None:
    assert order_run_views(ensemble, None) == ("plain",)
    assert order_run_views(ensemble, ["flip", "plain"]) == ("plain", "flip")


def test_an_estimator_may_be_a_member(estimator_run: RunFolder, estimator_recipe_file: Path, tmp_path: Path) -> None:
    from rich.console import Console

    from mien.training import read_recipe, train

    recipe = read_recipe(estimator_recipe_file, ["name=other", "training.seed=1", "model.regularization=9.0"])
    other = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    built = build_ensemble([estimator_run, other], method="equal", ensembles_folder=tmp_path)
    assert choose(built.ensemble).views == ("plain", "flip")
    assert "scikit-learn" in built.ensemble.versions
    assert load_predictor(built.ensemble).num_parameters == 2 * load_predictor(other).num_parameters
    with pytest.raises(ModelFileError, match="unknown view 'ten_crop'; expected plain or flip"):
        order_run_views(built.ensemble, ["ten_crop"])


def test_a_tree_multiplies_its_members_answers(trained_against_rest: list[RunFolder], tmp_path: Path) -> None:
    tree = build_ensemble(trained_against_rest, method="tree", ensembles_folder=tmp_path).ensemble
    face_set = read_training_data(tree.recipe.data).face_set
    predictions = predict_split(tree, face_set, "test")
    first, second = (predict_split(run, read_training_data(run.recipe.data).face_set, "test") for run in tree.members)
    expected = np.zeros_like(predictions.probabilities)
    order = tree.recipe.combination.order
    expected[:, order[0]] = first.probabilities[:, 0]
    expected[:, order[1]] = first.probabilities[:, 1] * second.probabilities[:, 0]
    expected[:, order[2]] = first.probabilities[:, 1] * second.probabilities[:, 1]
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-6)
    assert predictions.labels.tolist() == face_set.split("test").labels.tolist()


def test_open_gives_back_what_was_written(ensemble: Ensemble) -> None:
    opened = Ensemble.open(ensemble.folder)
    assert opened.recipe == ensemble.recipe
    assert opened.facts == ensemble.facts
    assert [run.folder for run in opened.members] == [run.folder for run in ensemble.members]


def test_open_model_gives_a_run_or_an_ensemble(ensemble: Ensemble, members: list[RunFolder], tmp_path: Path) -> None:
    assert isinstance(open_model(ensemble.folder), Ensemble)
    assert isinstance(open_model(members[0].folder), RunFolder)
    with pytest.raises(RunFolderError, match="expected a run folder"):
        open_model(tmp_path)


def test_a_member_with_other_weights_is_refused(ensemble: Ensemble, members: list[RunFolder]) -> None:
    members[1].save_weights(members[0].load_network().state_dict(), which="best", facts={})
    with pytest.raises(
        RunFolderError, match="the weights of two-1 are not those that the ensemble was made of; make a"
    ):
        Ensemble.open(ensemble.folder)


def test_a_member_that_went_away_is_named(ensemble: Ensemble, members: list[RunFolder]) -> None:
    members[1].folder.rename(members[1].folder.with_name("elsewhere"))
    with pytest.raises(RunFolderError, match="two-1 does not exist"):
        Ensemble.open(ensemble.folder)


def test_a_folder_without_an_ensemble_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no ensemble\.json in it; expected what `mien ensemble` made"):
        Ensemble.open(tmp_path)


def other_weights(content: dict[str, Any]) -> None:
    content["recipe"]["combination"]["weights"] = [0.5, 0.25, 0.25]


def one_member_fewer(content: dict[str, Any]) -> None:
    content["recipe"]["members"].pop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(format="other"), "not an ensemble of mien"),
        (lambda content: content.pop("recipe"), "is damaged: KeyError 'recipe'"),
        (lambda content: content["facts"].pop("seed"), "is damaged: KeyError 'seed'"),
        (lambda content: content["recipe"].update(views=[]), "is damaged: views: Tuple should have at least 1 item"),
        (other_weights, "is damaged: members or weights are not those it was made of"),
        (one_member_fewer, "2 members, and a combination of 3"),
    ],
)
def test_a_damaged_ensemble_is_refused(
    ensemble: Ensemble, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    file = ensemble.folder / "ensemble.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    with pytest.raises(RunFolderError, match=message):
        Ensemble.open(ensemble.folder)


def test_a_file_that_is_no_json_is_refused(ensemble: Ensemble) -> None:
    (ensemble.folder / "ensemble.json").write_text("{")
    with pytest.raises(RunFolderError, match="is damaged: JSONDecodeError"):
        Ensemble.open(ensemble.folder)
