from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mien.errors import EngineError, MissingExtraError, ModelFileError
from mien.recognition.engines import choice
from mien.recognition.engines.choice import ENGINES, FEW_PICTURES, EngineKind, check_engine, start_engine
from mien.recognition.model_file import ModelFile, load_model_file


@dataclass
class FakeEngine:
    name: str


def fake(name: str, *, obstacle: str | None = None, fault: Exception | None = None, extra: str = "") -> EngineKind:
    def start(*_: object) -> Any:
        if fault is not None:
            raise fault
        return FakeEngine(name)

    return EngineKind(start, lambda: obstacle, extra=extra)


@pytest.fixture
def model_file(tiny_model: Path) -> ModelFile:
    return load_model_file(tiny_model)


def know(monkeypatch: pytest.MonkeyPatch, **kinds: EngineKind) -> None:
    for name in ENGINES:
        monkeypatch.setitem(choice.ENGINES, name, kinds.get(name, fake(name)))


def test_auto_takes_the_first(monkeypatch: pytest.MonkeyPatch, model_file: ModelFile) -> None:
    know(monkeypatch)
    started = start_engine(model_file)
    assert (started.engine.name, started.passed_over) == ("cuda", {})


def test_auto_passes_over_what_is_not_there_or_fails_and_says_why(
    monkeypatch: pytest.MonkeyPatch, model_file: ModelFile
) -> None:
    know(monkeypatch, cuda=fake("cuda", obstacle="no GPU"), openvino=fake("openvino", fault=OSError("no\nlibrary")))
    started = start_engine(model_file)
    assert started.engine.name == "onnxruntime"
    assert started.passed_over == {"cuda": "no GPU", "openvino": "does not start: OSError: no library"}


def test_auto_passes_over_an_engine_that_refuses_the_network(
    monkeypatch: pytest.MonkeyPatch, model_file: ModelFile
) -> None:
    know(monkeypatch, cuda=fake("cuda", fault=EngineError("CUDA does not start")))
    started = start_engine(model_file)
    assert (started.engine.name, started.passed_over) == ("openvino", {"cuda": "CUDA does not start"})


@pytest.mark.parametrize(
    ("num_pictures", "expected"), [(1, "onnxruntime"), (FEW_PICTURES - 1, "onnxruntime"), (FEW_PICTURES, "cuda")]
)
def test_auto_keeps_to_onnx_runtime_for_few_pictures(
    monkeypatch: pytest.MonkeyPatch, model_file: ModelFile, num_pictures: int, expected: str
) -> None:
    know(monkeypatch)
    assert start_engine(model_file, num_pictures=num_pictures).engine.name == expected


def test_a_named_engine_is_taken_for_few_pictures_too(monkeypatch: pytest.MonkeyPatch, model_file: ModelFile) -> None:
    know(monkeypatch)
    assert start_engine(model_file, "openvino", num_pictures=1).engine.name == "openvino"


def test_a_named_engine_that_is_not_installed_names_the_pip_command(
    monkeypatch: pytest.MonkeyPatch, model_file: ModelFile
) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"'openvino'; install it with: pip install 'mien\[fast\]'"):
        start_engine(model_file, "openvino")


def test_a_named_engine_with_an_obstacle_is_refused(monkeypatch: pytest.MonkeyPatch, model_file: ModelFile) -> None:
    know(monkeypatch, cuda=fake("cuda", obstacle="no GPU"))
    with pytest.raises(EngineError, match="engine 'cuda': no GPU"):
        start_engine(model_file, "cuda")


def test_a_named_engine_does_not_fall_back(monkeypatch: pytest.MonkeyPatch, model_file: ModelFile) -> None:
    know(monkeypatch, openvino=fake("openvino", fault=ModelFileError("cannot be loaded")))
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        start_engine(model_file, "openvino")


def test_check_engine_suggests_a_name() -> None:
    check_engine("auto")
    with pytest.raises(EngineError, match="unknown engine 'openvin'; did you mean 'openvino'"):
        check_engine("openvin")


def test_onnx_runtime_is_the_last_resort() -> None:
    assert list(ENGINES)[-1] == choice.DEFAULT
