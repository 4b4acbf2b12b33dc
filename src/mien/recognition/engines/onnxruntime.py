"""ONNX Runtime on the CPU: the engine that every install has, and whose float32 all others are compared with."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from mien.recognition.engines.engine import Sides, cannot_be_loaded, num_cores
from mien.recognition.model_file import INPUT_NAME, OUTPUT_NAME, ModelFile

PIECE = 8
"""Images of a batch that go to one core at once; whole batches were a third slower, for their maps leave the cache."""


class OnnxRuntimeEngine:
    """A session of ONNX Runtime.

    On the CPU an image is computed by one thread, and a batch is cut into pieces over all of them: threads that share
    the work of one small layer wait for each other more than they work.

    Args:
        model_file: The model.
        threads: Threads of the network; all cores where none is given.
        name: Name of the engine.
        providers: Where ONNX Runtime computes, the preferred one first.

    Raises:
        ModelFileError: If the network cannot be loaded.
    """

    precision = "float32"

    def __init__(
        self,
        model_file: ModelFile,
        threads: int | None = None,
        *,
        name: str = "onnxruntime",
        providers: Sequence[Any] = ("CPUExecutionProvider",),
    ) -> None:
        ort: Any = import_module("onnxruntime")  # at the first use: who takes another engine need not wait for it
        self.name = name
        options = ort.SessionOptions()
        options.log_severity_level = 4  # what fails is raised; the log would be further lines
        self._num_threads = threads or num_cores()
        self._is_on_cpu = list(providers) == ["CPUExecutionProvider"]
        if self._is_on_cpu:
            options.intra_op_num_threads = 1
        elif threads is not None:
            options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._session = ort.InferenceSession(str(model_file.path), options, providers=list(providers))
        except Exception as fault:
            raise cannot_be_loaded(model_file, fault) from fault

    @property
    def inputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's inputs by name."""
        return {node.name: _sides(node.shape) for node in self._session.get_inputs()}

    @property
    def outputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's outputs by name."""
        return {node.name: _sides(node.shape) for node in self._session.get_outputs()}

    @property
    def providers(self) -> list[str]:
        """Return where the session computes, the preferred one first."""
        return list(self._session.get_providers())

    def run(self, images: np.ndarray) -> np.ndarray:
        """Return the logits, shape ``(N, num_classes)``, float32.

        Args:
            images: Prepared faces, shape ``(N, C, H, W)``, float32.
        """
        if not self._is_on_cpu:
            return self._run(images)
        size = min(PIECE, -(-len(images) // self._num_threads))
        pieces = [images[start : start + size] for start in range(0, len(images), size)]
        is_alone = self._num_threads == 1 or len(pieces) == 1
        return np.concatenate(list(map(self._run, pieces) if is_alone else self._pool.map(self._run, pieces)))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._num_threads, thread_name_prefix="onnxruntime")

    def _run(self, images: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self._session.run([OUTPUT_NAME], {INPUT_NAME: images})[0]
        return logits


def _sides(shape: Sequence[Any]) -> Sides:
    return tuple(side if isinstance(side, int) else None for side in shape)
