import errno
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from mien import writing
from mien.data import FaceSet, read_dataset
from mien.errors import DataError, ExportError, MienError, ModelFileError, ProtocolError
from mien.evaluation.calibrators import choose_unsure_threshold
from mien.evaluation.conformal import fit_sets_for
from mien.evaluation.cross_dataset import judge_across
from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.judge import choose, judge, predict_for_choice
from mien.evaluation.predict import predict_split
from mien.evaluation.predictors import NetworkPredictor, compute_logits
from mien.export import export_run as module
from mien.export.export_run import ExportReport, export_run
from mien.faces.detector import create_detector
from mien.models.normalised import NormalisedNetwork
from mien.recognition.calibrators import Temperature, softmax
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer
from mien.training import RunFolder, read_recipe, train
from mien.training.training_data import read_training_data
from tests.made_datasets import make_raf_db


def export(run: RunFolder, output: Path, **options: object) -> ExportReport:
    return export_run(run, output, data=read_training_data(run.recipe.data), detectors=[], **options)


def test_the_contract_says_what_the_run_was(tiny_run: RunFolder, tmp_path: Path) -> None:
    report = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results", licence="MIT")
    contract = load_model_file(tmp_path / "tiny.onnx").contract
    assert contract.name == "tiny"
    assert contract.splits_seen == {"training": "trained on", "validation": "chosen on"}
    assert contract.weights_fingerprint == tiny_run.weights_fingerprint()
    assert contract.data_fingerprint == tiny_run.facts["data_fingerprint"]
    assert contract.recipe == tiny_run.recipe.model_dump(mode="json")
    assert report.calibrator == Temperature(contract.temperature)
    assert (contract.calibrator, contract.conformal) == ({}, {})
    assert contract.views == ("plain", "flip")
    assert contract.crop_margins == {"none": 0.0}
    assert contract.scores["validation"]["accuracy"] == pytest.approx(choose(tiny_run).all_rows.accuracy, abs=1e-5)
    assert "test" not in contract.scores
    assert report.largest_difference < 1e-4
    assert report.num_compared == 14
    assert report.num_bytes == (tmp_path / "tiny.onnx").stat().st_size


def test_the_contract_lists_the_forerunners_of_the_run(tiny_run: RunFolder, tmp_path: Path) -> None:
    listed = [{"source": "a", "data_set": "raf_db", "splits_seen": {"training": "trained on"}}]
    (tiny_run.folder / "run.json").write_text(json.dumps(tiny_run.facts | {"forerunners": listed}))
    contract = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results").model_file.contract
    assert contract.forerunners == tuple(listed)


def test_the_record_of_the_same_weights_enters_the_contract(tiny_run: RunFolder, tmp_path: Path) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results")
    contract = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results").model_file.contract
    assert contract.scores["test"]["accuracy"] == pytest.approx(record.figures.all_rows.accuracy, abs=1e-5)
    assert contract.scores["test"]["record"] == record.file.name
    other = export(tiny_run, tmp_path / "plain.onnx", results_folder=tmp_path / "results", views=("plain",))
    assert "test" not in other.model_file.contract.scores


def test_a_record_of_averaged_probabilities_does_not_enter_a_contract(tiny_run: RunFolder, tmp_path: Path) -> None:
    judge(tiny_run, results_folder=tmp_path / "results", average="probabilities")
    contract = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results").model_file.contract
    assert "test" not in contract.scores


def test_a_record_on_another_data_set_does_not_enter_a_contract(tiny_run: RunFolder, tmp_path: Path) -> None:
    raf_db = read_dataset("raf_db", make_raf_db(tmp_path / "raf").path)
    record = judge_across(tiny_run, [raf_db], split="test", results_folder=tmp_path / "results").judged[0].record
    assert record is not None
    contract = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results").model_file.contract
    assert "test" not in contract.scores


def test_file_to_recognizer_equals_file_to_torch(tiny_run: RunFolder, tmp_path: Path) -> None:
    model_file = export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path).model_file
    recognizer = Recognizer(model_file, engine="onnxruntime")
    faces = read_training_data(tiny_run.recipe.data).face_set.faces
    probabilities = recognizer.predict_probabilities(recognizer.prepare(faces))
    logits = compute_logits(
        tiny_run.load_network(),
        torch.from_numpy(np.array(faces))[:, None],
        mean=tiny_run.mean,
        std=tiny_run.std,
        views=("plain", "flip"),
    )
    np.testing.assert_allclose(probabilities, softmax(logits / model_file.contract.temperature), atol=1e-4)


