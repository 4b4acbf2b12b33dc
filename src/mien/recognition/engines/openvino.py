"""OpenVINO on the CPU, which ``mien[fast]`` brings: bfloat16 where the processor has it, else float32."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np

from mien.recognition.engines.engine import Sides, cannot_be_loaded, num_cores
from mien.recognition.model_file import OUTPUT_NAME, ModelFile

PIECE = 32
"""Images of a large batch that go to one core at once."""

_PRECISIONS = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}


class OpenVinoEngine:
    """A network compiled by OpenVINO.

    A small batch runs in the calling thread: handing it to another costs more than it takes, and much more where other
    programs run. A large one is cut into pieces over all cores. Every size of a batch is compiled when it first comes,
    for which several batches could run; so sizes are filled up to the next power of two.

    Args:
        model_file: The model.
        threads: Threads of the network; all cores where none is given.

    Raises:
        ModelFileError: If the network cannot be loaded.
    """

    name = "openvino"

    def __init__(self, model_file: ModelFile, threads: int | None = None) -> None:
        self._openvino: Any = import_module("openvino")
        self._threads = threads or num_cores()
        try:
            self._model = _core().read_model(str(model_file.path))
            one_core = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
            compiled = _core().compile_model(self._model, "CPU", one_core)
            # What OpenVINO takes by itself: bfloat16 where the processor computes in it.
            self.precision = _PRECISIONS[compiled.get_property("INFERENCE_PRECISION_HINT").to_string()]
        except Exception as fault:
            raise cannot_be_loaded(model_file, fault) from fault
        self._request = compiled.create_infer_request()
        self._queue: Any = None
        self._lock = Lock()  # a request answers one caller at a time

    @property
    def inputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's inputs by name."""
        return {node.any_name: _sides(node.partial_shape) for node in self._model.inputs}

    @property
    def outputs(self) -> Mapping[str, Sides]:
        """Return the sides of the graph's outputs by name."""
        return {node.any_name: _sides(node.partial_shape) for node in self._model.outputs}

    def run(self, images: np.ndarray) -> np.ndarray:
        """Return the logits, shape ``(N, num_classes)``, float32.

        Args:
            images: Prepared faces, shape ``(N, C, H, W)``, float32.
        """
        with self._lock:
            if self._threads > 1 and len(images) > PIECE:
                return self._run_on_all_cores(images)
            return self._run_here(images)

    def _run_here(self, images: np.ndarray) -> np.ndarray:
        pieces = []
        for piece in _pieces(images):
            self._request.infer({0: _fill_up(piece)}, share_inputs=True)
            pieces.append(self._request.get_tensor(OUTPUT_NAME).data[: len(piece)].copy())
        return np.concatenate(pieces)

    def _run_on_all_cores(self, images: np.ndarray) -> np.ndarray:
        if self._queue is None:
            self._queue = self._start_queue()
        pieces: dict[int, np.ndarray] = {}

        def keep(request: Any, place: tuple[int, int]) -> None:
            number, size = place
            pieces[number] = request.get_tensor(OUTPUT_NAME).data[:size].copy()

        self._queue.set_callback(keep)
        for number, piece in enumerate(_pieces(images)):
            self._queue.start_async({0: _fill_up(piece)}, (number, len(piece)))
        self._queue.wait_all()
        return np.concatenate([pieces[number] for number in sorted(pieces)])

    def _start_queue(self) -> Any:
        """Return a queue with one core a request; compiled when the first large batch comes."""
        streams = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": self._threads}
        threads = {"INFERENCE_NUM_THREADS": self._threads, "ENABLE_CPU_PINNING": False}
        compiled = _core().compile_model(self._model, "CPU", streams | threads)
        return self._openvino.AsyncInferQueue(compiled, self._threads)


@cache
def _core() -> Any:
    """Return OpenVINO's state, one for the whole process.

    Each has a signal stack of its own, which it takes from the thread and gives back when it goes. Of two, gone in the
    order in which they came, the second puts back the freed stack of the first, and the next Ctrl-C ends the process.
    """
    return import_module("openvino").Core()


def _pieces(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + PIECE] for start in range(0, len(images), PIECE))


def _fill_up(images: np.ndarray) -> np.ndarray:
    """Return the images with black ones behind them, so many that their number is a power of two."""
    missing = (1 << (len(images) - 1).bit_length()) - len(images)
    if not missing:
        return images
    return np.concatenate([images, np.zeros((missing, *images.shape[1:]), dtype=images.dtype)])


def _sides(shape: Any) -> Sides:
    return tuple(None if side.is_dynamic else side.get_length() for side in shape)
