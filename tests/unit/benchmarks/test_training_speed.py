import re

import pytest
import torch

from mien.benchmarks import training_speed
from mien.benchmarks.training_speed import build_speed_recipe, measure_gpu, measure_memory, measure_rate, measure_steps
from mien.errors import MienError


def test_both_networks_are_measured_against_their_bare_step_and_a_plain_loop() -> None:
    measurements = measure_steps(steps=1, rounds=1)
    assert [measurement.bound for measurement in measurements] == [600, 80, 5, 450, 80, 5]
    assert [measurement.is_upper for measurement in measurements] == [False, False, True] * 2
    for measurement in measurements:
        assert measurement.value is not None
        assert measurement.value > (-100 if measurement.unit == "%" else 0)


def test_the_memory_is_that_of_a_process_with_so_many_faces() -> None:
    measurement = measure_memory(steps=1, counts=(128, 7))
    assert "on 135 faces" in measurement.name
    assert measurement.value is not None
    assert 100 < measurement.value < 5000


def test_a_process_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_speed, "_MEMORY_PROGRAM", "raise ValueError('no memory')")
    with pytest.raises(MienError, match=re.escape("training in a process of its own failed: ValueError: no memory")):
        measure_memory(steps=1)


def test_without_a_gpu_there_is_no_figure_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert measure_gpu().to_row()[1:] == ["", "at least 20,000 pictures/s", "not measured"]


def test_the_rate_counts_all_pictures_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps of four pictures in two and a half seconds; the first epoch does not count."""

    def train_on(*_: object, callbacks: list[training_speed.Stopwatch], **__: object) -> None:
        callbacks[0].seconds = {"whole": [99.0, 2.0], "end": [99.0, 0.5]}

    monkeypatch.setattr(training_speed, "train_on", train_on)
    assert measure_rate(build_speed_recipe(epochs=2, batch_size=4), steps=2) == 8 / 2.5
