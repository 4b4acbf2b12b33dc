from collections.abc import Callable
from pathlib import Path

from mien.export.export_run import export_run
from mien.recognition.model_file import load_model_file
from mien.training import RunFolder
from mien.training.training_data import read_training_data
from tests.unit.app.cli.conftest import Ran


def test_quantize_writes_a_variant_and_says_how_good_it_is(
    run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path
) -> None:
    data = read_training_data(tiny_run.recipe.data)
    export_run(tiny_run, tmp_path / "tiny.onnx", data=data, detectors=[], results_folder=tmp_path)
    done = run("quantize", tmp_path / "tiny.onnx", "--precision", "float16", "--output", tmp_path / "small.onnx")
    assert (done.code, done.err) == (0, "")
    assert "of the validation faces (float32: " in done.out
    assert load_model_file(tmp_path / "small.onnx").contract.variant["precision"] == "float16"


def test_quantize_refuses_an_unknown_model(run: Callable[..., Ran]) -> None:
    done = run("quantize", "compakt")
    assert done == (2, "", "error: unknown model 'compakt'; did you mean 'compact'?\n")
