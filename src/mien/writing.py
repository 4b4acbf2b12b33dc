"""Files and folders that are either whole or not there: mien writes a temporary one and renames it.

Pictures, tables, run folders, caches and model files are written with these functions.
"""

import csv
import errno
import io
import os
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mien.errors import MienError

WRITE_FAULTS: dict[int, str] = {
    errno.ENOSPC: "no space left on the device; free some space or write elsewhere",
    errno.EDQUOT: "the disk quota is used up; free some space or write elsewhere",
    errno.EFBIG: "the file is larger than allowed here; raise the limit (ulimit -f) or write elsewhere",
    errno.EACCES: "permission denied; write elsewhere or change the folder's permissions",
    errno.EPERM: "permission denied; write elsewhere or change the folder's permissions",
    errno.EROFS: "the file system is read-only; write elsewhere",
    errno.EEXIST: "a file stands where a folder is expected; choose another name",
    errno.ENOTDIR: "part of the path is a file, expected a folder",
    errno.EISDIR: "it is a folder, expected a file name",
    errno.ENAMETOOLONG: "the file name is too long",
}
"""What the operating system's refusals to write mean, and what to do."""


def plain_name(text: str) -> str:
    """Return a text as a name that files, recipes and records may have: words of a to z and 0 to 9, joined by ``-``.

    Letters lose their accents; what has none of these letters underneath goes, so that nothing may be left.

    Args:
        text: Any text, such as the name of somebody's folder.

    Example:
        >>> plain_name("Wider (16)"), plain_name("Fröhliche Gesichter"), plain_name("顔")
        ('wider-16', 'frohliche-gesichter', '')
    """
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(letter if letter.isalnum() else " " for letter in letters).split())


def write_atomically(path: Path | str, data: bytes | str) -> Path:
    """Write a whole file or nothing; a reader never sees half of it. Missing folders are made.

    Args:
        path: File to write; what stood there is replaced. A device or pipe is written straight.
        data: Its contents; text is written as UTF-8 with the line ends it has.

    Returns:
        The path written.

    Raises:
        MienError: If the disk is full or the place may not be written; the line names the file.
    """
    with replacing(path) as partial_file:
        partial_file.write_bytes(_to_bytes(data))
    return Path(path)


def write_all_atomically(folder: Path | str, contents: Mapping[str, bytes | str]) -> list[Path]:
    """Write several files into a folder, all of them or none; whatever else lies in the folder stays.

    All are written beside the old ones before the first is replaced; should a rename fail, the old ones come back.

    Args:
        folder: Folder to write into; it is made if it is missing.
        contents: By file name what to write; text is written as UTF-8 with the line ends it has.

    Returns:
        The files written.

    Raises:
        MienError: If the disk is full or the place may not be written; the line names the file.
    """
    target = Path(folder)
    with explaining_write_faults(target):
        target.mkdir(parents=True, exist_ok=True)
        hidden_folder = partial(
            TemporaryDirectory, dir=target, prefix=".", suffix=".partial", ignore_cleanup_errors=True
        )
        with hidden_folder() as new_folder, hidden_folder() as old_folder:
            for name, data in contents.items():
                with explaining_write_faults(target / name):
                    if (target / name).is_dir():
                        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                    Path(new_folder, name).write_bytes(_to_bytes(data))
            _exchange(Path(new_folder), target, Path(old_folder))
    return [target / name for name in contents]


