from pathlib import Path

import pytest
from tests.command_line import run_mien

from mien.benchmarks import reading
from mien.benchmarks.measurement import Measurement


def test_bench_prints_machine_figures_and_bounds(fer2013_csv: Path) -> None:
    done = run_mien("bench", "--only", "reading", "--csv", fer2013_csv)
    assert done.code == 0
    assert done.out.startswith("machine: ")
    assert "at most 2.5 s" in done.out
    assert "met" in done.out


def test_a_bound_missed_by_half_is_exit_code_1(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [Measurement("read FER2013's CSV", 5.1, "s", 2.5)]
    monkeypatch.setattr(reading, "measure_reading", lambda _: slow)
    done = run_mien("bench", "--only", "reading", "--csv", fer2013_csv)
    assert done.code == 1
    assert "missed by half" in done.out


def test_an_unknown_part_is_refused() -> None:
    done = run_mien("bench", "--only", "writing")
    assert done.code == 2
    assert "unknown part 'writing'" in done.err
