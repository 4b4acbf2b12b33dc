"""The custom metadata of an ONNX file, read from its first level without loading the network.

A session takes tens of milliseconds to build and hides what is wrong with a damaged file; this takes one.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mien.errors import ModelFileError

_FIRST_BYTE = b"\x08"
"""Every ONNX file begins with its IR version: field 1, a varint."""

_GRAPH_FIELD, _METADATA_FIELD = 7, 14
_KEY_FIELD, _VALUE_FIELD = 1, 2
_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def read_onnx_metadata(path: Path) -> dict[str, str]:
    """Return the custom metadata of an ONNX file; empty where it has none.

    Source: https://protobuf.dev/programming-guides/encoding/ and onnx.proto of ONNX (``ModelProto``).

    Args:
        path: The ONNX file.

    Raises:
        ModelFileError: If the file is missing, empty, cut off, damaged, or not ONNX.
    """
    try:
        with path.open("rb") as file:
            return _read_metadata(file, path)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelFileError(f"{path}: no such model file") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error


def _read_metadata(file: BinaryIO, path: Path) -> dict[str, str]:
    num_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    first = file.read(1)
    file.seek(0)
    if not first:
        raise ModelFileError(f"{path}: empty (0 bytes); expected an ONNX model file")
    if first != _FIRST_BYTE:
        raise ModelFileError(f"{path}: not an ONNX model file (first byte {first[0]}, expected {_FIRST_BYTE[0]})")
    try:
        fields = list(_read_fields(file, num_bytes, wanted=_METADATA_FIELD))
        entries = [_read_entry(contents) for field, contents in fields if field == _METADATA_FIELD]
    except EOFError:
        raise ModelFileError(f"{path}: the model file is cut off at {num_bytes} bytes; fetch it again") from None
    except (ValueError, MemoryError):
        raise ModelFileError(f"{path}: a damaged ONNX model file; fetch it again") from None
    if _GRAPH_FIELD not in {field for field, _ in fields}:
        raise ModelFileError(f"{path}: the model file is cut off at {num_bytes} bytes; fetch it again")
    return dict(entries)


def _read_entry(contents: bytes) -> tuple[str, str]:
    texts = dict(_read_fields(io.BytesIO(contents), len(contents)))
    return texts.get(_KEY_FIELD, b"").decode("utf-8"), texts.get(_VALUE_FIELD, b"").decode("utf-8")


def _read_fields(file: BinaryIO, end: int, *, wanted: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield number and contents of each field on one level; only the wanted field's contents are read, or all."""
    while file.tell() < end:
        tag = _read_varint(file)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            _read_varint(file)
            yield field, b""
            continue
        size = _read_size(file, wire_type)
        if file.tell() + size > end:
            raise EOFError
        if wanted in (None, field):
            yield field, file.read(size)
        else:
            file.seek(size, io.SEEK_CUR)
            yield field, b""


def _read_size(file: BinaryIO, wire_type: int) -> int:
    if wire_type == _LENGTH_DELIMITED:
        return _read_varint(file)
    if wire_type in (_FIXED64, _FIXED32):
        return 8 if wire_type == _FIXED64 else 4
    raise ValueError(f"no wire type of protobuf: {wire_type}")


def _read_varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return value
    raise ValueError("a varint has at most ten bytes")
