import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mien.data import FaceSet, read_dataset
from mien.errors import DataError, MienError, ProtocolError
from mien.evaluation.cross_dataset import judge_across
from mien.evaluation.cross_dataset.shared_classes import restrict_to_classes
from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.predictors import load_predictor
from mien.evaluation.records import judged_predictions, list_records, recompute
from mien.metrics.figures import compute_figures
from mien.recognition.calibrators import softmax
from mien.training import RunFolder, read_recipe, train
from mien.training.training_data import read_training_data
from tests.made_datasets import make_ferplus

LABELS = ["happy", "angry", "neutral", "contempt"] * 3


def own_set(run: RunFolder) -> FaceSet:
    return read_training_data(run.recipe.data).face_set


def test_shared_classes_alone_are_answered_and_counted(members: list[RunFolder], make_other) -> None:
    run, other = members[0], make_other(LABELS)
    report = judge_across(run, [other])
    (judged,) = report.judged
    assert judged.classes.shared == ("angry", "happy", "neutral")
    assert judged.classes.only_model == ("disgust", "fear", "sad", "surprise")
    assert (judged.classes.only_other, dict(judged.left_out)) == (("contempt",), {"contempt": 3})
    assert (judged.share_left_out.num_right, judged.share_left_out.num_rows) == (3, 12)
    figures = judged.figures
    assert (figures.kind, figures.split, figures.data_set) == ("judgement", "training", "other-after-fer2013")
    assert (figures.all_rows.num_rows, judged.num_copies, judged.record) == (9, 0, None)
    assert (report.model, report.trained_on, report.uncompared) == ("one", "fer2013", ())


def test_answers_are_the_networks_calibrated_on_its_own_validation(members: list[RunFolder], make_other) -> None:
    run, other = members[0], make_other(LABELS)
    (judged,) = judge_across(run, [other], views=["plain", "flip"]).judged
    kept = other.select(np.array(LABELS) != "contempt")
    calibrator = fit_run_calibrator(run, own_set(run), views=["plain", "flip"])
    logits = load_predictor(run).predict_logits(kept, views=["plain", "flip"])
    probabilities = calibrator.apply(np.log(softmax(logits)))
    labels = np.array([run.facts["expressions"].index(other.expressions[label]) for label in kept.labels])
    assert judged.unrestricted.num_right == int((probabilities.argmax(axis=1) == labels).sum())
    three = probabilities[:, [0, 3, 6]]
    wanted = np.array([{0: 0, 3: 1, 6: 2}[label] for label in labels])
    three = three / three.sum(axis=1, keepdims=True)
    assert judged.figures.all_rows.num_right == int((three.argmax(axis=1) == wanted).sum())
    losses = -np.log(three[np.arange(9), wanted])
    assert judged.figures.all_rows.log_loss == pytest.approx(losses.mean(), rel=1e-4)


def test_own_validation_stands_beside_in_the_same_classes(members: list[RunFolder], make_other) -> None:
    run = members[0]
    report = judge_across(run, [make_other(LABELS)])
    face_set = own_set(run)
    answers = apply_calibrator(predict_split(run, face_set, "validation"), fit_run_calibrator(run, face_set))
    expected = compute_figures(restrict_to_classes(answers, ["angry", "happy", "neutral"]), kind="choice")
    assert report.judged[0].own is not None
    assert report.own is not None
    assert report.judged[0].own.to_dict() == expected.to_dict()
    assert report.own.to_dict() == compute_figures(answers, kind="choice").to_dict()


def test_the_order_of_a_runs_classes_does_not_matter(members: list[RunFolder], make_other) -> None:
    (judged,) = judge_across(members[2], [make_other(LABELS)]).judged
    assert judged.classes.shared == ("neutral", "happy", "angry")
    assert judged.figures.expressions == ("neutral", "happy", "angry")
    assert sum(each.num_cases for each in judged.figures.all_rows.per_class) == 9


def test_a_class_without_a_row_has_no_cases(members: list[RunFolder], make_other) -> None:
    (judged,) = judge_across(members[0], [make_other(["happy", "angry"])]).judged
    neutral = judged.figures.all_rows.per_class[2]
    assert (neutral.expression, neutral.num_cases) == ("neutral", 0)
    assert np.isnan(neutral.recall)


def test_copies_of_training_and_validation_are_counted_and_left_out(members: list[RunFolder], make_other) -> None:
    own = own_set(members[0])
    other = make_other(["happy"] * 4)
    faces = np.array(other.faces)
    for row, split in enumerate(("training", "validation", "test")):
        faces[row] = own.split(split).faces[0]
    (judged,) = judge_across(members[0], [replace(other, pictures=faces)]).judged
    assert judged.num_copies == 2
    assert judged.figures.rows_without_copy is not None
    assert judged.figures.rows_without_copy.num_rows == 2
    assert judged.unrestricted_without_copy is not None
    assert judged.unrestricted_without_copy.num_rows == 2


def test_where_every_row_is_a_copy_no_figure_is_without(members: list[RunFolder], make_other) -> None:
    faces = np.array(own_set(members[0]).faces[:2])
    (judged,) = judge_across(members[0], [make_other(["happy", "angry"], faces=faces)]).judged
    assert (judged.figures.rows_without_copy, judged.unrestricted_without_copy, judged.num_copies) == (None, None, 2)


