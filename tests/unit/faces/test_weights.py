from pathlib import Path

import pytest

from mien.errors import MienError
from mien.faces.weights import find_weights


def test_find_weights_prefers_the_file_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (tmp_path / "net.onnx").write_text("a")
    (tmp_path / "mine.onnx").write_text("b")
    arguments = {"needed_by": "detector 'x'", "address": "https://example.org/net.onnx"}
    assert find_weights("net.onnx", None, **arguments) == tmp_path / "net.onnx"
    assert find_weights("net.onnx", tmp_path / "mine.onnx", **arguments) == tmp_path / "mine.onnx"


def test_find_weights_says_where_to_put_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    with pytest.raises(MienError) as caught:
        find_weights("net.onnx", None, needed_by="detector 'x'", address="https://example.org/net.onnx")
    assert str(caught.value) == (
        f"detector 'x' needs {tmp_path / 'net.onnx'}, which is not there; "
        "fetch https://example.org/net.onnx or name a file (--detector-model)"
    )


def test_find_weights_names_a_given_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"gone.onnx: no such file; detector 'x' needs net.onnx from https://e"):
        find_weights("net.onnx", tmp_path / "gone.onnx", needed_by="detector 'x'", address="https://e")
