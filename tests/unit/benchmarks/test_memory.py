import subprocess
import sys
from pathlib import Path

import pytest

from mien.benchmarks import memory
from mien.benchmarks.memory import peak_megabytes

PROGRAM = """
from mien.benchmarks.memory import peak_megabytes
before = peak_megabytes()
held = bytearray(64 * 2**20)
held[::4096] = b"1" * len(held[::4096])
print(peak_megabytes() - before)
"""


def test_the_peak_grows_with_what_is_held() -> None:
    grown = float(subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout)
    assert 60 < grown < 80


def test_systems_without_a_status_file_are_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STATUS", Path("/nowhere"))
    assert peak_megabytes() > 10
