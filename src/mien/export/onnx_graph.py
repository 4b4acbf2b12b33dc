"""A network as an ONNX graph: mean and standard deviation inside, any batch size."""

import logging
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from mien.models import Classifier
from mien.models.outputs import to_logits


class NormalisedNetwork(nn.Module):
    """A network that takes faces of 0..255 and normalises them itself, and gives logits whatever its activation.

    Args:
        network: The network, in evaluation mode.
        mean: Mean grey value that it was trained with.
        std: Standard deviation of the same.

    Shape:
        ``(N, C, H, W)`` float32 in 0..255 to ``(N, num_classes)`` logits.
    """

    def __init__(self, network: Classifier, *, mean: float, std: float) -> None:
        super().__init__()
        self.network, self.mean, self.std = network, mean, std

    def forward(self, faces: Tensor) -> Tensor:
        """Return logits, whose softmax are the network's probabilities."""
        return to_logits(self.network((faces - self.mean) / self.std), self.network.output_activation)


def build_onnx_graph(network: Classifier, *, size_hw: tuple[int, int], mean: float, std: float) -> Any:
    """Return the network as an ``onnx.ModelProto`` with input ``faces`` and output ``logits``.

    Args:
        network: The trained network.
        size_hw: Height and width of its input in pixels.
        mean: Mean grey value that it was trained with.
        std: Standard deviation of the same.

    Returns:
        A model that takes ``faces``, float32 ``(N, C, H, W)`` in 0..255, and gives ``logits``, float32
        ``(N, num_classes)``.
    """
    whole = NormalisedNetwork(network.eval(), mean=mean, std=std).eval()
    example = torch.zeros(2, network.in_channels, *size_hw)
    with warnings.catch_warnings(), _quiet("torch.onnx", "onnxscript", "onnx_ir"):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            whole,
            (example,),
            input_names=["faces"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return _without_traces(program.model_proto)


def _without_traces(model: Any) -> Any:
    """Return the model without what the exporter notes of the machine: paths and stack traces of every node."""
    for element in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, model.graph):
        element.ClearField("metadata_props")
        element.ClearField("doc_string")
    for tensor in model.graph.initializer:
        tensor.ClearField("metadata_props")
        tensor.ClearField("doc_string")
    return model


class _quiet:  # noqa: N801 - reads like a statement
    """Keeps the exporter's own loggers below warnings silent for a block."""

    def __init__(self, *names: str) -> None:
        self.loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self.loggers, self.levels, strict=True):
            logger.setLevel(level)
