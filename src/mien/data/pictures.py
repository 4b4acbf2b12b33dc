"""``PictureFiles``: pictures that stay in their files until asked for, in sets too large or mixed for one array."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import PictureError
from mien.images.reading import read_picture

STAYING = "pictures stay in files"
"""So begins the line by which a set's history says why its pictures are no array."""

_THREADS = 4
_AHEAD = 32


@dataclass(frozen=True, eq=False)
class PictureFiles:
    """Pictures in files, of any sizes, read on demand.

    Args:
        files: One file a picture.
    """

    files: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "PictureFiles":
        """Return the pictures of a mask or of row numbers."""
        indices = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        return PictureFiles(tuple(self.files[index] for index in indices))

    def read(self, row: int) -> NDArray[np.uint8]:
        """Return one picture, shape ``(H, W, 3)``, uint8, RGB, upright.

        Raises:
            PictureError: If it cannot be read.
        """
        return read_picture(self.files[row]).image_rgb

    def read_each(self) -> Iterator[NDArray[np.uint8] | PictureError]:
        """Yield each picture in order, or the error that its file gave; a few are read ahead."""
        with ThreadPoolExecutor(_THREADS) as pool:
            rows = iter(range(len(self)))
            waiting: list[Future[NDArray[np.uint8] | PictureError]] = []
            waiting += [pool.submit(self._read_or_fault, row) for row in islice(rows, _AHEAD)]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(self._read_or_fault, row) for row in islice(rows, 1)]

    def digests(self) -> list[bytes]:
        """Return the SHA-256 of the content of each file; a missing one counts as empty."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(_digest, self.files))

    def _read_or_fault(self, row: int) -> NDArray[np.uint8] | PictureError:
        try:
            return self.read(row)
        except PictureError as fault:
            return fault


def name_unreadable(origin: str, fault: PictureError) -> str:
    """Return what is wrong with a picture, without the folder of its data set: a history goes wherever a model goes.

    Args:
        origin: Its path below that folder.
        fault: What reading it raised.
    """
    return f"{origin}:{str(fault).rpartition(Path(origin).name + ':')[2]}"


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes() if file.is_file() else b"").digest()


def concatenate_pictures(parts: Sequence[NDArray[Any] | PictureFiles]) -> NDArray[Any] | PictureFiles | None:
    """Return the pictures of several sets in a row, or None where they are not all of one kind and shape.

    Args:
        parts: Arrays ``(N, H, W)`` or ``(N, H, W, 3)`` of one shape and dtype, or files.
    """
    files = [part for part in parts if isinstance(part, PictureFiles)]
    if len(files) == len(parts):
        return PictureFiles(tuple(file for part in files for file in part.files))
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if files or len({(part.shape[1:], part.dtype) for part in arrays}) > 1:
        return None
    return np.concatenate(arrays)
