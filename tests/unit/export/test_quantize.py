from pathlib import Path

import numpy as np
import onnx
import pytest

from mien.errors import ExportError, WeightsError
from mien.evaluation.file_answers import answer_validation, read_data_of
from mien.evaluation.judge import judge
from mien.export import quantize as module
from mien.export.export_run import export_run
from mien.export.quantize import write_variant
from mien.models.rebuilding import rebuild_network
from mien.recognition.model_file import ModelFile, load_model_file
from mien.recognition.recognizer import Recognizer
from mien.training import RunFolder
from mien.training.training_data import TrainingData, read_training_data


@pytest.fixture
def model_file(tiny_run: RunFolder, tmp_path: Path) -> ModelFile:
    """The file of a run that was judged."""
    judge(tiny_run, results_folder=tmp_path / "results")
    data = read_training_data(tiny_run.recipe.data)
    return export_run(
        tiny_run, tmp_path / "tiny.onnx", data=data, detectors=[], results_folder=tmp_path / "results"
    ).model_file


@pytest.fixture
def data(model_file: ModelFile) -> TrainingData:
    return read_data_of(model_file)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_variant_says_what_it_is_and_has_its_own_figures(
    model_file: ModelFile, data: TrainingData, tmp_path: Path, precision: str
) -> None:
    report = write_variant(model_file, tmp_path / "small.onnx", precision=precision, data=data, largest_loss=1)
    contract = load_model_file(tmp_path / "small.onnx").contract
    answers = answer_validation(Recognizer(report.model_file, engine="onnxruntime"), data)
    assert (contract.name, contract.variant["precision"], contract.variant["of"]) == (
        f"tiny-{precision}",
        precision,
        "tiny",
    )
    assert contract.variant["agreement_on_validation"] == report.agreement.to_dict()
    assert contract.scores["validation"]["accuracy"] == pytest.approx(answers.is_right.mean(), abs=1e-5)
    assert report.accuracy == answers.is_right.mean()
    assert "test" in model_file.contract.scores
    assert "test" not in contract.scores
    assert contract.crop_margins == model_file.contract.crop_margins
    assert report.model_file.num_bytes < report.num_bytes_before


def test_integers_are_fitted_on_training_faces_alone(
    model_file: ModelFile, data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []

    def quantize(file: Path, images: np.ndarray) -> onnx.ModelProto:
        seen.append(images)
        return onnx.load(str(file))

    monkeypatch.setattr(module, "quantize_to_int8", quantize)
    report = write_variant(model_file, tmp_path / "small.onnx", precision="int8", data=data)
    training = {face.tobytes() for face in data.face_set.split("training").faces}
    assert {image[0].astype(np.uint8).tobytes() for image in seen[0]} <= training
    assert report.model_file.contract.variant["calibrated_on"] == f"{len(seen[0])} faces of training"


def test_a_variant_that_loses_too_much_is_not_written(
    model_file: ModelFile, data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(model: onnx.ModelProto) -> onnx.ModelProto:
        for node in model.graph.node:
            for place, name in enumerate(node.output):
                if name == "logits":
                    node.output[place] = "upside_down"
        model.graph.node.append(onnx.helper.make_node("Neg", ["upside_down"], ["logits"]))
        return model

    monkeypatch.setattr(module, "store_as_float16", spoil)
    with pytest.raises(
        ExportError, match=r"small.onnx not written: the float16 variant is right on .* less is allowed"
    ):
        write_variant(model_file, tmp_path / "small.onnx", precision="float16", data=data, largest_loss=-1)
    assert not (tmp_path / "small.onnx").exists()


def test_an_unknown_precision_is_refused(model_file: ModelFile, data: TrainingData, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="unknown precision 'int4'; did you mean 'int8'"):
        write_variant(model_file, tmp_path / "small.onnx", precision="int4", data=data)


def test_a_variant_of_a_variant_is_refused_and_so_is_training_from_one(
    model_file: ModelFile, data: TrainingData, tmp_path: Path
) -> None:
    report = write_variant(model_file, tmp_path / "small.onnx", precision="float16", data=data, largest_loss=1)
    with pytest.raises(ExportError, match="a float16 variant itself; name the float32 file"):
        write_variant(report.model_file, tmp_path / "smaller.onnx", precision="int8", data=data)
    with pytest.raises(WeightsError, match="a float16 variant, whose weights are rounded; go on from the float32 file"):
        rebuild_network(report.model_file)
