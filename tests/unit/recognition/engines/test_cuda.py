from pathlib import Path

import onnxruntime
import pytest

from mien.errors import EngineError
from mien.recognition.engines import cuda
from mien.recognition.engines.cuda import PROVIDER, find_cuda_obstacle, start_cuda
from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import load_model_file


def test_find_cuda_obstacle_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert "pip install onnxruntime-gpu" in str(find_cuda_obstacle())


def test_there_is_no_obstacle_where_onnx_runtime_has_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [PROVIDER, "CPUExecutionProvider"])
    assert find_cuda_obstacle() is None


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_start_cuda_refuses_a_session_that_fell_back_to_the_cpu(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxRuntimeEngine, "providers", property(lambda _: ["CPUExecutionProvider"]))
    with pytest.raises(EngineError, match="CUDA does not start; see that driver, CUDA and cuDNN"):
        start_cuda(load_model_file(tiny_model), 1)


def test_start_cuda_asks_for_float32_on_the_gpu(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    class Session:
        providers = (PROVIDER,)

        def __init__(self, *_: object, **options: object) -> None:
            asked.update(options)

    monkeypatch.setattr(cuda, "OnnxRuntimeEngine", Session)
    start_cuda(load_model_file(tiny_model))
    assert asked == {"name": "cuda", "providers": [(PROVIDER, {"use_tf32": "0"}), "CPUExecutionProvider"]}
