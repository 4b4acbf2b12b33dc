"""The recognizer: a model file that answers with probabilities, fed exactly by its contract."""

from collections.abc import Iterable, Iterator

import numpy as np

from mien.errors import ModelFileError
from mien.images.preparation import prepare_faces
from mien.recognition.calibrators import calibrator_from_contract
from mien.recognition.engines.choice import AUTO, start_engine
from mien.recognition.engines.engine import Engine
from mien.recognition.model_file import INPUT_NAME, OUTPUT_NAME, Contract, ModelFile

LARGEST_RUN = 256
"""Faces, counting every view, that go through the network at once."""


class Recognizer:
    """Reads expressions from prepared faces.

    Args:
        model_file: The model and its contract.
        threads: Threads of the network; all cores where none is given.
        engine: What computes: ``onnxruntime``, whose float32 all figures are made with, ``openvino``, ``cuda``, or
            ``auto``, the fastest that starts. Another than the first may differ by its tolerance.
        num_pictures: How many pictures are to come; ``auto`` keeps to ONNX Runtime for few. None if not known.

    Attributes:
        engine: The engine that answers.
        passed_over: By name of each engine that ``auto`` would have preferred, why it does not.

    Raises:
        ModelFileError: If the network is damaged or does not fit its contract.
        EngineError: If the engine is unknown or cannot be used here.
        MissingExtraError: If the engine is not installed.
    """

    def __init__(
        self,
        model_file: ModelFile,
        threads: int | None = None,
        *,
        engine: str = AUTO,
        num_pictures: int | None = None,
    ) -> None:
        self.contract: Contract = model_file.contract
        self._dtype = self.contract.input_dtype
        self._calibrator = calibrator_from_contract(
            self.contract.temperature, self.contract.calibrator, num_classes=len(self.contract.expressions)
        )
        started = start_engine(model_file, engine, threads=threads, num_pictures=num_pictures)
        self.engine, self.passed_over = started.engine, started.passed_over
        _check_graph(self.engine, model_file)

    def prepare(self, crops: Iterable[np.ndarray]) -> np.ndarray:
        """Return crops as the network wants them, by the contract's steps.

        Args:
            crops: Faces of any size, each ``(H, W)`` or ``(H, W, 3)``, uint8, RGB; at least one.

        Returns:
            Shape ``(N, H, W)`` for a grey model, ``(N, H, W, 3)`` for a colour one, of the contract's input dtype.
        """
        return prepare_faces(crops, self.contract.preparation)

    def predict_logits(self, faces: np.ndarray) -> np.ndarray:
        """Return the logits, averaged over the contract's views.

        Args:
            faces: Prepared faces, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB; float32 where the contract's
                steps leave such. N may be 0.

        Returns:
            Shape ``(N, num_classes)``, float32.

        Raises:
            ValueError: If shape or dtype are not the contract's.
        """
        self._check_faces(faces)
        num_classes = len(self.contract.expressions)
        logits = np.empty((len(faces), num_classes), dtype=np.float32)
        for rows in _chunks(len(faces), max(1, LARGEST_RUN // len(self.contract.views))):
            logits[rows] = self._run(faces[rows])
        return logits

    def predict_probabilities(self, faces: np.ndarray) -> np.ndarray:
        """Return the probabilities that the contract's calibrator, mostly a temperature, makes of the logits.

        Args:
            faces: Prepared faces, as for ``predict_logits``.

        Returns:
            Shape ``(N, num_classes)``, float32, in the order of the contract's expressions; rows sum to 1.

        Raises:
            ValueError: If shape or dtype are not the contract's.
        """
        return self._calibrator.apply(self.predict_logits(faces))

    def _check_faces(self, faces: np.ndarray) -> None:
        channels = () if self.contract.colour == "grey" else (3,)
        expected = (*self.contract.input_size_hw, *channels)
        if faces.dtype != self._dtype or faces.shape[1:] != expected:
            wanted = ", ".join(str(side) for side in ("N", *expected))
            raise ValueError(f"faces must be ({wanted}) {self._dtype}, got {faces.shape} {faces.dtype}")

    def to_images(self, faces: np.ndarray) -> np.ndarray:
        """Return prepared faces as the graph's input, shape ``(N, C, H, W)``, float32.

        Args:
            faces: Prepared faces, as for ``predict_logits``.
        """
        images = faces[:, None] if faces.ndim == 3 else faces.transpose(0, 3, 1, 2)
        return images.astype(np.float32)

    def _run(self, faces: np.ndarray) -> np.ndarray:
        images = self.to_images(faces)
        views = self.contract.views
        batch = images if views == ("plain",) else np.concatenate([_view(images, view) for view in views])
        logits = self.engine.run(np.ascontiguousarray(batch))
        mean_logits: np.ndarray = logits.reshape(len(views), len(faces), -1).mean(axis=0)
        return mean_logits


def _view(images: np.ndarray, view: str) -> np.ndarray:
    return images[..., ::-1] if view == "flip" else images


def _chunks(length: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, length)) for start in range(0, length, size))


def _check_graph(engine: Engine, model_file: ModelFile) -> None:
    contract = model_file.contract
    inputs = {name: sides[1:] for name, sides in engine.inputs.items()}
    outputs = {name: sides[-1] for name, sides in engine.outputs.items()}
    expected = [contract.num_channels, *contract.input_size_hw]
    if list(inputs) != [INPUT_NAME] or OUTPUT_NAME not in outputs:
        raise ModelFileError(
            f"{model_file.path}: the graph must go from {INPUT_NAME!r} to {OUTPUT_NAME!r}, "
            f"got {', '.join(inputs)} to {', '.join(outputs)}"
        )
    stated = [wanted if side is None else side for side, wanted in zip(inputs[INPUT_NAME], expected, strict=False)]
    if stated != expected:
        raise ModelFileError(f"{model_file.path}: the contract's input is {expected}, the graph's is {stated}")
    num_classes = outputs[OUTPUT_NAME]
    if num_classes is not None and num_classes != len(contract.expressions):
        raise ModelFileError(
            f"{model_file.path}: the contract names {len(contract.expressions)} expressions, "
            f"the graph has {num_classes} logits"
        )
