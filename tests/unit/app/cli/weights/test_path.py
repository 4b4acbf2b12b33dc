from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.app.cli.conftest import Ran


def test_path_prints_the_place_of_a_file_or_the_folder(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    assert run("weights", "path", "yunet").out == f"{tmp_path / 'yunet_n_640_640.onnx'}\n"
    assert run("weights", "path").out == f"{tmp_path}\n"


def test_path_of_an_unknown_file_suggests_one(run: Callable[..., Ran]) -> None:
    done = run("weights", "path", "yune")
    assert (done.code, done.err) == (2, "error: unknown weights 'yune'; did you mean 'yunet'?\n")
