from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from mien.export.variants import quantize_to_int8, store_as_float16
from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import load_model_file
from tests.tiny_model import TINY_CONTRACT, make_weights, write_tiny_model

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 1, 48, 48)).astype(np.float32)


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny.onnx")


def answer(file: Path) -> np.ndarray:
    return OnnxRuntimeEngine(load_model_file(file), 1).run(IMAGES)


def test_weights_are_stored_as_float16_and_computed_with_in_float32(tiny_file: Path) -> None:
    model = onnx.load(tiny_file)
    smaller = store_as_float16(model)
    stored = {tensor.name: tensor for tensor in smaller.graph.initializer}
    assert stored["weights.float16"].data_type == TensorProto.FLOAT16
    assert {stored[name].data_type for name in ("mean", "std")} == {TensorProto.FLOAT}
    assert len(smaller.SerializeToString()) < 0.6 * len(model.SerializeToString())
    onnx.save(smaller, str(tiny_file))
    rounded = make_weights(TINY_CONTRACT).astype(np.float16).astype(np.float32)
    scaled = ((IMAGES - 127.5) / 64).reshape(len(IMAGES), -1)
    np.testing.assert_allclose(answer(tiny_file), scaled @ rounded, atol=1e-4)


def test_a_weight_beyond_float16_becomes_its_largest_number(tiny_file: Path) -> None:
    model = onnx.load(tiny_file)
    weights = next(tensor for tensor in model.graph.initializer if tensor.name == "weights")
    weights.CopyFrom(numpy_helper.from_array(np.full((2304, 7), 1e9, dtype=np.float32), "weights"))
    smaller = store_as_float16(model)
    stored = next(tensor for tensor in smaller.graph.initializer if tensor.name == "weights.float16")
    assert numpy_helper.to_array(stored).max() == 65504


def test_the_graph_that_is_given_stays(tiny_file: Path) -> None:
    model = onnx.load(tiny_file)
    before = model.SerializeToString()
    store_as_float16(model)
    assert model.SerializeToString() == before


def test_integers_answer_nearly_alike(tiny_file: Path) -> None:
    expected = answer(tiny_file)
    onnx.save(quantize_to_int8(tiny_file, IMAGES), str(tiny_file.with_name("int8.onnx")))
    quantized = onnx.load(tiny_file.with_name("int8.onnx"))
    assert TensorProto.INT8 in {tensor.data_type for tensor in quantized.graph.initializer}
    assert len(quantized.SerializeToString()) < 0.5 * tiny_file.stat().st_size
    file = write_with_contract(quantized, tiny_file.with_name("again.onnx"))
    assert 0 < np.abs(answer(file) - expected).max() < 0.05 * np.abs(expected).max()


def write_with_contract(graph: onnx.ModelProto, file: Path) -> Path:
    onnx.helper.set_model_props(graph, {"mien_contract": TINY_CONTRACT.to_json()})
    onnx.save(graph, str(file))
    return file
