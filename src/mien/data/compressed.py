"""A table that lies packed (gzip, xz, bzip2, zip, tar) opened as a stream, without unpacking it to the disk."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from mien.errors import DataError

PACKED_SUFFIXES: tuple[str, ...] = (".gz", ".xz", ".bz2", ".zip", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar")
"""Endings of the packed files that `open_table` opens."""

_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_TARS = (".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2")
_DAMAGES = (
    EOFError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    NotImplementedError,  # a way of packing that Python does not know
)


@contextmanager
def open_table(file: Path, *, names: Sequence[str] = ()) -> Iterator[tuple[IO[bytes], str]]:
    """Open a CSV file, packed or plain, for reading.

    Args:
        file: The file; its ending says how it is packed.
        names: Of several CSV files in an archive the first of these names is taken.

    Yields:
        The stream of bytes, and what to call the table in messages: the file, and in an archive the member too.

    Raises:
        DataError: If it cannot be opened, is damaged or cut off, or does not hold exactly one CSV file to take.
    """
    name = file.name.lower()
    with _explaining_damage(file), ExitStack() as stack:
        if name.endswith(_TARS):
            tar = stack.enter_context(tarfile.open(file))
            members = {each.name: each for each in tar if each.isfile()}
            member = _choose_table(file, list(members), names)
            # A regular member always has a stream.
            yield stack.enter_context(cast(IO[bytes], tar.extractfile(members[member]))), f"{file}/{member}"
        elif name.endswith(".zip"):
            archive = stack.enter_context(zipfile.ZipFile(file))
            member = _choose_table(file, archive.namelist(), names)
            if archive.getinfo(member).flag_bits & 1:
                raise DataError(f"{file}: {member} is encrypted; unpack it first")
            yield stack.enter_context(archive.open(member)), f"{file}/{member}"
        else:
            opener = _OPENERS.get(file.suffix.lower(), open)
            yield stack.enter_context(cast(IO[bytes], opener(file, "rb"))), str(file)


@contextmanager
def _explaining_damage(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGES as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{file}: damaged, cut off or not what its ending says ({reason}); fetch it again") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from error


def _choose_table(file: Path, members: Sequence[str], names: Sequence[str]) -> str:
    tables = [
        each
        for each in members
        if each.lower().endswith(".csv") and not PurePosixPath(each).name.startswith(".") and "__MACOSX" not in each
    ]
    by_name = {PurePosixPath(each).name.lower(): each for each in reversed(tables)}
    for name in names:
        if name in by_name:
            return by_name[name]
    if len(tables) != 1:
        found = ", ".join(sorted(tables)[:4]) or "none"
        raise DataError(f"{file}: {len(tables)} CSV files inside ({found}); expected one; unpack it and name the file")
    return tables[0]
