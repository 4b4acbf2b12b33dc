from pathlib import Path

import pytest

from mien.benchmarks.recognition_speed import (
    measure_engines,
    measure_light_install,
    measure_recognizer,
    this_python,
)
from mien.errors import MienError, ModelFileError
from mien.recognition.engines import choice

PICTURE = Path(__file__).resolve().parents[3] / "examples" / "pictures" / "astronaut.png"


def test_the_light_install_is_measured_in_new_processes() -> None:
    names = [measurement.name for measurement in measure_light_install(this_python(), PICTURE, rounds=1)]
    assert names == [
        "import mien", "mien analyze astronaut.png in a new process", "site-packages of the light install",
    ]  # fmt: skip


def test_a_program_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"-m mien analyze failed: .*nowhere\.png"):
        measure_light_install(this_python(), tmp_path / "nowhere.png", rounds=1)


def test_the_recognizer_is_measured_on_one_face() -> None:
    speed, size = measure_recognizer(rounds=10)
    assert 0 < speed.value < 100
    assert 0.5 < size.value <= size.bound


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ModelFileError, match="unknown model 'compakt'"):
        measure_recognizer("compakt")


def test_engines_are_measured_in_batches_and_on_one_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: None)
    plain, fast, single = measure_engines(rounds=1, num_faces=8)
    assert (plain.bound, plain.is_upper, plain.unit) == (1400, False, "faces/s")
    assert plain.value > 0
    assert (fast.bound, fast.verdict) == (6000, "not measured")
    assert single.name == "one face by compact on one core, prepared, onnxruntime"
    assert 0 < single.value < 1000
