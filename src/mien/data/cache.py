"""The cache a first read leaves: faces as a memory map, everything else beside it.

An entry is keyed by path, size, modification time and a hash of the first and last megabyte of what was read; a
damaged or stale entry is rebuilt, never an error. All entries together, those of prepared sets among them, take 4 GB
at most: storing one removes those that were not used for longest.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.errors import MienError
from mien.places import cache_folder

DAMAGES = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, BadZipFile, zlib.error, MienError)
"""What reading a missing, cut or altered entry raises."""

MOST_BYTES = 4 << 30
"""So much may all entries take together; a single larger one is kept until the next is stored."""

_FORMAT = 1
_ARRAYS = ("labels", "splits", "row_ids", "origins", "votes")
_COLUMN = "column "
_EDGE_BYTES = 1 << 20


def describe_file(file: Path) -> str:
    """Return what identifies a file's content cheaply: path, size, time, hash of first and last megabyte."""
    facts = file.stat()
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        digest.update(stream.read(_EDGE_BYTES))
        stream.seek(max(0, facts.st_size - _EDGE_BYTES))
        digest.update(stream.read(_EDGE_BYTES))
    return f"{file.resolve()} {facts.st_size} {facts.st_mtime_ns} {digest.hexdigest()}"


def describe_folder(files: list[Path]) -> str:
    """Return what identifies a folder of many small files: each one's path, size and time."""
    digest = hashlib.sha256()
    for file in files:
        facts = file.stat()
        digest.update(f"{file} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return f"{len(files)} files {digest.hexdigest()}"


def describe_rows(face_set: FaceSet) -> str:
    """Return a digest of all that a set holds besides its pictures.

    Args:
        face_set: The set.
    """
    digest = hashlib.sha256()
    plain = (face_set.name, face_set.expressions, face_set.history, face_set.vote_names, list(face_set.columns))
    digest.update(repr((*plain, face_set.has_published_splits, face_set.is_leaky)).encode())
    for column in (face_set.labels, face_set.splits, face_set.row_ids, face_set.origins, *face_set.columns.values()):
        digest.update("\n".join(map(str, column.tolist())).encode() + b"\0")
    if face_set.votes is not None:
        digest.update(np.ascontiguousarray(face_set.votes).data)
    return digest.hexdigest()


def read_through_cache(source: str, read: Callable[[], FaceSet]) -> FaceSet:
    """Return the cached set of ``source``, reading and caching it where there is none or a damaged one.

    A cache that cannot be written (a full disk, a read-only home) costs time, not the data. Sets whose pictures stay
    in their files are not cached.

    Args:
        source: Everything the content depends on, such as the result of `describe_file`.
        read: Reads the set when the cache does not have it.
    """
    entry = cache_folder() / "datasets" / hashlib.sha256(f"{_FORMAT} {source}".encode()).hexdigest()[:32]
    try:
        face_set = _load(entry)
        with suppress(OSError):
            os.utime(entry)  # a folder's time says when it was last used
        return face_set
    except DAMAGES:
        face_set = read()
    if not face_set.is_in_memory:
        return face_set
    try:
        _store(entry, face_set)
        return _load(entry)
    except OSError:
        return face_set


def _checksum(array: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data)


def _store(entry: Path, face_set: FaceSet) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=entry.parent) as temporary:
        built = Path(temporary) / "entry"
        built.mkdir()
        np.save(built / "faces.npy", face_set.faces)
        arrays = {name: getattr(face_set, name) for name in _ARRAYS if getattr(face_set, name) is not None}
        arrays |= {f"{_COLUMN}{name}": column for name, column in face_set.columns.items()}
        np.savez(built / "rows.npz", **arrays)
        facts = {key: value for key, value in _plain(face_set).items() if key not in (*_ARRAYS, "pictures", "columns")}
        facts["faces_crc32"] = _checksum(face_set.faces)
        (built / "set.json").write_text(json.dumps(facts))
        if entry.exists():
            shutil.rmtree(entry)
        built.rename(entry)
    _remove_least_used(entry)


def _remove_least_used(new: Path) -> None:
    """Remove the entries beside a new one that do not fit with it into `MOST_BYTES`, those least recently used."""
    ages, sizes = {}, {}
    for facts in new.parent.glob("*/set.json"):  # which half-written entries do not have
        with suppress(OSError):  # another process removes some as well
            ages[facts.parent] = facts.parent.stat().st_mtime_ns
            sizes[facts.parent] = sum(file.stat().st_size for file in facts.parent.iterdir())
    taken = 0
    for entry in sorted(sizes, key=lambda each: ages[each], reverse=True):
        taken += sizes[entry]
        if taken > MOST_BYTES and entry != new:
            shutil.rmtree(entry, ignore_errors=True)


def _plain(face_set: FaceSet) -> dict[str, Any]:
    return {name: getattr(face_set, name) for name in face_set.__dataclass_fields__}


def _load(entry: Path) -> FaceSet:
    facts = json.loads((entry / "set.json").read_text())
    faces = np.load(entry / "faces.npy", mmap_mode="r")
    if _checksum(faces) != facts.pop("faces_crc32"):
        raise ValueError(f"{entry}: faces are damaged")
    with np.load(entry / "rows.npz") as rows:  # zip members carry their own checksums
        arrays = {name: rows[name] for name in rows.files}
    columns = {name.removeprefix(_COLUMN): arrays.pop(name) for name in list(arrays) if name.startswith(_COLUMN)}
    for name in ("expressions", "vote_names", "history"):
        facts[name] = tuple(facts[name])
    return FaceSet(pictures=faces, columns=columns, **arrays, **facts)
