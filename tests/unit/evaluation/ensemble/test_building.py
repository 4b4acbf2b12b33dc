import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.errors import DataError, MienError, ProtocolError
from mien.evaluation.ensemble import build_ensemble, building
from mien.evaluation.ensemble.building import measure_ensemble
from mien.evaluation.ensemble.combinations import Tree, WeightedMean
from mien.evaluation.judge import choose
from mien.evaluation.predict import predict_split
from mien.training import RunFolder
from mien.training.training_data import TrainingData, read_training_data


def change_recipe(run: RunFolder, **changes: object) -> None:
    """Write another setting into a run's recipe, such as ``data={"protocol": "clean"}``."""
    file = run.folder / "recipe.json"
    recipe = json.loads(file.read_text())
    for section, settings in changes.items():
        recipe[section] |= settings
    file.write_text(json.dumps(recipe))


def test_an_ensemble_is_chosen_measured_and_written(members: list[RunFolder], tmp_path: Path) -> None:
    built = build_ensemble(members, method="equal", ensembles_folder=tmp_path / "ensembles")
    ensemble, recipe = built.ensemble, built.ensemble.recipe
    assert ensemble.folder == tmp_path / "ensembles" / "equal-of-3-1"
    assert recipe.combination.weights == pytest.approx((1 / 3,) * 3)
    assert recipe.views == ("plain",)
    assert [each.name for each in recipe.members] == ["one-1", "two-1", "three-1"]
    assert [each.weights_fingerprint for each in recipe.members] == [run.weights_fingerprint() for run in members]
    assert ensemble.facts["splits_seen"] == {"training": "trained on", "validation": "chosen on"}
    assert ensemble.facts["data_fingerprint"] == members[0].facts["data_fingerprint"]
    assert [worth.name for worth in built.members] == ["one-1", "two-1", "three-1"]
    assert (built.num_rows, built.gain.num_rows) == (14, 14)
    assert ensemble.facts["half_against_half"]["single_models"] == list(built.gain.single_models)
    assert built.accuracy == pytest.approx(choose(ensemble).all_rows.accuracy)


def test_runs_without_a_say_are_no_members(members: list[RunFolder], tmp_path: Path) -> None:
    built = build_ensemble(members, method="greedy", ensembles_folder=tmp_path)
    kept = [worth.name for worth in built.members if worth.weight > 0]
    assert [each.name for each in built.ensemble.recipe.members] == kept
    assert len(built.members) == 3
    assert built.ensemble.folder.name == f"greedy-of-{len(kept)}-1"


def test_an_ensemble_can_be_named(members: list[RunFolder], tmp_path: Path) -> None:
    built = [build_ensemble(members[:2], method="equal", name="pair", ensembles_folder=tmp_path) for _ in range(2)]
    assert [each.ensemble.folder.name for each in built] == ["pair-1", "pair-2"]
    with pytest.raises(DataError, match=r"'A pair' cannot name an ensemble; expected small letters, digits and _ \. -"):
        build_ensemble(members, name="A pair", ensembles_folder=tmp_path)


def test_a_tree_is_made_of_runs_against_the_rest(trained_against_rest: list[RunFolder], tmp_path: Path) -> None:
    built = build_ensemble(trained_against_rest, method="tree", ensembles_folder=tmp_path)
    recipe = built.ensemble.recipe
    assert isinstance(recipe.combination, Tree)
    assert recipe.combination.order[-1] == 2
    assert recipe.data.one_against_rest == ""
    assert built.ensemble.facts["data_set"] == "fer2013-angry-disgust-fear"
    written = (built.ensemble.folder / "ensemble.json").read_text()
    assert json.loads(written, parse_constant=pytest.fail)["facts"]["half_against_half"]["num_rows"] == 6
    figures = choose(built.ensemble)
    assert figures.expressions == ("angry", "disgust", "fear")
    assert figures.all_rows.num_rows == 6


def test_a_tree_needs_runs_against_the_rest(members: list[RunFolder], tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"train them with data\.one_against_rest"):
        build_ensemble(members, method="tree", ensembles_folder=tmp_path)


def test_runs_of_different_questions_make_no_mean(trained_against_rest: list[RunFolder], tmp_path: Path) -> None:
    name = "fer2013-angry-disgust-fear"
    message = f"disgust-1 was trained on {name}-disgust-or-not; expected {name}-angry-or-not, as angry-1 was"
    with pytest.raises(ProtocolError, match=message):
        build_ensemble(trained_against_rest, method="equal", ensembles_folder=tmp_path)


def test_fewer_than_two_runs_and_the_same_twice_are_refused(members: list[RunFolder], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="an ensemble is made of two runs or more; got 1"):
        build_ensemble(members[:1], ensembles_folder=tmp_path)
    copied = shutil.copytree(members[0].folder, tmp_path / "copied")
    with pytest.raises(DataError, match=r"copied and .*one-1 hold the same weights; name each model once"):
        build_ensemble([members[0], RunFolder.open(copied)], ensembles_folder=tmp_path)


