"""Real faces: a picture file through the model file gives what torch gives; the shipped model is what it says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mien
from mien.data.datasets.fer2013 import read_fer2013
from mien.evaluation.predictors import compute_logits
from mien.export.export_run import export_run
from mien.images.preparation import prepare_face
from mien.images.reading import read_picture
from mien.models import create_model
from mien.recognition.calibrators import softmax
from mien.recognition.engines.choice import DEFAULT, ENGINES
from mien.recognition.engines.engine import TOLERANCES
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer
from mien.training import RunFolder
from mien.training.recipe import build_recipe
from mien.training.training_data import read_training_data


@pytest.fixture(scope="module")
def run(real_fer2013_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose network was never trained: agreement does not depend on that."""
    face_set = read_fer2013(real_fer2013_csv)
    settings = {"name": "random", "model": {"name": "vgg_se", "width": 16}, "data": {"path": str(real_fer2013_csv)}}
    recipe = build_recipe(settings)
    facts = {"mean": 129.4, "std": 65.0, "in_channels": 1}
    run = RunFolder.create(tmp_path_factory.mktemp("runs"), recipe, face_set, facts=facts)
    torch.manual_seed(0)
    run.save_weights(create_model("vgg_se", width=16).state_dict(), which="best", facts={})
    return run


def test_file_to_recognizer_equals_file_to_prepare_to_torch(
    run: RunFolder, real_fer2013_csv: Path, tmp_path: Path
) -> None:
    face_set = read_fer2013(real_fer2013_csv)
    output = tmp_path / "random.onnx"
    report = export_run(run, output, data=read_training_data(run.recipe.data), detectors=[], results_folder=tmp_path)
    model_file = report.model_file
    contract = model_file.contract
    network = run.load_network()
    for row in range(0, 35_000, 700):
        file = tmp_path / f"{row}.png"
        Image.fromarray(face_set.faces[row]).save(file)
        recognition = mien.analyze(file, model=str(model_file.path), detector="none")
        prepared = prepare_face(read_picture(file).image_rgb, contract.preparation)
        np.testing.assert_array_equal(prepared, face_set.faces[row])
        faces = torch.from_numpy(prepared.copy())[None, None]
        logits = compute_logits(network, faces, mean=run.mean, std=run.std, views=contract.views)
        expected = softmax(logits / contract.temperature)[0]
        np.testing.assert_allclose(list(recognition.faces[0].probabilities.values()), expected, atol=1e-4)


def test_the_shipped_model_scores_on_publictest_what_its_contract_says(real_fer2013_csv: Path) -> None:
    model_file = load_model_file("compact")
    validation = read_fer2013(real_fer2013_csv).split("validation")
    answers = Recognizer(model_file, engine="onnxruntime").predict_probabilities(validation.faces).argmax(axis=1)
    accuracy = float((answers == validation.labels).mean())
    assert accuracy == pytest.approx(model_file.contract.scores["validation"]["accuracy"], abs=1e-3)
    assert accuracy >= 0.674


@pytest.mark.parametrize("name", [name for name in ENGINES if name != DEFAULT])
def test_an_engine_answers_publictest_within_its_tolerance(real_fer2013_csv: Path, name: str) -> None:
    obstacle = ENGINES[name].find_obstacle()
    if obstacle is not None:
        pytest.skip(obstacle)
    model_file = load_model_file("compact")
    validation = read_fer2013(real_fer2013_csv).split("validation")
    expected = Recognizer(model_file, engine=DEFAULT).predict_probabilities(validation.faces)
    recognizer = Recognizer(model_file, engine=name)
    answers = recognizer.predict_probabilities(validation.faces)
    assert np.abs(answers - expected).max() <= TOLERANCES[recognizer.engine.precision]
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.995
    is_right, expected_right = (each.argmax(axis=1) == validation.labels for each in (answers, expected))
    assert abs(is_right.mean() - expected_right.mean()) < 0.003