@pytest.mark.parametrize("name", ["none", "vector", "isotonic"])
def test_the_file_calibrates_as_the_run_was_judged(tiny_run: RunFolder, tmp_path: Path, name: str) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results", calibrator=name)
    judge(tiny_run, results_folder=tmp_path / "results")
    report = export(
        tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results", calibrator=name, coverage=0.8, sets="lac"
    )
    contract = report.model_file.contract
    assert (contract.temperature, contract.calibrator) == (1.0, report.calibrator.to_dict())
    assert contract.scores["test"]["record"] == record.file.name
    answers = predict_for_choice(tiny_run, calibrator=name)
    validation = read_training_data(tiny_run.recipe.data).face_set.split("validation")
    recognizer = Recognizer(report.model_file, engine="onnxruntime")
    probabilities = recognizer.predict_probabilities(recognizer.prepare(validation.faces))
    np.testing.assert_allclose(probabilities, answers.probabilities, atol=1e-3)
    threshold = choose_unsure_threshold(answers.probabilities, answers.labels).threshold
    assert contract.unsure_below == pytest.approx(threshold, abs=1e-6)
    uncalibrated = predict_split(tiny_run, read_training_data(tiny_run.recipe.data).face_set, "validation")
    sets = fit_sets_for(uncalibrated, calibrator=name, method="lac", coverage=0.8)
    assert contract.conformal == sets.to_dict()


def test_export_refuses_what_cannot_be_fitted(tiny_run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unknown calibrator 'isotonik'; did you mean 'isotonic'"):
        export(tiny_run, tmp_path / "tiny.onnx", calibrator="isotonik")
    with pytest.raises(ModelFileError, match="unknown score of conformal sets 'raps'; expected lac or aps"):
        export(tiny_run, tmp_path / "tiny.onnx", coverage=0.9, sets="raps")
    with pytest.raises(ModelFileError, match=r"coverage of conformal sets must lie between 0 and 1, got 90"):
        export(tiny_run, tmp_path / "tiny.onnx", coverage=90)
    assert not (tmp_path / "tiny.onnx").exists()


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_a_run_with_a_head_and_another_activation_agrees_with_torch(
    tiny_recipe_file: Path, tmp_path: Path, activation: str
) -> None:
    changes = [f"model.output_activation={activation}", "head={pooling='flatten', hidden=[8]}", "training.epochs=1"]
    run = train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path, console=Console(quiet=True))
    report = export(run, tmp_path / "tiny.onnx", results_folder=tmp_path / "results")
    assert report.largest_difference < 1e-4
    recognizer = Recognizer(report.model_file, engine="onnxruntime")
    faces = read_training_data(run.recipe.data).face_set.faces
    np.testing.assert_allclose(recognizer.predict_probabilities(recognizer.prepare(faces)).sum(axis=1), 1, atol=1e-5)


