from collections.abc import Callable
from pathlib import Path

import pytest

from mien.benchmarks import engine_table
from tests.unit.app.cli.conftest import Ran


@pytest.fixture
def run_engines(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    rows = [engine_table.HEADER, ["compact", "onnxruntime", *["1"] * (len(engine_table.HEADER) - 2)]]
    monkeypatch.setattr(engine_table, "engine_rows", lambda *_, **__: rows)
    return lambda *arguments: run("engines", "compact", *arguments)


def test_engines_prints_a_table(run_engines: Callable[..., Ran]) -> None:
    done = run_engines()
    assert done.code == 0
    assert "same answer" in done.out
    assert "onnxruntime" in done.out


def test_engines_writes_its_part_of_a_document(run_engines: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "engines.md"
    file.write_text("before\n<!-- table: engines -->\nold\n<!-- /table -->\nafter\n")
    done = run_engines("--write", file)
    assert done.code == 0
    text = file.read_text()
    assert "old" not in text
    assert "| compact | onnxruntime |" in text
    assert text.endswith("<!-- /table -->\nafter\n")
