from pathlib import Path

import onnx
import pytest

from mien.errors import ModelFileError
from mien.recognition.onnx_metadata import read_onnx_metadata
from tests.tiny_model import write_tiny_model


def test_read_onnx_metadata_equals_what_onnx_reads(tmp_path: Path) -> None:
    metadata = {"a": "1", "länger": "x" * 300_000, "empty": ""}
    path = write_tiny_model(tmp_path / "a.onnx", metadata=metadata)
    assert read_onnx_metadata(path) == metadata
    assert read_onnx_metadata(path) == {each.key: each.value for each in onnx.load(str(path)).metadata_props}


def test_read_onnx_metadata_of_a_file_without_any_is_empty(tmp_path: Path) -> None:
    assert read_onnx_metadata(write_tiny_model(tmp_path / "a.onnx", metadata={})) == {}


@pytest.mark.parametrize("share", [0.0005, 0.3, 0.9, 0.99])
def test_read_onnx_metadata_of_a_cut_file_says_so(tiny_model: Path, tmp_path: Path, share: float) -> None:
    whole = tiny_model.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelFileError, match=rf"^{path}: the model file is cut off at {path.stat().st_size} bytes; "):
        read_onnx_metadata(path)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", r"empty \(0 bytes\); expected an ONNX model file"),
        (b"PK\x03\x04", r"not an ONNX model file \(first byte 80, expected 8\)"),
        (b"\x08\x07", "the model file is cut off at 2 bytes"),
        (b"\x08\x07\x0b\x00", "a damaged ONNX model file; fetch it again"),
        (b"\x08" + b"\xff" * 12, "a damaged ONNX model file"),
        (b"\x08\x07\x3a\x00\x72\x04\x0a\x02\xff\xfe", "a damaged ONNX model file"),
    ],
    ids=["empty", "zip", "no graph", "wire type", "endless number", "text"],
)
def test_read_onnx_metadata_refuses(tmp_path: Path, contents: bytes, message: str) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(contents)
    with pytest.raises(ModelFileError, match=message):
        read_onnx_metadata(path)


def test_read_onnx_metadata_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone.onnx: no such model file"):
        read_onnx_metadata(tmp_path / "gone.onnx")


def test_read_onnx_metadata_names_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: is a directory"):
        read_onnx_metadata(tmp_path)


def test_read_onnx_metadata_passes_over_numbers_of_fixed_size(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(
        b"\x08\x07" + b"\x11" + b"\0" * 8 + b"\x15" + b"\0" * 4 + b"\x3a\x00" + b"\x72\x06\x0a\x01k\x12\x01v"
    )
    assert read_onnx_metadata(path) == {"k": "v"}
