"""A model file small enough to be made for a test: one layer whose answers NumPy can work out too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mien.expressions import FER2013_EXPRESSIONS
from mien.recognition.model_file import METADATA_KEY, Contract

TINY_CONTRACT = Contract(
    name="tiny",
    expressions=FER2013_EXPRESSIONS,
    input_size_hw=(48, 48),
    colour="grey",
    preparation=({"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48], "filter": "bilinear"}),
    crop_margins={"none": 0.0, "haar": 0.1, "yunet": 0.3},
    views=("plain", "flip"),
    mean=(127.5,),
    std=(64.0,),
    temperature=1.5,
    unsure_below=0.2,
    data_fingerprint="data-1",
    splits_seen={"training": "trained on", "validation": "chosen on"},
    scores={"validation": {"accuracy": 0.6789}, "note": "made up"},
    crop_margin_losses={"haar": {"0.1": 0.02}},
    recipe={"name": "tiny", "training": {"epochs": 2}},
    weights_fingerprint="weights-1",
    licence="MIT",
    mien_version="0.1.0",
)


def make_weights(contract: Contract) -> np.ndarray:
    """Return the one layer's weights, shape ``(num_pixels, num_classes)``, float32."""
    num_inputs = contract.num_channels * contract.input_size_hw[0] * contract.input_size_hw[1]
    random = np.random.default_rng(0)
    return random.normal(scale=0.03, size=(num_inputs, len(contract.expressions))).astype(np.float32)


def write_tiny_model(
    path: Path, contract: Contract = TINY_CONTRACT, *, metadata: dict[str, str] | None = None, num_classes: int = 0
) -> Path:
    """Write the model; ``metadata`` replaces the contract's, ``num_classes`` the contract's number of classes."""
    weights = make_weights(
        replace(contract, expressions=tuple("abcdefghij"[:num_classes])) if num_classes else contract
    )
    constants = {"mean": np.float32(contract.mean[0]), "std": np.float32(contract.std[0]), "weights": weights}
    nodes = [
        helper.make_node("Sub", ["faces", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "std"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    sides = [contract.num_channels, *contract.input_size_hw]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["N", *sides])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", weights.shape[1]])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()} if metadata is None else metadata)
    onnx.save(model, str(path))
    return path
