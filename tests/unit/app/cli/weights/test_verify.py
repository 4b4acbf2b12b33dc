from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.app.cli.conftest import Ran

YUNET = Path(__file__).resolve().parents[6] / "shared" / "models" / "yunet_n_640_640.onnx"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    return tmp_path


def test_verify_says_that_a_file_is_right(run: Callable[..., Ran], folder: Path) -> None:
    if not YUNET.is_file():
        pytest.skip("the YuNet file is not here (../shared/models)")
    (folder / YUNET.name).write_bytes(YUNET.read_bytes())
    done = run("weights", "verify")
    assert (done.code, done.out, done.err) == (0, f"yunet: {folder / YUNET.name} is right\n", "")


def test_verify_of_a_damaged_file_exits_with_2(run: Callable[..., Ran], folder: Path) -> None:
    (folder / YUNET.name).write_bytes(b"cut")
    done = run("weights", "verify")
    assert done.code == 2
    assert "3 bytes, expected 317466; remove it and fetch it again with: mien weights pull yunet" in done.err


def test_verify_of_a_missing_file_exits_with_2_where_it_was_named(run: Callable[..., Ran], folder: Path) -> None:
    named, unnamed = run("weights", "verify", "yunet"), run("weights", "verify")
    assert named.code == 2
    assert "which is not there; get it with: mien weights pull yunet" in named.err
    assert (unnamed.code, unnamed.out) == (0, "none of the files is there; mien weights list names them\n")
