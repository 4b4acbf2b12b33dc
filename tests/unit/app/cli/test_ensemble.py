from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from mien.evaluation.ensemble import Ensemble, build_ensemble
from mien.evaluation.predict import predict_split
from mien.metrics.predictions import Predictions
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer
from mien.training import RunFolder, read_recipe, train
from mien.training.training_data import read_training_data
from tests.unit.app.cli.conftest import Ran

FACE = Path(__file__).resolve().parents[4] / "examples" / "pictures" / "astronaut.png"


def test_an_ensemble_is_built_judged_taught_by_and_exported(
    run: Callable[..., Ran], members: list[RunFolder], tmp_path: Path
) -> None:
    folders = [each.folder for each in members[:2]]
    made = run("ensemble", *folders, "--method", "equal", "--name", "pair", "--ensembles", tmp_path / "ensembles")
    folder = tmp_path / "ensembles" / "pair-1"
    assert (made.code, made.err) == (0, "")
    for told in ("one-1", "two-1", "0.500", "equal: 2 of 2 runs", "chosen on one half, judged on the other"):
        assert told in made.out
    assert made.out.endswith(f"saved as {folder}\n")

    chosen = run("evaluate", folder, "--split", "validation")
    assert chosen.out.startswith("pair on validation of fer2013, views: plain\naccuracy")
    compared = run("compare", folder, folders[0], "--bootstrap", 10)
    assert compared.out.startswith(f"A: pair ({folder})\nB: one ({folders[0]})\n")
    judged = run("evaluate", folder, "--split", "test", "--results", tmp_path / "results")
    assert (tmp_path / "results" / "official" / "fer2013" / "0001-pair.json").exists()
    assert "opened 0 times before" in judged.out

    taught = run("predict", folder, "--split", "training", "--output", tmp_path / "taught.npz")
    assert taught.out.endswith("pair on training of fer2013, views: plain; 112 rows\n")
    ensemble = Ensemble.open(folder)
    assert Predictions.load(tmp_path / "taught.npz").weights_fingerprint == ensemble.weights_fingerprint()

    file = tmp_path / "pair.onnx"
    options = ["--views", "plain,flip", "--detector", "none", "--output", file, "--results", tmp_path / "results"]
    exported = run("export", folder, *options)
    assert (exported.code, exported.err) == (0, "")
    contract = load_model_file(file).contract
    assert (contract.name, contract.views, contract.mean, contract.std) == ("pair", ("plain",), (0.0,), (1.0,))
    assert contract.weights_fingerprint == ensemble.weights_fingerprint()
    assert contract.recipe == ensemble.recipe.model_dump(mode="json")
    assert "test" not in contract.scores  # which was opened with other views
    face_set = read_training_data(ensemble.recipe.data).face_set
    recognizer = Recognizer(load_model_file(file), engine="onnxruntime")
    logits = np.log(predict_split(ensemble, face_set, "validation", views=["plain", "flip"]).probabilities)
    powers = np.exp(logits / contract.temperature)
    answered = recognizer.predict_probabilities(face_set.split("validation").faces)
    np.testing.assert_allclose(answered, powers / powers.sum(axis=1, keepdims=True), atol=1e-4)

    analyzed = run("analyze", FACE, "--model", file, "--detector", "none")
    assert (analyzed.code, analyzed.err) == (0, "")
    assert "astronaut.png" in analyzed.out


def test_an_ensemble_is_calibrated(run: Callable[..., Ran], run_of_350: RunFolder, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path / "more.toml", ["name=other", "training.epochs=1", "training.seed=1"])
    other = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    build_ensemble([run_of_350, other], method="equal", name="pair", ensembles_folder=tmp_path / "ensembles")
    calibrated = run("calibrate", tmp_path / "ensembles" / "pair-1", "--calibrator", "temperature")
    assert (calibrated.code, calibrated.err) == (0, "")
    assert "least log loss: " in calibrated.out


def test_an_unknown_method_is_refused_in_one_line(
    run: Callable[..., Ran], members: list[RunFolder], tmp_path: Path
) -> None:
    done = run("ensemble", *(each.folder for each in members), "--method", "stackd", "--ensembles", tmp_path)
    assert done == (2, "", "error: unknown method 'stackd'; did you mean 'stacked'?\n")
