"""Smaller variants of a model file's graph: weights stored as float16, or all of it in 8-bit integers.

``mien.export.quantize`` measures one and writes it with its contract.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT16, INT8 = "float16", "int8"
PRECISIONS = (FLOAT16, INT8)

SMALLEST_TENSOR = 64
"""Tensors with fewer numbers, such as mean and standard deviation, stay float32: they would save nothing."""

BATCH = 64


def store_as_float16(model: Any) -> Any:
    """Return a graph whose weights are stored as float16 and computed with in float32.

    A ``Cast`` behind each weight makes float32 of it; an engine does that once, when it loads the file.

    Args:
        model: An ``onnx.ModelProto``; it is left as it is.

    Returns:
        A new ``onnx.ModelProto`` of about half the size.
    """
    from onnx import ModelProto, TensorProto, helper, numpy_helper

    smaller = ModelProto()
    smaller.CopyFrom(model)
    casts = []
    for tensor in smaller.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST_TENSOR:
            continue
        name, stored = tensor.name, f"{tensor.name}.float16"
        limit = np.finfo(np.float16).max
        weights = np.clip(numpy_helper.to_array(tensor), -limit, limit).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(weights, stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}.to_float32", to=TensorProto.FLOAT))
    nodes = [*casts, *smaller.graph.node]
    del smaller.graph.node[:]
    smaller.graph.node.extend(nodes)
    return smaller


def quantize_to_int8(file: Path, images: NDArray[np.float32]) -> Any:
    """Return a graph that computes in 8-bit integers, by static quantisation with ONNX Runtime's tool.

    Weights are signed, with a scale of each channel's own; what flows between layers is unsigned, with a scale and a
    zero from the smallest and largest values that the given images cause.

    Source: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html

    Args:
        file: The model file.
        images: Prepared training faces, shape ``(N, C, H, W)``, float32, a few hundred.

    Returns:
        An ``onnx.ModelProto`` of about a quarter of the size.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        fused, quantized = Path(folder) / "fused.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(str(file), str(fused), skip_symbolic_shape=True)
        quantize_static(
            str(fused),
            str(quantized),
            _make_reader(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
        return onnx.load(str(quantized))


def _make_reader(images: NDArray[np.float32]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    from mien.recognition.model_file import INPUT_NAME

    class Batches(CalibrationDataReader):  # type: ignore[misc]
        """Gives the images batch by batch."""

        def __init__(self) -> None:
            starts = range(0, len(images), BATCH)
            self._batches = iter([{INPUT_NAME: images[start : start + BATCH]} for start in starts])

        def get_next(self) -> Mapping[str, NDArray[np.float32]] | None:
            """Return the next batch, or none."""
            return next(self._batches, None)

    return Batches()
