from collections.abc import Callable
from pathlib import Path

import pytest

from mien.benchmarks import reading
from mien.benchmarks.measurement import Measurement
from tests.unit.app.cli.conftest import Ran


def test_bench_prints_machine_figures_and_bounds(run: Callable[..., Ran], fer2013_csv: Path) -> None:
    done = run("bench", "--only", "reading", "--csv", fer2013_csv)
    assert done.code == 0
    assert done.out.startswith("machine: ")
    assert "at most 2.5 s" in done.out
    assert "met" in done.out


def test_a_bound_missed_by_half_is_exit_code_1(
    run: Callable[..., Ran], fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = [Measurement("read FER2013's CSV", 5.1, "s", 2.5)]
    monkeypatch.setattr(reading, "measure_reading", lambda _: slow)
    done = run("bench", "--only", "reading", "--csv", fer2013_csv)
    assert done.code == 1
    assert "missed by half" in done.out


@pytest.mark.parametrize(
    ("part", "measure"),
    [
        ("live", "live_speed.measure_live"),
        ("training", "training_speed.measure_training"),
        ("plain loop", "plain_loop.measure_plain_loop"),
        ("judging", "judging_speed.measure_judging"),
        ("explanation", "explanation_speed.measure_explanation"),
    ],
)
def test_each_part_has_its_measure(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, part: str, measure: str
) -> None:
    figures = [Measurement("a figure", 1.0, "s", 2.5)]
    monkeypatch.setattr(f"mien.benchmarks.{measure}", lambda *_: figures)
    done = run("bench", "--only", part)
    assert (done.code, "a figure" in done.out) == (0, True)


def test_an_unknown_part_is_refused(run: Callable[..., Ran]) -> None:
    done = run("bench", "--only", "writing")
    assert done.code == 2
    assert "unknown part 'writing'" in done.err
