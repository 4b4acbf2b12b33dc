from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import ModelFileError
from mien.recognition import recognizer as module
from mien.recognition.calibrators import (
    Calibrator,
    IsotonicRegression,
    NoCalibrator,
    VectorScaling,
    calibrator_to_contract,
)
from mien.recognition.model_file import Contract, load_model_file
from mien.recognition.recognizer import Recognizer
from tests.tiny_model import TINY_CONTRACT, make_weights, write_tiny_model

RANDOM = np.random.default_rng(0)
FACES = RANDOM.integers(0, 256, (9, 48, 48), dtype=np.uint8)
COLOUR_CONTRACT = replace(
    TINY_CONTRACT,
    colour="rgb",
    preparation=({"operation": "resize", "size_hw": [48, 48], "filter": "bilinear"},),
    mean=(100.0, 100.0, 100.0),
    std=(50.0, 50.0, 50.0),
)
VECTOR = VectorScaling((0.5, 1.5, 1.0, 2.0, 0.7, 1.0, 1.0), (0.0, 0.3, -0.2, 0.0, 0.0, 0.1, 0.0))
ISOTONIC = IsotonicRegression(((0.1, 0.5, 0.9),) * 7, ((0.0, 0.6, 0.8),) * 7)


def expected_logits(faces: np.ndarray, contract: Contract) -> np.ndarray:
    """Return the tiny model's answers, worked out in NumPy."""
    views = [faces, faces[:, :, ::-1]] if "flip" in contract.views else [faces]
    weights = make_weights(contract)
    channels_first = [view[:, None] if view.ndim == 3 else view.transpose(0, 3, 1, 2) for view in views]
    return np.mean(
        [((view - contract.mean[0]) / contract.std[0]).reshape(len(faces), -1) @ weights for view in channels_first],
        axis=0,
    )


def make_recognizer(folder: Path, contract: Contract) -> Recognizer:
    return Recognizer(
        load_model_file(write_tiny_model(folder / "model.onnx", contract)), threads=1, engine="onnxruntime"
    )


@pytest.fixture(scope="module")
def recognizer(tiny_model: Path) -> Recognizer:
    return Recognizer(load_model_file(tiny_model), threads=1, engine="onnxruntime")


def test_predict_logits_is_the_mean_over_the_face_and_its_mirror(recognizer: Recognizer) -> None:
    logits = recognizer.predict_logits(FACES)
    assert logits.dtype == np.float32
    assert np.abs(logits - expected_logits(FACES, TINY_CONTRACT)).max() < 1e-3
    assert np.abs(logits - recognizer.predict_logits(np.ascontiguousarray(FACES[:, :, ::-1]))).max() < 1e-3


def test_predict_logits_with_a_plain_view_only(tmp_path: Path) -> None:
    contract = replace(TINY_CONTRACT, views=("plain",))
    logits = make_recognizer(tmp_path, contract).predict_logits(FACES)
    assert np.abs(logits - expected_logits(FACES, contract)).max() < 1e-3


def test_predict_logits_of_a_colour_model_keeps_red_first(tmp_path: Path) -> None:
    faces = RANDOM.integers(0, 256, (4, 48, 48, 3), dtype=np.uint8)
    logits = make_recognizer(tmp_path, COLOUR_CONTRACT).predict_logits(faces)
    assert np.abs(logits - expected_logits(faces, COLOUR_CONTRACT)).max() < 1e-3
    assert np.abs(logits - expected_logits(faces[..., ::-1], COLOUR_CONTRACT)).max() > 0.1


@pytest.mark.parametrize("largest_run", [1, 2, 7, 256])
def test_predict_logits_does_not_depend_on_how_a_batch_is_cut(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch, largest_run: int
) -> None:
    monkeypatch.setattr(module, "LARGEST_RUN", largest_run)
    assert np.abs(recognizer.predict_logits(FACES) - expected_logits(FACES, TINY_CONTRACT)).max() < 1e-3


def test_predict_probabilities_is_the_softmax_over_the_temperature(recognizer: Recognizer) -> None:
    powers = np.exp(recognizer.predict_logits(FACES).astype(np.float64) / 1.5)
    probabilities = recognizer.predict_probabilities(FACES)
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - powers / powers.sum(axis=1, keepdims=True)).max() < 1e-6
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-6


def test_predict_probabilities_bears_large_logits(tmp_path: Path) -> None:
    contract = replace(TINY_CONTRACT, temperature=1e-4)
    probabilities = make_recognizer(tmp_path, contract).predict_probabilities(FACES)
    assert np.isfinite(probabilities).all()
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-6


