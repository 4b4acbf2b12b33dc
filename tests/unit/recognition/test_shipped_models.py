"""The models inside the package: they load, fit their contracts, and read the bundled photographs."""

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.faces.detector import DETECTORS
from mien.models import count_parameters, create_model
from mien.recognition.analyzer import DEFAULT_MODEL, Analyzer
from mien.recognition.model_file import load_model_file, shipped_models
from mien.recognition.recognizer import Recognizer
from mien.recognition.results import Recognition

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "pictures"
NAMES = shipped_models()


@pytest.fixture(scope="module")
def default_model() -> Recognizer:
    return Recognizer(load_model_file(DEFAULT_MODEL), threads=1, engine="onnxruntime")


def test_the_default_model_ships() -> None:
    assert DEFAULT_MODEL in NAMES


def test_the_default_model_is_small() -> None:
    model_file = load_model_file(DEFAULT_MODEL)
    settings = dict(model_file.contract.recipe["model"])
    assert count_parameters(create_model(settings.pop("name"), **settings)) <= 800_000
    assert model_file.num_bytes <= 3.5e6


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_goes_by_its_contracts_name(name: str) -> None:
    assert load_model_file(name).contract.name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_has_a_margin_for_every_detector(name: str) -> None:
    margins = load_model_file(name).contract.crop_margins
    assert set(DETECTORS.names()) <= set(margins)
    assert margins["none"] == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_says_what_it_is(name: str) -> None:
    contract = load_model_file(name).contract
    assert contract.scores
    assert contract.recipe
    assert "test" not in contract.splits_seen
    assert contract.data_fingerprint
    assert contract.weights_fingerprint
    assert contract.licence


def test_the_default_model_gives_probabilities(default_model: Recognizer) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (300, *default_model.contract.input_size_hw), dtype=np.uint8)
    probabilities = default_model.predict_probabilities(faces)
    assert probabilities.shape == (300, len(default_model.contract.expressions))
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-5
    one_by_one = np.concatenate([default_model.predict_probabilities(face[None]) for face in faces[:5]])
    assert np.abs(one_by_one - probabilities[:5]).max() < 1e-4


def test_analyze_sees_that_the_astronaut_is_happy() -> None:
    result = mien.analyze(PICTURES / "astronaut.png")
    assert isinstance(result, Recognition)
    assert [face.expression for face in result.faces] == ["happy"]
    assert result.model == DEFAULT_MODEL


def test_analyze_finds_all_faces_of_the_montage() -> None:
    result = Analyzer().analyze(PICTURES / "montage.jpg")
    assert isinstance(result, Recognition)
    assert len(result.faces) == 8
    assert sum(face.expression == "happy" for face in result.faces) >= 4