def to_csv_text(lines: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return lines as CSV, the header first.

    Args:
        lines: By column what stands in it; a column that a line lacks is empty.
        columns: The columns, in their order.

    Raises:
        ValueError: If a line has another column.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _exchange(new_folder: Path, target: Path, old_folder: Path) -> None:
    """Move all files of a folder to their places and what stood there into another; if one fails, undo the others."""
    names = sorted(file.name for file in new_folder.iterdir())
    try:
        for name in names:
            with explaining_write_faults(target / name):
                if (target / name).exists():
                    (target / name).replace(old_folder / name)
                (new_folder / name).replace(target / name)
    except BaseException:
        for name in names:
            if (old_folder / name).exists():
                (old_folder / name).replace(target / name)
            elif not (new_folder / name).exists():
                (target / name).unlink()
        raise


def _to_bytes(data: bytes | str) -> bytes:
    return data.encode("utf-8") if isinstance(data, str) else data


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside ``path``; it takes the place of ``path`` when the block ends without an error.

    For writers that want a file name of their own (``np.save``, ``onnx.save``, Pillow): the temporary name has
    the same ending. On an error the temporary file is removed and what stood at ``path`` stays.

    Args:
        path: File to write. A device or pipe is given as it is.

    Yields:
        The path to write to.

    Raises:
        MienError: If the disk is full or the place may not be written; the line names the file.
    """
    file = PartialFile(path)
    try:
        with explaining_write_faults(path):
            yield file.path
        file.keep()
    finally:
        file.drop()


class PartialFile:
    """A temporary file beside its place, for writers that end elsewhere than they begin; others use ``replacing``.

    ``path`` is what to write to; it has the ending of its place, and is the place itself where that is a device.

    Args:
        place: File to write. Missing folders are made.

    Raises:
        MienError: If the place may not be written; the line names the file.
    """

    def __init__(self, place: Path | str) -> None:
        self._place = self.path = target = Path(place)
        with explaining_write_faults(place):
            if target.exists() and not target.is_file() and not target.is_dir():
                return
            self._place = target = target.resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
        self.path = target.with_name(f".{target.stem[:100]}.{secrets.token_hex(4)}.partial{target.suffix}")

    def keep(self) -> None:
        """Put the file, which is whole, into its place.

        Raises:
            MienError: If the place may not be written; the line names the file.
        """
        if self.path != self._place:
            with explaining_write_faults(self._place):
                self.path.replace(self._place)

    def drop(self) -> None:
        """Remove the file, if it was not kept; it may be called twice."""
        if self.path != self._place:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path | str, *, is_replaceable: Callable[[Path], bool] = lambda _: False) -> Iterator[Path]:
    """Give a temporary folder beside ``folder``; it takes the place of ``folder`` when the block ends without an error.

    On an error the temporary folder is removed, and what stood at ``folder`` stays.

    Args:
        folder: Folder to write; it may be there if it is empty.
        is_replaceable: Whether a folder that holds something may be replaced.

    Yields:
        The folder to write into.

    Raises:
        MienError: If something stands at ``folder`` that may not be replaced, the disk is full, or the place may not
            be written; the line names the folder.
    """
    with explaining_write_faults(folder):
        target = Path(folder).resolve()
        if target.exists() and not target.is_dir():
            raise MienError(f"{folder}: a file stands there; name a folder")
        if target.is_dir() and any(target.iterdir()) and not is_replaceable(target):
            raise MienError(f"{folder}: a folder that holds something; name a new or empty one")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial_folder = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.partial")
        old_folder = partial_folder.with_suffix(".old")
        partial_folder.mkdir()
        try:
            yield partial_folder
            if target.exists():
                target.replace(old_folder)
            try:
                partial_folder.replace(target)
            except OSError:
                if old_folder.exists():
                    old_folder.replace(target)
                raise
        finally:
            shutil.rmtree(partial_folder, ignore_errors=True)
        shutil.rmtree(old_folder, ignore_errors=True)


def create_numbered_folder(parent: Path, name: str, contents: Mapping[str, str], *, inside: Iterable[str] = ()) -> Path:
    """Return a new folder ``NAME-1``, or the first free number, with files in it; it is whole or not there.

    Args:
        parent: Where it is made; made itself where it is missing.
        name: Its name before the number.
        contents: Texts by file name.
        inside: Names of empty folders in it.

    Raises:
        MienError: If the disk is full or the place may not be written.
    """
    partial_folder = parent / f".{name}.{secrets.token_hex(4)}.partial"
    with explaining_write_faults(parent):
        try:
            partial_folder.mkdir(parents=True)
            for folder in inside:
                (partial_folder / folder).mkdir()
            for file, text in contents.items():
                (partial_folder / file).write_text(text, encoding="utf-8")
            number = 1
            while not _rename_to_new(partial_folder, parent / f"{name}-{number}"):
                number += 1
        finally:
            shutil.rmtree(partial_folder, ignore_errors=True)
    return parent / f"{name}-{number}"


def _rename_to_new(folder: Path, new: Path) -> bool:
    """Rename a folder and return True, or False where the name is taken by anything but an empty folder."""
    try:
        folder.rename(new)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise
        return False
    return True


@contextmanager
def explaining_write_faults(path: Path | str) -> Iterator[None]:
    """Turn the operating system's refusals to write inside the block into one line that names the file.

    Args:
        path: The file or folder that is written.

    Raises:
        MienError: If the disk is full or the place may not be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in WRITE_FAULTS:
            raise
        raise MienError(f"{path}: cannot be written: {WRITE_FAULTS[error.errno]}") from error
