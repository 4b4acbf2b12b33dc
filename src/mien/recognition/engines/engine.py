"""What an engine is: a model file's network, started, with what its graph says of inputs and outputs.

The recognizer runs one; ``mien.recognition.engines.choice`` starts it.
"""

import os
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from mien.errors import ModelFileError
from mien.recognition.model_file import ModelFile

TOLERANCES: dict[str, float] = {"float32": 1e-4, "float16": 0.01, "bfloat16": 0.05}
"""By how much a probability may differ from that of ONNX Runtime on the CPU, by what an engine computes in."""

Sides = tuple[int | None, ...]
"""Sides of an input or output; None for one that is free, such as the batch."""


class Engine(Protocol):
    """A network that is ready to answer."""

    @property
    def name(self) -> str:
        """Return the engine's name, such as ``onnxruntime``."""
        ...

    @property
    def precision(self) -> str:
        """Return what it computes in: a key of `TOLERANCES`."""
        ...

    @property
    def inputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's inputs by name."""
        ...

    @property
    def outputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's outputs by name."""
        ...

    def run(self, images: np.ndarray) -> np.ndarray:
        """Return the logits, shape ``(N, num_classes)``, float32.

        Args:
            images: Prepared faces, shape ``(N, C, H, W)``, float32, contiguous; N is at least 1.
        """
        ...


def cannot_be_loaded(model_file: ModelFile, fault: Exception) -> ModelFileError:
    """Return the error for a network that an engine refused.

    Args:
        model_file: The model.
        fault: What the engine raised; engines' errors share no base class.
    """
    reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    return ModelFileError(f"{model_file.path}: the network cannot be loaded ({reason})")


def num_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
