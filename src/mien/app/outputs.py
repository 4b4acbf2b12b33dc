"""Where results go: a table for people, JSON lines, CSV, Parquet, and a folder of annotated pictures.

Each is an ``Output``; of those that write as results come, what was written before a fault stays.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol

from mien.errors import MienError, MissingExtraError
from mien.images.writing import JPEG_SUFFIXES, write_picture
from mien.recognition.results import Recognition
from mien.writing import PartialFile, explaining_write_faults


class Output(Protocol):
    """Takes results one by one."""

    def write(self, result: Recognition) -> None:
        """Take one result."""
        ...

    def finish(self) -> None:
        """Write what waits for the end; called where nothing failed."""
        ...

    def close(self) -> None:
        """Let go of files and threads; called after ``finish`` and after a fault."""
        ...


class JsonLines:
    """One JSON object a line on standard output, as the results come."""

    def write(self, result: Recognition) -> None:
        """Print one result."""
        print(json.dumps(result.to_dict()), flush=True)

    def finish(self) -> None:
        """Do nothing: every line is out."""

    def close(self) -> None:
        """Do nothing: every line is out."""


class CsvRows:
    """Rows of CSV as the results come, only ever whole rows.

    Args:
        path: File to write, replaced if it is there; standard output where none is given.

    Raises:
        MienError: If the file cannot be written; rows written before stay.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._num_bytes = 0
        self._file = None
        if path is not None:
            with explaining_write_faults(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("wb", buffering=0)

    def write(self, result: Recognition) -> None:
        """Write the rows of one result, after the heading if they are the first."""
        rows = result.to_rows()
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        if not self._num_bytes:
            writer.writeheader()
        writer.writerows(rows)
        self._append(text.getvalue())

    def finish(self) -> None:
        """Do nothing: every row is out."""

    def close(self) -> None:
        """Close the file; every row is in it."""
        if self._file is not None:
            self._file.close()

    def _append(self, text: str) -> None:
        encoded = text.encode("utf-8", errors="surrogateescape")
        if self._file is None or self._path is None:
            print(text, end="", flush=True)
        else:
            with explaining_write_faults(self._path):
                try:
                    left = memoryview(encoded)
                    while left:
                        left = left[self._file.write(left) :]
                except OSError:
                    with suppress(OSError):  # a device has no length
                        self._file.truncate(self._num_bytes)
                    raise
        self._num_bytes += len(encoded)


class ParquetRows:
    """Rows of a Parquet file, written as they come; the file is whole or not there.

    Args:
        path: File to write.

    Raises:
        MissingExtraError: If pyarrow is not installed.
        MienError: If the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet
        except ModuleNotFoundError as error:
            raise MissingExtraError("pyarrow", extra="tables") from error
        self._parquet, self._path = pyarrow.parquet, path
        self._rows: list[dict[str, object]] = []
        self._partial_file = PartialFile(path)
        self._writer: Any = None

    def write(self, result: Recognition) -> None:
        """Take the rows of one result."""
        self._rows += result.to_rows()
        if len(self._rows) >= _ROWS_IN_A_GROUP:
            self._flush()

    def finish(self) -> None:
        """Write the last rows, and put the file in its place."""
        self._flush()
        if self._writer is not None:
            with explaining_write_faults(self._path):
                self._writer.close()
            self._partial_file.keep()

    def close(self) -> None:
        """Let go of the file; what is not finished does not stay."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
        self._partial_file.drop()

    def _flush(self) -> None:
        if not self._rows:
            return
        import pyarrow as pa

        with explaining_write_faults(self._path):
            if self._writer is None:
                fields = [pa.field(name, _arrow_type(pa, name)) for name in self._rows[0]]
                self._writer = self._parquet.ParquetWriter(str(self._partial_file.path), pa.schema(fields))
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._writer.schema))
        self._rows = []


_ROWS_IN_A_GROUP = 5_000
_TEXT_COLUMNS = frozenset({"source", "status", "message", "model", "detector", "expression", "flags", "expression_set"})
_WHOLE_COLUMNS = frozenset({"width", "height", "frame", "face", "track_id"})


