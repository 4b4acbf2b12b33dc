from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien.recognition import model_file
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

Runner = Callable[..., Any]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the package's own models."""
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    write_tiny_model(tmp_path / "tiny.onnx")
    write_tiny_model(tmp_path / "second.onnx", replace(TINY_CONTRACT, name="second", scores={}))
    return tmp_path


def test_models_lists_the_shipped_files(run: Runner, shipped: Path) -> None:
    ran = run("models")
    lines = [line.split() for line in ran.out.splitlines() if line.strip()]
    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == ["model", "classes", "input", "size", "scores", "licence"]
    assert lines[2][:2] == ["second", "7:"]
    assert lines[3][-8:] == ["48x48", "grey", "0.1", "MB", "validation", "67.89", "%", "MIT"]
    assert lines[4] == ["note", "made", "up"]


def test_models_names_a_broken_file_and_lists_the_others(run: Runner, shipped: Path) -> None:
    (shipped / "cut.onnx").write_bytes((shipped / "tiny.onnx").read_bytes()[:-9])
    ran = run("models")
    assert ran.code == 2
    assert "second" in ran.out
    assert ran.err.startswith(f"error: {shipped / 'cut.onnx'}: the model file is cut off at ")


def test_models_without_any_prints_nothing(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_models_folder", lambda: tmp_path)
    assert run("models") == (0, "", "")


def test_models_with_a_name_prints_the_contract(run: Runner, shipped: Path) -> None:
    ran = run("models", "tiny")
    values = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert ran.code == 0
    assert values["file"] == str(shipped / "tiny.onnx")
    assert values["preparation"] == "[to_grey(), resize(size_hw=[48, 48], filter=bilinear)]"
    assert values["crop_margins.haar"] == "0.1"
    assert values["splits_seen.validation"] == "chosen on"
    assert values["recipe.training.epochs"] == "2"
    assert set(vars(TINY_CONTRACT)) <= {name.split(".")[0] for name in values}


def test_models_with_an_unknown_name_suggests_one(run: Runner, shipped: Path) -> None:
    assert run("models", "tinny") == (2, "", "error: unknown model 'tinny'; did you mean 'tiny'?\n")
