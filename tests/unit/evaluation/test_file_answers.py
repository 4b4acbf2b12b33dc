from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import DataError, ProtocolError
from mien.evaluation.file_answers import Agreement, answer_validation, measure_agreement, read_data_of
from mien.evaluation.judge import predict_for_choice
from mien.export.export_run import export_run
from mien.recognition.model_file import ModelFile
from mien.recognition.recognizer import Recognizer
from mien.training import RunFolder
from mien.training.training_data import read_training_data
from tests.conftest import make_rows, write_csv


@pytest.fixture
def model_file(tiny_run: RunFolder, tmp_path: Path) -> ModelFile:
    data = read_training_data(tiny_run.recipe.data)
    return export_run(tiny_run, tmp_path / "tiny.onnx", data=data, detectors=[], results_folder=tmp_path).model_file


def test_measure_agreement_worked_by_hand() -> None:
    first = np.array([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]])
    second = np.array([[0.5, 0.5], [0.25, 0.75], [0.125, 0.875]])
    agreement = measure_agreement(first, second)
    assert agreement == Agreement(0.25, pytest.approx(0.5 / 3), pytest.approx(2 / 3))
    assert agreement.to_dict() == {"largest_difference": 0.25, "mean_difference": 0.166667, "same_share": 0.666667}


def test_a_model_file_answers_validation_as_its_run_did(tiny_run: RunFolder, model_file: ModelFile) -> None:
    answers = answer_validation(Recognizer(model_file, engine="onnxruntime"), read_data_of(model_file))
    expected = predict_for_choice(tiny_run)
    np.testing.assert_array_equal(answers.row_ids, expected.row_ids)
    np.testing.assert_allclose(answers.probabilities, expected.probabilities, atol=1e-4)
    assert (answers.model, answers.split, answers.is_leaky, answers.is_float32) == ("tiny", "validation", False, True)


def test_read_data_of_takes_another_place(model_file: ModelFile, fer2013_csv: Path, tmp_path: Path) -> None:
    moved = fer2013_csv.rename(tmp_path / "moved.csv")
    assert len(read_data_of(model_file, moved).face_set) == 140


def test_read_data_of_refuses_other_faces(model_file: ModelFile, tmp_path: Path) -> None:
    other = write_csv(tmp_path / "other.csv", *make_rows(140, seed=1))
    with pytest.raises(ProtocolError, match="fer2013 is not the data that it was made from"):
        read_data_of(model_file, other)


def test_read_data_of_refuses_a_contract_without_data(model_file: ModelFile) -> None:
    bare = ModelFile(model_file.path, replace(model_file.contract, recipe={"name": "tiny"}))
    with pytest.raises(DataError, match="its contract names no data set that this version can read"):
        read_data_of(bare)


def test_answer_validation_refuses_a_model_that_was_trained_on_it(model_file: ModelFile) -> None:
    seen = replace(model_file.contract, splits_seen={"training": "trained on", "validation": "trained on"})
    recognizer = Recognizer(ModelFile(model_file.path, seen), engine="onnxruntime")
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'tiny'"):
        answer_validation(recognizer, read_data_of(model_file))
