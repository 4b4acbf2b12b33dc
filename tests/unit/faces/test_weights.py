import hashlib
from pathlib import Path

import pytest

from mien.errors import MienError
from mien.faces.weights import WeightsFile, hash_file

CONTENT = b"a network"
NET = WeightsFile(
    name="net",
    file_name="net.onnx",
    address="https://example.org/net.onnx",
    num_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    needed_by="detector 'x'",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    return tmp_path


def test_find_prefers_the_file_that_was_given(folder: Path) -> None:
    (folder / "net.onnx").write_text("a")
    (folder / "mine.onnx").write_text("b")
    assert NET.find() == folder / "net.onnx"
    assert NET.find(folder / "mine.onnx") == folder / "mine.onnx"


def test_find_says_how_to_get_a_missing_file(folder: Path) -> None:
    with pytest.raises(MienError) as caught:
        NET.find()
    assert str(caught.value) == (
        f"detector 'x' needs {folder / 'net.onnx'}, which is not there; "
        "get it with: mien weights pull net, or put https://example.org/net.onnx there"
    )


def test_find_names_a_given_file_that_is_missing(folder: Path) -> None:
    with pytest.raises(MienError, match=r"gone.onnx: no such file; detector 'x' needs net.onnx from https://example"):
        NET.find(folder / "gone.onnx")


def test_check_takes_this_very_file(folder: Path) -> None:
    (folder / "net.onnx").write_bytes(CONTENT)
    NET.check()
    assert NET.is_there
    assert NET.is_right


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"another", r"net.onnx: 7 bytes, expected 9; remove it and fetch it again with: mien weights pull net"),
        (b"b network", r"net.onnx: SHA-256 \w{12}\.\.\., expected \w{12}\.\.\.; remove it and fetch it again"),
    ],
)
def test_check_refuses_another_file(content: bytes, message: str, folder: Path) -> None:
    (folder / "net.onnx").write_bytes(content)
    assert NET.is_there
    assert not NET.is_right
    with pytest.raises(MienError, match=message):
        NET.check()


def test_check_of_a_missing_file_says_how_to_get_it() -> None:
    assert not NET.is_right
    with pytest.raises(MienError, match="mien weights pull net"):
        NET.check()


def test_hash_file_says_why_a_file_cannot_be_read(folder: Path) -> None:
    with pytest.raises(MienError, match="gone: cannot be read: no such file or directory"):
        hash_file(folder / "gone")
