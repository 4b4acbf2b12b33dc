import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import load_model_file


def test_run_gives_the_logits(
    tiny_model: Path, make_images: Callable[[int], np.ndarray], expect: Callable[[np.ndarray], np.ndarray]
) -> None:
    engine = OnnxRuntimeEngine(load_model_file(tiny_model), 1)
    np.testing.assert_allclose(engine.run(make_images(3)), expect(make_images(3)), atol=1e-3)
    assert (engine.name, engine.precision) == ("onnxruntime", "float32")


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("number", [1, 2, 8, 9, 33])
def test_a_batch_in_pieces_keeps_its_order_and_gives_the_same_to_the_bit(
    tiny_model: Path, make_images: Callable[[int], np.ndarray], threads: int, number: int
) -> None:
    engine, images = OnnxRuntimeEngine(load_model_file(tiny_model), threads), make_images(number)
    one_by_one = [engine.run(images[at : at + 1]) for at in range(number)]
    np.testing.assert_array_equal(engine.run(images), np.concatenate(one_by_one))


def test_threads_end_with_the_engine(tiny_model: Path, make_images: Callable[[int], np.ndarray]) -> None:
    before = set(threading.enumerate())
    engine = OnnxRuntimeEngine(load_model_file(tiny_model), 2)
    engine.run(make_images(33))
    own = [thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("onnxruntime")]
    assert own
    del engine
    for thread in own:
        thread.join(10)
    assert not any(thread.is_alive() for thread in own)


def test_sides_are_those_of_the_graph(tiny_model: Path) -> None:
    engine = OnnxRuntimeEngine(load_model_file(tiny_model), 1)
    assert engine.inputs == {"faces": (None, 1, 48, 48)}
    assert engine.outputs == {"logits": (None, 7)}


def test_onnxruntime_is_imported_when_it_is_used() -> None:
    program = "import sys, mien.recognition.recognizer; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