@pytest.mark.parametrize("calibrator", [NoCalibrator(), VECTOR, ISOTONIC], ids=lambda each: each.name)
def test_predict_probabilities_obeys_the_calibrator(calibrator: Calibrator, tmp_path: Path) -> None:
    recognizer = make_recognizer(tmp_path, replace(TINY_CONTRACT, **calibrator_to_contract(calibrator)))
    expected = calibrator.apply(recognizer.predict_logits(FACES))
    assert (recognizer.predict_probabilities(FACES) == expected).all()
    assert recognizer.predict_probabilities(FACES[:0]).shape == (0, 7)


def test_no_face_gives_no_row(recognizer: Recognizer) -> None:
    assert recognizer.predict_probabilities(FACES[:0]).shape == (0, 7)


def test_prepare_follows_the_contract(recognizer: Recognizer) -> None:
    crops = [np.zeros((100, 100, 3), np.uint8), np.stack([FACES[0]] * 3, axis=2), FACES[1]]
    prepared = recognizer.prepare(crops)
    assert prepared.shape == (3, 48, 48)
    assert (prepared[1:] == FACES[:2]).all()


NUMBERS_CONTRACT = replace(
    TINY_CONTRACT,
    preparation=(
        *TINY_CONTRACT.preparation,
        {"operation": "gamma_equalize"},
        {"operation": "featurewise_standardize", "mean": [0.2], "std": [0.1]},
    ),
    mean=(0.0,),
    std=(1.0,),
)


def test_a_contract_whose_steps_give_numbers_is_obeyed(tmp_path: Path) -> None:
    recognizer = make_recognizer(tmp_path, NUMBERS_CONTRACT)
    prepared = recognizer.prepare(FACES)
    assert NUMBERS_CONTRACT.input_dtype == prepared.dtype == np.float32
    powers = np.log(50) / np.log(FACES.mean(axis=(1, 2)))
    expected = (np.minimum(FACES ** powers[:, None, None], 100) / 255 - 0.2) / (0.1 + 1e-6)
    np.testing.assert_allclose(prepared, expected, atol=1e-5)
    assert np.abs(recognizer.predict_logits(prepared) - expected_logits(prepared, NUMBERS_CONTRACT)).max() < 1e-3
    with pytest.raises(ValueError, match=r"faces must be \(N, 48, 48\) float32, got \(9, 48, 48\) uint8"):
        recognizer.predict_logits(FACES)


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (FACES.astype(np.float32), r"faces must be \(N, 48, 48\) uint8, got \(9, 48, 48\) float32"),
        (FACES[0], r"got \(48, 48\) uint8"),
        (FACES[:, :40], r"got \(9, 40, 48\) uint8"),
        (np.stack([FACES] * 3, axis=3), r"got \(9, 48, 48, 3\) uint8"),
    ],
    ids=["dtype", "one face", "size", "colour"],
)
def test_predict_logits_refuses_what_the_contract_does_not_say(
    recognizer: Recognizer, faces: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        recognizer.predict_logits(faces)


def test_recognizer_refuses_a_network_with_another_number_of_classes(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "a.onnx", num_classes=8)
    with pytest.raises(ModelFileError, match="the contract names 7 expressions, the graph has 8 logits"):
        Recognizer(load_model_file(path))


def test_recognizer_refuses_a_network_with_another_input(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelFileError, match=r"the contract's input is \[3, 48, 48\], the graph's is \[1, 48, 48\]"):
        Recognizer(replace(load_model_file(tiny_model), contract=COLOUR_CONTRACT))


def test_recognizer_refuses_a_network_with_other_names(tmp_path: Path, tiny_model: Path) -> None:
    renamed = tmp_path / "renamed.onnx"
    renamed.write_bytes(tiny_model.read_bytes().replace(b"logits", b"scores"))
    with pytest.raises(ModelFileError, match="the graph must go from 'faces' to 'logits', got faces to scores"):
        Recognizer(load_model_file(renamed))


def test_recognizer_refuses_a_damaged_network(
    tmp_path: Path, tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(tiny_model.read_bytes().replace(b"MatMul", b"MutMal"))
    with pytest.raises(ModelFileError, match=r"^\S*damaged.onnx: the network cannot be loaded \(.*\)$"):
        Recognizer(load_model_file(damaged))
    assert capfd.readouterr().err == ""