def test_a_model_trained_on_crops_takes_whole_faces_and_looks_at_the_middle(
    tiny_recipe_file: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["augmentation.crop_pixels=40"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    report = export(run, tmp_path / "tiny.onnx", results_folder=tmp_path)
    assert report.largest_difference < 1e-4
    assert report.model_file.contract.input_size_hw == (48, 48)
    recognizer = Recognizer(report.model_file, engine="onnxruntime")
    faces = np.array(read_training_data(recipe.data).face_set.faces[:20])
    around = faces.copy()
    around[:, 4:44, 4:44] = 255 - around[:, 4:44, 4:44]
    framed = 255 - around  # the same middle in another frame
    np.testing.assert_array_equal(recognizer.predict_logits(faces), recognizer.predict_logits(framed))
    assert (recognizer.predict_logits(faces) != recognizer.predict_logits(around)).any()


def test_views_can_be_fewer_than_trained(tiny_run: RunFolder, tmp_path: Path) -> None:
    contract = export(tiny_run, tmp_path / "tiny.onnx", views=("plain",), results_folder=tmp_path).model_file.contract
    assert contract.views == ("plain",)


def test_a_graph_that_disagrees_is_not_written(
    tiny_run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = module.build_graph

    def build_another(module: NormalisedNetwork, **options: object) -> object:
        return build(NormalisedNetwork(module.network, mean=module.mean + 9, std=module.std), **options)

    monkeypatch.setattr(module, "build_graph", build_another)
    with pytest.raises(
        ExportError, match=r"tiny\.onnx not written: its probabilities differ from torch by .* 1e-04 is"
    ):
        export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path)
    assert not (tmp_path / "tiny.onnx").exists()


def test_an_estimator_is_refused(estimator_run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="classical-1: 'hog_lbp_svm' is an estimator; only networks can be exported"):
        export(estimator_run, tmp_path / "classical.onnx")
    assert not (tmp_path / "classical.onnx").exists()


def test_a_run_that_trained_on_validation_is_refused_before_anything_is_said(
    tiny_run: RunFolder, tmp_path: Path
) -> None:
    facts = tiny_run.facts
    facts["splits_seen"]["validation"] = "trained on"
    (tiny_run.folder / "run.json").write_text(json.dumps(facts))
    lines: list[str] = []
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'tiny'"):
        export(tiny_run, tmp_path / "tiny.onnx", results_folder=tmp_path, say=lines.append)
    assert (lines, (tmp_path / "tiny.onnx").exists()) == ([], False)


def test_a_full_disk_leaves_the_old_file(tiny_run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out" / "tiny.onnx"
    output.parent.mkdir()
    output.write_bytes(b"old")
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.parent == output.parent:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return write(self, data)

    monkeypatch.setattr(writing.Path, "write_bytes", full)
    with pytest.raises(MienError, match=r"tiny\.onnx.*no space left"):
        export(tiny_run, output, results_folder=tmp_path)
    assert output.read_bytes() == b"old"
    assert [file.name for file in output.parent.iterdir()] == ["tiny.onnx"]


def test_a_detectors_margin_enters_the_contract(tiny_run: RunFolder, tmp_path: Path) -> None:
    """The whole-picture detector finds the scene itself, so every margin can be measured without real faces."""
    said: list[str] = []
    report = export_run(
        tiny_run,
        tmp_path / "tiny.onnx",
        data=read_training_data(tiny_run.recipe.data),
        detectors=[_SceneDetector()],
        results_folder=tmp_path,
        say=said.append,
    )
    (measured,) = report.margins
    contract = report.model_file.contract
    assert contract.crop_margins == {"none": 0.0, "scene": measured.margin}
    assert contract.crop_margin_losses["scene"]["num_faces"] == 14
    assert json.loads(contract.to_json())["crop_margin_losses"]["scene"]["share_found"] == 1.0
    assert any("measuring the crop margin for scene" in line for line in said)


class _SceneDetector:
    name = "scene"

    def detect(self, image_rgb: np.ndarray):
        (whole,) = create_detector("none").detect(image_rgb)
        inner = np.array([80, 80, 240, 240], dtype=np.float32)
        return [type(whole)(inner, 1.0, None)]


def prepared_run(recipe_file: Path, folder: Path, steps: str) -> RunFolder:
    changes = [f"data.prepare={steps}", "training.epochs=1"]
    return train(read_recipe(recipe_file, changes), runs_folder=folder, console=Console(quiet=True))


@pytest.mark.parametrize(
    "steps",
    [
        '["emboss"]',
        '["gamma_equalize"]',
        '["clahe", {operation = "resize", size_hw = [64, 64], filter = "lanczos"}, "grey_to_rgb"]',
        '["featurewise_standardize"]',
    ],
)
def test_the_contract_prepares_as_the_run_was_prepared(steps: str, tiny_recipe_file: Path, tmp_path: Path) -> None:
    run = prepared_run(tiny_recipe_file, tmp_path / "runs", steps)
    data = read_training_data(run.recipe.data)
    report = export_run(run, tmp_path / "prepared.onnx", data=data, detectors=[], results_folder=tmp_path)
    assert report.largest_difference < 1e-4
    recognizer = Recognizer(report.model_file, engine="onnxruntime")
    validation = data.face_set.split("validation")
    np.testing.assert_array_equal(recognizer.prepare(data.unprepared(validation)), validation.faces)


def test_a_step_that_fits_into_no_contract_is_refused_before_anything_is_written(
    tiny_recipe_file: Path, tmp_path: Path
) -> None:
    run = prepared_run(tiny_recipe_file, tmp_path / "runs", '["zca_whiten"]')
    data = read_training_data(run.recipe.data)
    with pytest.raises(ExportError, match="zca_whiten"):
        export_run(run, tmp_path / "whitened.onnx", data=data, detectors=[], results_folder=tmp_path)
    assert not (tmp_path / "whitened.onnx").exists()


@pytest.mark.parametrize("method", ["likelihood", "stacked", "tree"])
def test_an_ensemble_is_one_file_that_agrees_with_torch(
    method: str, members: list[RunFolder], trained_against_rest: list[RunFolder], tmp_path: Path
) -> None:
    runs = trained_against_rest if method == "tree" else members[:2]
    ensemble = build_ensemble(runs, method=method, average="logits", ensembles_folder=tmp_path).ensemble
    report = export_run(
        ensemble,
        tmp_path / "ensemble.onnx",
        data=read_training_data(ensemble.recipe.data),
        detectors=[],
        results_folder=tmp_path / "results",
    )
    assert report.largest_difference < 1e-4
    assert report.model_file.contract.expressions == tuple(ensemble.facts["expressions"])
    assert report.num_bytes < 1.5 * sum(run.weights_file().stat().st_size for run in ensemble.members) + 200_000


def test_an_ensemble_of_estimators_is_refused(
    estimator_run: RunFolder, estimator_recipe_file: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(estimator_recipe_file, ["name=other", "model.regularization=9.0"])
    other = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    ensemble = build_ensemble([estimator_run, other], method="equal", ensembles_folder=tmp_path).ensemble
    with pytest.raises(ExportError, match="classical-1: 'hog_lbp_svm' is an estimator; only networks can be exported"):
        export_run(ensemble, tmp_path / "e.onnx", data=read_training_data(ensemble.recipe.data), detectors=[])


def test_all_that_is_chosen_for_a_file_is_chosen_on_validation(
    tiny_run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    predict = NetworkPredictor.predict_logits

    def watch(self: NetworkPredictor, face_set: FaceSet, **options: object) -> np.ndarray:
        asked.update(np.unique(face_set.splits).tolist())
        return predict(self, face_set, **options)

    monkeypatch.setattr(NetworkPredictor, "predict_logits", watch)
    export(tiny_run, tmp_path / "tiny.onnx", calibrator="vector", coverage=0.9)
    assert asked == {"validation"}