def test_runs_that_average_different_views_are_refused_unless_told(members: list[RunFolder], tmp_path: Path) -> None:
    change_recipe(members[1], training={"views": ["plain", "flip"]})
    message = r"the runs average different views \(one-1 plain; two-1 plain, flip\); name those that all are to average"
    with pytest.raises(ProtocolError, match=message):
        build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path)
    built = build_ensemble(members[:2], method="equal", views=["flip", "plain"], ensembles_folder=tmp_path)
    assert built.ensemble.recipe.views == ("plain", "flip")


def test_runs_under_different_protocols_are_refused(members: list[RunFolder], tmp_path: Path) -> None:
    change_recipe(members[1], data={"protocol": "clean"})
    with pytest.raises(ProtocolError, match="the runs trained under the protocols clean and official; expected one"):
        build_ensemble(members[:2], ensembles_folder=tmp_path)


def test_a_run_that_was_trained_on_validation_is_refused(members: list[RunFolder], tmp_path: Path) -> None:
    file = members[1].folder / "run.json"
    facts = json.loads(file.read_text())
    facts["splits_seen"]["validation"] = "trained on"
    file.write_text(json.dumps(facts))
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'two'; it cannot choose by it"):
        build_ensemble(members, ensembles_folder=tmp_path)
    assert not list(tmp_path.glob("greedy*"))


def with_other_rows(change: str):
    """Return a reader of data that gives the third run, alone of other classes, other rows."""

    def read(settings) -> TrainingData:
        data = read_training_data(settings)
        return replace(data, face_set=_change(data.face_set, change)) if settings.expressions else data

    return read


def _change(face_set: FaceSet, change: str) -> FaceSet:
    training, test = (np.flatnonzero(face_set.splits == split) for split in ("training", "test"))
    splits = face_set.splits.copy()
    if change == "a test row trains":
        splits[test[0]] = "training"
    elif change == "a test row is missing":
        return face_set.select(np.delete(np.arange(len(face_set)), test[0]))
    elif change == "a training row judges":
        splits[training[0]] = "test"
    elif change == "a copy trains":
        faces = np.array(face_set.faces)
        faces[training[0]] = faces[test[0]]
        return replace(face_set, pictures=faces)
    return replace(face_set, splits=splits)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "a test row trains",
            "'three-1' had 1 of 28 rows asked for in another split; members must have the same splits",
        ),
        ("a test row is missing", "'three-1' was trained on data that lack 1 of 28 rows asked for, the first "),
        ("a training row judges", "three-1 holds out 29 rows and one-1 28; expected the same"),
        ("a copy trains", "three-1 trained on copies of 1 judged rows that the data of one-1 do not hold, so that"),
    ],
)
def test_runs_that_judge_other_rows_are_refused(
    members: list[RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, message: str
) -> None:
    monkeypatch.setattr(building, "read_training_data", with_other_rows(change))
    with pytest.raises(ProtocolError, match=message):
        build_ensemble(members, ensembles_folder=tmp_path)


def test_a_run_of_another_data_set_is_refused(members: list[RunFolder], tmp_path: Path, monkeypatch) -> None:
    def read(settings) -> TrainingData:
        data = read_training_data(settings)
        other = replace(data.face_set, name="fer2013+raf_db")
        return replace(data, face_set=other) if settings.expressions else data

    monkeypatch.setattr(building, "read_training_data", read)
    message = r"three-1 was trained on fer2013\+raf_db; expected fer2013, as one-1 was"
    with pytest.raises(ProtocolError, match=message):
        build_ensemble(members, ensembles_folder=tmp_path)


def test_nothing_of_the_test_split_is_answered(members: list[RunFolder], tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []

    def predict(run: RunFolder, face_set: FaceSet, split: str, **options: object):
        asked.append(split)
        return predict_split(run, face_set, split, **options)

    monkeypatch.setattr(building, "predict_split", predict)
    build_ensemble(members, ensembles_folder=tmp_path)
    assert asked == ["validation"] * 3


def test_a_place_that_cannot_be_written_is_named(members: list[RunFolder], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MienError, match="file: cannot be written"):
        build_ensemble(members, ensembles_folder=tmp_path / "file")


def test_means_of_logits_are_written_as_such(members: list[RunFolder], tmp_path: Path) -> None:
    built = build_ensemble(members, method="likelihood", average="logits", ensembles_folder=tmp_path)
    combination = built.ensemble.recipe.combination
    assert isinstance(combination, WeightedMean)
    assert combination.average == "logits"


def test_an_ensemble_is_measured_again_as_when_it_was_built(members: list[RunFolder], tmp_path: Path) -> None:
    built = build_ensemble(members, method="equal", average="logits", ensembles_folder=tmp_path / "ensembles")
    assert measure_ensemble(built.ensemble) == built.members
