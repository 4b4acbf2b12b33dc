import json
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError, ProtocolError
from mien.evaluation.explanation.answered import (
    AnsweredSplit,
    check_expressions,
    check_num_faces,
    open_answered_split,
)
from mien.evaluation.judge import judge, predict_for_choice
from mien.evaluation.records import judged_predictions
from mien.training import RunFolder
from tests.conftest import make_rows, write_csv


def test_validation_is_answered_as_it_is_when_the_run_is_chosen(tiny_run: RunFolder) -> None:
    answered = open_answered_split(tiny_run)
    np.testing.assert_array_equal(answered.predictions.probabilities, predict_for_choice(tiny_run).probabilities)
    assert answered.title == "tiny on validation of fer2013"
    assert answered.faces.row_ids.tolist() == answered.predictions.row_ids.tolist()


def test_training_is_answered(tiny_run: RunFolder) -> None:
    answered = open_answered_split(tiny_run, "training")
    assert (answered.predictions.split, len(answered.predictions)) == ("training", 112)
    assert answered.images_of(np.array([3, 5])).shape == (2, 1, 48, 48)


def test_test_pictures_are_shown_after_the_record_alone(tiny_run: RunFolder, tmp_path: Path) -> None:
    results = tmp_path / "results"
    with pytest.raises(ProtocolError, match=f"no record of it under {results}, so no test face is shown; take va"):
        open_answered_split(tiny_run, "test", results_folder=results)
    record = judge(tiny_run, results_folder=results)
    answered = open_answered_split(tiny_run, "test", results_folder=results)
    expected = judged_predictions(record)
    np.testing.assert_array_equal(answered.predictions.probabilities, expected.probabilities)
    assert answered.faces.row_ids.tolist() == expected.row_ids.tolist()
    np.testing.assert_array_equal(answered.faces.labels, expected.labels)
    assert not list(tiny_run.folder.rglob("test-*"))


def test_the_record_of_other_weights_opens_nothing(tiny_run: RunFolder, tmp_path: Path) -> None:
    judge(tiny_run, results_folder=tmp_path / "results")
    tiny_run.weights_file().write_bytes(tiny_run.weights_file("last").read_bytes() + b" ")
    with pytest.raises(ProtocolError, match="no record of it under"):
        open_answered_split(tiny_run, "test", results_folder=tmp_path / "results")


def test_a_data_set_that_changed_since_the_record_is_refused(
    tiny_run: RunFolder, tmp_path: Path, fer2013_csv: Path
) -> None:
    judge(tiny_run, results_folder=tmp_path / "results")
    write_csv(fer2013_csv, *make_rows(140, seed=1))
    with pytest.raises(ProtocolError, match="the data set is not the one this run was judged on, so nothing is shown"):
        open_answered_split(tiny_run, "test", results_folder=tmp_path / "results")


def test_the_test_split_of_an_altered_record_stays_closed(tiny_run: RunFolder, tmp_path: Path) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results")
    content = json.loads(record.file.read_text())
    content["model"] = "another"
    record.file.write_text(json.dumps(content))
    with pytest.raises(ProtocolError, match="altered since it was sealed"):
        open_answered_split(tiny_run, "test", results_folder=tmp_path / "results")


@pytest.fixture
def answered(tiny_run: RunFolder) -> AnsweredSplit:
    return open_answered_split(tiny_run, "training")


def test_rows_are_picked_by_class_and_answer_the_most_confident_first(answered: AnsweredSplit) -> None:
    answers = answered.predictions
    right, wrong = (answered.pick_rows("sad", is_right=is_right) for is_right in (True, False))
    label = answers.expressions.index("sad")
    assert sorted([*right, *wrong]) == np.flatnonzero(answers.labels == label).tolist()
    assert (answers.predicted[right] == label).all()
    assert (answers.predicted[wrong] != label).all()
    for rows in (right, wrong):
        assert (np.diff(answers.probabilities[rows].max(axis=1)) <= 0).all()


def test_targets_are_what_was_answered_what_is_true_or_what_is_named(answered: AnsweredSplit) -> None:
    rows, answers = np.array([2, 7, 11]), answered.predictions
    np.testing.assert_array_equal(answered.targets_of(rows, "predicted"), answers.predicted[rows])
    np.testing.assert_array_equal(answered.targets_of(rows, "true"), answers.labels[rows])
    assert answered.targets_of(rows, "fear").tolist() == [answers.expressions.index("fear")] * 3
    with pytest.raises(MienError, match="unknown expression 'predict'; did you mean 'predicted'"):
        answered.targets_of(rows, "predict")


def test_spread_rows_reach_from_end_to_end(answered: AnsweredSplit) -> None:
    assert answered.spread_rows(3).tolist() == [0, 55, 111]
    assert len(answered.spread_rows(1000)) == 112


def test_classes_are_those_asked_for_or_all() -> None:
    assert check_expressions(None, ["sad", "happy"]) == ("sad", "happy")
    assert check_expressions(["happy"], ["sad", "happy"]) == ("happy",)
    with pytest.raises(MienError, match="unknown expression 'hapy'; did you mean 'happy'"):
        check_expressions(["sad", "hapy"], ["sad", "happy"])


def test_at_least_one_face_is_drawn() -> None:
    check_num_faces(1)
    with pytest.raises(MienError, match="rows is 0; expected at least 1 face"):
        check_num_faces(0)
