import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import load_model_file


def test_run_gives_the_logits(
    tiny_model: Path, make_images: Callable[[int], np.ndarray], expect: Callable[[np.ndarray], np.ndarray]
) -> None:
    engine = OnnxRuntimeEngine(load_model_file(tiny_model), 1)
    np.testing.assert_allclose(engine.run(make_images(3)), expect(make_images(3)), atol=1e-3)
    assert (engine.name, engine.precision) == ("onnxruntime", "float32")


def test_sides_are_those_of_the_graph(tiny_model: Path) -> None:
    engine = OnnxRuntimeEngine(load_model_file(tiny_model), 1)
    assert engine.inputs == {"faces": (None, 1, 48, 48)}
    assert engine.outputs == {"logits": (None, 7)}


def test_onnxruntime_is_imported_when_it_is_used() -> None:
    program = "import sys, mien.recognition.recognizer; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