def test_test_is_opened_with_a_sealed_record_alone(members: list[RunFolder], make_other, tmp_path: Path) -> None:
    results, run = tmp_path / "results", members[0]
    other = make_other(LABELS, splits=["training"] * 4 + ["test"] * 8)
    assert judge_across(run, [other], results_folder=results).judged[0].figures.all_rows.num_rows == 3
    assert not list_records(results)
    (judged,) = judge_across(run, [other], split="test", results_folder=results).judged
    (record,) = list_records(results)
    assert judged.record is not None
    assert (record.file, record.is_cross_dataset) == (judged.record.file, True)
    assert (record.data_set, record.figures.all_rows.num_rows) == ("other-after-fer2013", 6)
    assert record.content["cross_dataset"] == {
        "trained_on": "fer2013",
        "judged_on": "other",
        "classes_left_out": {"model": ["disgust", "fear", "sad", "surprise"], "data_set": ["contempt"]},
        "rows_left_out": {"contempt": 2},
        "own_validation_accuracy": judged.own.all_rows.accuracy,
    }
    assert record.content["temperature"] > 0
    recompute(record)
    assert judged_predictions(record).expressions == ("angry", "happy", "neutral")
    assert not list(run.folder.rglob("test-*"))


def test_of_the_same_pictures_test_alone_is_left(members: list[RunFolder], tmp_path: Path) -> None:
    ferplus = read_dataset("ferplus", make_ferplus(tmp_path / "ferplus").path)
    for split, seen in (("validation", "chosen on by one"), ("training", "trained on by one")):
        with pytest.raises(ProtocolError, match=rf"{split} of ferplus was seen by 'one' \({seen}\); judge it on test"):
            judge_across(members[0], [ferplus], split=split)
    with pytest.raises(ProtocolError, match="training of ferplus was seen by 'one'"):
        judge_across(members[0], [ferplus])
    (judged,) = judge_across(members[0], [ferplus], split="test", results_folder=tmp_path / "results").judged
    assert (judged.classes.only_model, judged.classes.only_other) == ((), ("contempt",))


def test_a_run_of_six_classes_leaves_disgust_out(tmp_path: Path, tiny_recipe_file: Path, make_other) -> None:
    changes = ["data.expressions=six", "data.outside=drop", "training.epochs=1"]
    run = train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    other = make_other(["happy", "disgust", "angry"], expressions=("angry", "disgust", "happy"))
    (judged,) = judge_across(run, [other]).judged
    assert (judged.classes.shared, judged.classes.only_other) == (("angry", "happy"), ("disgust",))
    assert (dict(judged.left_out), judged.figures.data_set) == ({"disgust": 1}, "other-after-fer2013-six")


def test_an_ensemble_is_judged_like_a_run(members: list[RunFolder], make_other, tmp_path: Path) -> None:
    built = build_ensemble(members[:2], ensembles_folder=tmp_path / "ensembles")
    (judged,) = judge_across(built.ensemble, [make_other(LABELS)]).judged
    assert judged.figures.all_rows.num_rows == 9


def test_an_ensemble_of_different_faces_is_refused(members: list[RunFolder], make_other, tmp_path: Path) -> None:
    built = build_ensemble([members[0], members[2]], ensembles_folder=tmp_path / "ensembles")
    with pytest.raises(ProtocolError, match="its members were trained on faces of their own"):
        judge_across(built.ensemble, [make_other(LABELS)])


def test_a_run_that_was_trained_on_validation_has_nothing_beside(
    tiny_recipe_file: Path, tmp_path: Path, make_other
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=1", "training.join_validation=true"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    report = judge_across(run, [make_other(LABELS)])
    assert (report.own, report.judged[0].own) == (None, None)
    (run.folder / "run.json").write_text(json.dumps(run.facts | {"data_fingerprint": "another"}))
    with pytest.raises(ProtocolError, match="the data set is not the one this run trained on"):
        judge_across(run, [make_other(LABELS)])


def test_what_forerunners_saw_counts(members: list[RunFolder], make_other) -> None:
    run = members[0]
    before = [
        {"source": "a", "data_set": "other", "splits_seen": {"training": "trained on"}, "has_published_splits": True},
        {"source": "b", "data_set": "jaffe"},
    ]
    (run.folder / "run.json").write_text(json.dumps(run.facts | {"forerunners": before}))
    with pytest.raises(
        ProtocolError, match=r"training of other was seen by 'one' \(trained on by a\); judge it on test"
    ):
        judge_across(run, [make_other(LABELS)])
    report = judge_across(run, [make_other(LABELS, name="third")])
    assert report.uncompared == ("other", "jaffe")


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ([], {}, "data sets to judge on are none; name at least one, and none twice"),
        ([{}, {}], {}, "data sets to judge on are other, other; name at least one, and none twice"),
        ([{"name": "fer2013"}], {}, "fer2013 is the data set that 'one' was trained on; judge it there"),
        ([{}], {"split": "validation"}, "other has no validation rows; it has 12 training"),
        ([{"labels": ["contempt"]}], {}, "other: no training row is of a class of one: 1 contempt"),
        ([{}], {"views": ["plane"]}, "plane"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(
    members: list[RunFolder], make_other, changes: list[dict], options: dict, message: str
) -> None:
    others = [make_other(**{"labels": LABELS, **each}) for each in changes]
    with pytest.raises(MienError, match=message):
        judge_across(members[0], others, **options)


def test_nothing_is_opened_if_another_set_is_refused(members: list[RunFolder], make_other, tmp_path: Path) -> None:
    good = make_other(LABELS, splits="test")
    bad = replace(make_other(LABELS, splits="test", name="bad"), pictures=np.zeros((12, 48, 48), np.float32))
    with pytest.raises(DataError, match="bad-after-fer2013: its faces are prepared to"):
        judge_across(members[0], [good, bad], split="test", results_folder=tmp_path / "results")
    assert not list_records(tmp_path / "results")
