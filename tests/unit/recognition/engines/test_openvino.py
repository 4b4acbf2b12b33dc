import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mien.errors import ModelFileError
from mien.recognition.engines import openvino as module
from mien.recognition.engines.engine import TOLERANCES
from mien.recognition.engines.openvino import OpenVinoEngine
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer

pytest.importorskip("openvino", reason="OpenVINO is not installed (mien[fast])")

ImageMaker = Callable[[int], np.ndarray]


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> OpenVinoEngine:
    return OpenVinoEngine(load_model_file(tiny_model), 2)


@pytest.mark.parametrize("number", [1, 2, 3, 31, 32, 33, 70])
def test_run_gives_a_row_for_each_image_in_their_order(
    engine: OpenVinoEngine, make_images: ImageMaker, expect: Callable[[np.ndarray], np.ndarray], number: int
) -> None:
    logits = engine.run(make_images(number))
    expected = expect(make_images(number))
    assert (logits.shape, logits.dtype) == ((number, 7), np.float32)
    assert np.abs(logits - expected).max() < 0.03 * np.abs(expected).max()  # bfloat16 has eight bits
    assert np.abs(logits - expected).max() < np.abs(expected - expected[::-1]).max() or number == 1


def test_an_answer_does_not_depend_on_the_batch(engine: OpenVinoEngine, make_images: ImageMaker) -> None:
    images = make_images(70)
    alone = np.concatenate([engine.run(images[row : row + 1]) for row in range(5)])
    np.testing.assert_allclose(engine.run(images)[:5], alone, atol=0.05)


def test_an_answer_is_not_overwritten_by_the_next(engine: OpenVinoEngine, make_images: ImageMaker) -> None:
    images = make_images(2)
    first = engine.run(images[:1])
    kept = first.copy()
    engine.run(images[1:])
    np.testing.assert_array_equal(first, kept)


def test_several_threads_may_ask(engine: OpenVinoEngine, make_images: ImageMaker) -> None:
    images = make_images(8)
    alone = [engine.run(images[row : row + 1]) for row in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda row: engine.run(images[row : row + 1]), range(8)))
    np.testing.assert_allclose(np.concatenate(together), np.concatenate(alone), atol=1e-6)


def test_sides_are_those_of_the_graph(engine: OpenVinoEngine) -> None:
    assert engine.inputs == {"faces": (None, 1, 48, 48)}
    assert engine.outputs == {"logits": (None, 7)}
    assert engine.precision in TOLERANCES


def test_sizes_are_filled_up_so_that_few_are_compiled(make_images: ImageMaker) -> None:
    filled = module._fill_up(make_images(5))
    assert filled.shape == (8, 1, 48, 48)
    np.testing.assert_array_equal(filled[:5], make_images(5))
    assert not filled[5:].any()


def test_a_damaged_network_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(tiny_model.read_bytes().replace(b"MatMul", b"MutMal"))
    with pytest.raises(ModelFileError, match=r"^\S*damaged.onnx: the network cannot be loaded \(.*\)$"):
        OpenVinoEngine(load_model_file(damaged), 1)


def test_the_shipped_model_answers_within_the_tolerance() -> None:
    model_file = load_model_file("compact")
    faces = np.random.default_rng(0).integers(0, 256, (64, 48, 48), dtype=np.uint8)
    fast, plain = (Recognizer(model_file, 1, engine=name) for name in ("openvino", "onnxruntime"))
    difference = np.abs(fast.predict_probabilities(faces) - plain.predict_probabilities(faces)).max()
    assert difference <= TOLERANCES[fast.engine.precision]


def test_an_interrupt_after_two_engines_are_gone_raises_as_ever(tiny_model: Path) -> None:
    code = (
        "import os, signal, sys; from mien.recognition.engines.openvino import OpenVinoEngine\n"
        "from mien.recognition.model_file import load_model_file\n"
        "first, second = (OpenVinoEngine(load_model_file(sys.argv[1]), 1) for _ in range(2))\n"
        "del first; del second\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt: print('raised')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tiny_model)], capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, b"raised\n")