def _arrow_type(pyarrow: Any, column: str) -> Any:
    if column in _TEXT_COLUMNS:
        return pyarrow.string()
    return pyarrow.int64() if column in _WHOLE_COLUMNS else pyarrow.float64()


class FaceTable:
    """A table for people, printed at the end: a row a face, and one for a picture without.

    It is left out where no picture could be read; the error lines say it all then.
    """

    def __init__(self) -> None:
        self._results: list[Recognition] = []

    def write(self, result: Recognition) -> None:
        """Keep one result, without its picture's pixels."""
        self._results.append(replace(result, image=None))

    def finish(self) -> None:
        """Do nothing: the table comes after a fault too."""

    def close(self) -> None:
        """Print the table."""
        if any(result.is_readable for result in self._results):
            _print_table(self._results)


class AnnotatedPictures:
    """Annotated copies in a folder, named after their inputs and never in an input's place.

    Args:
        folder: Where they go; made if it is not there.
        inputs: Files that must not be overwritten.

    Raises:
        MienError: If the folder cannot be made or a picture cannot be written; those written before stay.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path]) -> None:
        self._folder = folder
        with explaining_write_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._taken = {to_key(path) for path in inputs}

    def write(self, result: Recognition) -> None:
        """Write the annotated copy of one picture, if it could be read."""
        if result.is_readable:
            write_picture(self._choose_path(result.source), result.draw())

    def finish(self) -> None:
        """Do nothing: every picture is written."""

    def close(self) -> None:
        """Do nothing: every picture is written."""

    def _choose_path(self, source: str) -> Path:
        stem = Path(source).stem.replace(" ", "_") if source == "standard input" else Path(source).stem
        suffix = ".jpg" if Path(source).suffix.lower() in JPEG_SUFFIXES else ".png"
        path, number = self._folder / f"{stem}{suffix}", 1
        while to_key(path) in self._taken:
            number += 1
            path = self._folder / f"{stem}_{number}{suffix}"
        self._taken.add(to_key(path))
        return path


def check_printed_once(*, as_json: bool, csv_file: str | None) -> None:
    """Check that not two kinds of rows are printed.

    Args:
        as_json: Whether JSON is printed.
        csv_file: File for CSV; ``-`` prints it.

    Raises:
        MienError: If both are.
    """
    if as_json and csv_file == "-":
        raise MienError("--json and '--csv -' both print on standard output; write the CSV to a file or leave one out")


def check_apart(files: Mapping[str, Path], *, video: Path | None) -> None:
    """Check that of the files to write none is the video itself or another of them.

    Args:
        files: By the option that names it.
        video: The video that is analysed, if it is a file.

    Raises:
        MienError: If two are one.
    """
    taken = {} if video is None else {to_key(video): "the video that is analysed"}
    for option, file in files.items():
        if to_key(file) in taken:
            raise MienError(f"{option} {file}: this is {taken[to_key(file)]}; name another file")
        taken[to_key(file)] = f"what {option} writes"


def to_key(path: Path) -> str:
    """Return what two names for one file share, also where the file system ignores case.

    Args:
        path: Any path.
    """
    return str(path.resolve()).casefold()


def _print_table(results: list[Recognition]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from mien.app.terminal import create_console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("picture", "face", "box", "expression", "probability", "flags"):
        justify: Literal["left", "right"] = "right" if heading in ("face", "probability") else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading not in ("picture", "flags"))
    for result in results:
        for cells in _to_cells(result):
            table.add_row(*(Text(cell) for cell in cells))
    create_console().print(table)


def _to_cells(result: Recognition) -> list[tuple[str, ...]]:
    if not result.faces:
        return [
            (result.source, "", "", result.status.replace("_", " "), "", result.message if result.is_readable else "")
        ]
    rows: list[tuple[str, ...]] = []
    for number, face in enumerate(result.faces, 1):
        box_xyxy = " ".join(f"{value:.0f}" for value in face.box_xyxy)
        remarks = [flag.replace("_", " ") for flag in face.flags]
        if number == 1 and result.message:
            remarks.append(result.message)
        source = result.source if number == 1 else ""
        rows.append((source, str(number), box_xyxy, face.expression, f"{face.probability:.1%}", ", ".join(remarks)))
    return rows
