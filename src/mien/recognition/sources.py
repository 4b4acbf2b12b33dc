"""What can be analysed: files, folders, bytes, arrays, standard input, and any sequence of these.

A source that cannot be read stays in the list with its fault, so that every input gives one result.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from mien.errors import PictureError
from mien.images.reading import EXPECTED_FORMATS, PICTURE_SUFFIXES, Picture, read_picture

STANDARD_INPUT = "-"
"""The path that stands for a picture on standard input."""

Source: TypeAlias = str | Path | bytes | bytearray | np.ndarray | Iterable["Source"]
"""What ``analyze`` accepts; an array of four dimensions counts as a sequence of pictures."""


@dataclass(frozen=True, eq=False)
class PictureSource:
    """One picture that has not been read yet.

    Args:
        name: What results and messages call it; the path of a file.
        content: File, bytes of a file, array, or the fault that was found in its place.
        colour: Order of an array's channels, ``rgb`` or ``bgr``.
    """

    name: str
    content: Path | bytes | np.ndarray | PictureError
    colour: str = "rgb"

    def read(self) -> Picture:
        """Return the picture.

        Raises:
            PictureError: If it cannot be read.
        """
        if isinstance(self.content, PictureError):
            raise self.content
        return read_picture(self.content, name=self.name, colour=self.colour)


def is_single(source: Source) -> bool:
    """Return whether a source is one picture, as against a folder or a sequence."""
    if isinstance(source, np.ndarray):
        return source.ndim < 4
    if isinstance(source, str | Path):
        return not _is_folder(source)
    return isinstance(source, bytes | bytearray)


def list_pictures(source: Source, *, colour: str = "rgb", skip_folder: Path | None = None) -> Iterator[PictureSource]:
    """Yield every picture of a source, in order; folders are walked through, sorted by name.

    Within a folder, files with a picture's ending count; hidden files and folders, and links to folders, do not.

    Args:
        source: Path, bytes, array, or a sequence of these.
        colour: Order of arrays' channels, ``rgb`` or ``bgr``.
        skip_folder: A folder inside a walked one that is left out, such as the one results are written to.

    Raises:
        TypeError: If something else comes.
    """
    if is_single(source):
        yield _to_picture_source(source, colour)
    elif isinstance(source, str | Path):
        yield from _walk(Path(source), skip_folder)
    elif isinstance(source, Iterable):
        items: Iterable[Any] = source
        for index, item in enumerate(items):
            if isinstance(item, np.ndarray | bytes | bytearray) and is_single(item):
                yield _to_picture_source(item, colour, suffix=f" {index}")
            else:
                yield from list_pictures(item, colour=colour, skip_folder=skip_folder)
    else:
        raise TypeError(f"expected a path, bytes, an array or a sequence of these, got {type(source).__name__}")


def _to_picture_source(source: Source, colour: str, suffix: str = "") -> PictureSource:
    if isinstance(source, np.ndarray):
        return PictureSource(f"array{suffix}", source, colour)
    if isinstance(source, bytes | bytearray):
        return PictureSource(f"bytes{suffix}", bytes(source))
    if source == STANDARD_INPUT:
        return PictureSource("standard input", sys.stdin.buffer.read())
    return PictureSource(str(source), Path(str(source)))


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # what it is instead, reading says
        return False


def _walk(folder: Path, skip_folder: Path | None) -> Iterator[PictureSource]:
    faults: list[PictureSource] = []
    num_found = 0
    skipped = skip_folder and skip_folder.resolve()
    for parent, folders, files in os.walk(folder, onerror=lambda error: faults.append(_unreadable_folder(error))):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and Path(parent, name).resolve() != skipped
        )
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES:
                num_found += 1
                yield PictureSource(str(Path(parent, name)), Path(parent, name))
    yield from faults
    if not num_found and not faults:
        yield PictureSource(str(folder), PictureError(f"{folder}: {_NO_PICTURE}", status="missing"))


_NO_PICTURE = f"no picture in this folder or below it; expected {EXPECTED_FORMATS} files"


def _unreadable_folder(error: OSError) -> PictureSource:
    reason = (error.strerror or str(error)).lower()
    fault = PictureError(f"{error.filename}: the folder cannot be read: {reason}", status="unreadable")
    return PictureSource(str(error.filename), fault)
