from pathlib import Path

import pytest

from mien.benchmarks import engine_table
from mien.benchmarks.engine_table import HEADER, engine_markdown, engine_rows
from mien.export.export_run import export_run
from mien.export.quantize import write_variant
from mien.recognition.engines import choice
from mien.training import RunFolder
from mien.training.training_data import read_training_data


def test_a_row_for_each_file_compared_with_the_first(
    tiny_run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: None)
    monkeypatch.setattr(engine_table, "time_faces", lambda recognizers, **_: [0.5] * len(recognizers))
    data = read_training_data(tiny_run.recipe.data)
    first = export_run(tiny_run, tmp_path / "tiny.onnx", data=data, detectors=[], results_folder=tmp_path).model_file
    second = write_variant(first, tmp_path / "b.onnx", precision="float16", data=data, largest_loss=1).model_file
    header, plain, smaller = engine_rows([first, second])
    assert header == HEADER
    assert plain[:3] == ["tiny", "onnxruntime", "float32"]
    assert plain[5:8] == ["100.00 %", "0.00000", "0.00000"]
    assert plain[8:] == ["2", "500.00"]
    assert smaller[0] == "tiny-float16"
    assert float(smaller[3]) < float(plain[3])
    assert float(smaller[7]) > 0


def test_the_document_names_the_machine() -> None:
    text = engine_markdown([HEADER, ["a"] * len(HEADER)])
    assert text.startswith("Measured on 2")
    assert "Python 3." in text
    assert "| model | engine | computes in |" in text
