"""A network as an ONNX graph: mean and standard deviation inside, any batch size, every weight under its name."""

import logging
import warnings
from typing import Any

import torch
from torch import nn

from mien.errors import ExportError
from mien.models import Classifier
from mien.models.normalised import NormalisedNetwork


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

    Raises:
        ExportError: If torch cannot write the network as ONNX.
    """
    whole = NormalisedNetwork(network.eval(), mean=mean, std=std)
    return build_graph(whole, in_channels=network.in_channels, size_hw=size_hw)


def build_graph(module: nn.Module, *, in_channels: int, size_hw: tuple[int, int]) -> Any:
    """Return a module that normalises faces itself as an ``onnx.ModelProto``, like `build_onnx_graph`.

    Args:
        module: Takes faces of 0..255, float32 ``(N, C, H, W)``, and gives logits.
        in_channels: Channels of the faces.
        size_hw: Height and width of the faces in pixels.

    Raises:
        ExportError: If torch cannot write the module as ONNX.
    """
    whole = module.eval()
    example = torch.zeros(2, in_channels, *size_hw)
    with warnings.catch_warnings(), _quiet("torch.onnx", "onnxscript", "onnx_ir"):
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                whole,
                (example,),
                input_names=["faces"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                dynamo=True,
                verbose=False,
                optimize=False,
            )
        except torch.onnx.OnnxExporterError as fault:
            reason = str(fault.__cause__ or fault).strip().partition("\n")[0]
            raise ExportError(f"torch cannot write this network as ONNX ({reason}); take another") from fault
        assert program is not None
        _optimize(program.model)
    return _without_traces(program.model_proto)


def _optimize(model: Any) -> None:
    """Fold and fuse in place what the exporter would, but leave each weight in its shape and under its name.

    `mien.models.rebuilding` finds the weights by their names. What is computed from weights alone, such as a transposed
    matrix, is folded by whatever runs the file, when it loads it.
    """
    from onnxscript import ir, optimizer, rewriter

    passes, weights = ir.passes.common, set(model.graph.initializers)

    def is_folded(node: Any) -> bool | None:
        return False if any(value is not None and value.name in weights for value in node.inputs) else None

    passes.InlinePass()(model)
    for _ in range(2):  # as often as the exporter does: what was fused leaves more to fold
        optimizer.fold_constants_ir(model, onnx_shape_inference=True, should_fold=is_folded)
        rewriter.rewrite(model)
    passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    passes.CommonSubexpressionEliminationPass()(model)
    passes.OutputFixPass()(model)
    passes.NameFixPass()(model)


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
