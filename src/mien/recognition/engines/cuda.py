"""ONNX Runtime on an NVIDIA GPU, where the package onnxruntime-gpu stands in place of onnxruntime."""

from importlib import import_module
from typing import Any

from mien.errors import EngineError
from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import ModelFile

PROVIDER = "CUDAExecutionProvider"


def find_cuda_obstacle() -> str | None:
    """Return why ONNX Runtime has no CUDA here, in one line with the remedy; none where it has."""
    ort: Any = import_module("onnxruntime")
    if PROVIDER in ort.get_available_providers():
        return None
    return "this ONNX Runtime has no CUDA; with an NVIDIA GPU: pip uninstall onnxruntime; pip install onnxruntime-gpu"


def start_cuda(model_file: ModelFile, threads: int | None = None) -> OnnxRuntimeEngine:
    """Return a session on the GPU, which computes in float32 proper and not in TF32.

    Args:
        model_file: The model.
        threads: Threads of what stays on the CPU.

    Raises:
        EngineError: If CUDA does not start; ONNX Runtime would answer from the CPU without a word.
        ModelFileError: If the network cannot be loaded.
    """
    providers = [(PROVIDER, {"use_tf32": "0"}), "CPUExecutionProvider"]
    engine = OnnxRuntimeEngine(model_file, threads, name="cuda", providers=providers)
    if PROVIDER not in engine.providers:
        raise EngineError("CUDA does not start; see that driver, CUDA and cuDNN are those that onnxruntime-gpu is for")
    return engine
