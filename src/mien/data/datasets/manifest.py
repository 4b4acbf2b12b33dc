"""A table of one's own that names each picture, its label and what else is known of it."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import Unknown, label_numbers, read_labels
from mien.data.layouts import split_named
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError, MissingExtraError

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "file_name", "image", "image_path", "picture"),
    "label": ("label", "expression", "emotion", "class"),
    "split": ("split", "usage", "set", "subset", "partition"),
    "subject": ("subject", "subject_id", "person", "identity"),
}
_PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True)
class _Table:
    """A table as text.

    Args:
        columns: Names as the file spells them.
        rows: Cells, one tuple a row.
        places: Where each row stands, such as ``faces.csv, line 3``.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    places: list[str]


@register_dataset(
    "manifest",
    card=DatasetCard(source="pictures of one's own", license="that of the pictures", num_images=None),
)
def read_manifest(
    path: Path, *, name: str = "", numbers: str = "", unknown: Unknown = "refuse", own_classes: bool = False
) -> FaceSet:
    """Read a table, CSV or Parquet, with a row a picture.

    Columns: ``path`` (relative paths are relative to the manifest) and ``label`` are required, ``split`` and
    ``subject`` are understood, further ones are kept as they are. Their case does not matter, and some other common
    names do as well (the history says which). A CSV may be separated by commas, semicolons or tabs. Without a column
    ``split`` every row is training until splits are cut; splits of a manifest count as cut by hand: copies of one
    picture in two of them are an error when training. A picture that is missing or broken stays in the set and becomes
    a finding of the audit; it is an error only if none is there.

    Args:
        path: The table.
        name: Name of the set; that of the file where empty.
        numbers: Vocabulary, such as ``fer2013``, whose label numbers, counted from 0, the labels are.
        unknown: Rows whose label stands for no expression: ``refuse`` the set, or ``skip`` them.
        own_classes: Whether labels that stand for no expression are classes of their own.

    Returns:
        Pictures as one array where all are of one size and not too many, in their files otherwise; the classes that
        occur, in mien's usual order.

    Raises:
        DataError: If the table cannot be read or lacks a column, a row has no path, another number of cells or no
            known split, two rows name one picture, there is no such vocabulary, labels stand for no expression, or no
            picture is there.
        MissingExtraError: If a Parquet file is to be read without pandas and pyarrow.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected a manifest, CSV or Parquet, with columns path and label")
    table = _read_parquet(path) if path.suffix.lower() in _PARQUET_SUFFIXES else _read_csv(path)
    if not table.rows:
        raise DataError(f"{path}: no rows under the header; expected one picture a row")
    known = _find_columns(path, table.columns)
    _refuse_repeats(table, known["path"])
    listed = [
        _list_picture(path.parent, table.columns, known, row, place)
        for row, place in zip(table.rows, table.places, strict=True)
    ]
    if not any(each.file.exists() for each in listed):
        raise DataError(
            f"{path}: none of its {len(listed)} pictures is there, the first {listed[0].file}; "
            "relative paths start at the manifest's folder"
        )
    names = label_numbers(numbers)
    read = read_labels(
        [each.label for each in listed],
        place=str(path),
        noun="label",
        names=names,
        unknown=unknown,
        has_own_classes=own_classes,
    )
    lines = [
        f"column {table.columns[column]!r} read as {meaning}"
        for meaning, column in known.items()
        if table.columns[column] != meaning
    ]
    return build_face_set(name or path.stem, path.parent, listed, read, has_published_splits=False, history=lines)


def _read_csv(file: Path) -> _Table:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            header = stream.readline()
            stream.seek(0)
            reader = csv.reader(stream, delimiter=max(",;\t", key=header.count), strict=True)
            columns = tuple(cell.strip() for cell in next(reader, []))
            rows, places = [], []
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                place = f"{file}, line {reader.line_num}"
                if len(row) != len(columns):
                    raise DataError(f"{place}: cells: {len(row)}, expected {len(columns)}")
                rows.append(tuple(cell.strip() for cell in row))
                places.append(place)
    except (ValueError, csv.Error) as fault:
        raise DataError(f"{file}: not a CSV file in UTF-8 ({fault})") from None
    return _Table(columns, rows, places)


def _read_parquet(file: Path) -> _Table:
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise MissingExtraError("pandas", extra="tables") from error
    try:
        frame = pd.read_parquet(file, engine="pyarrow")
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="tables") from error
    except (OSError, ValueError, NotImplementedError) as fault:  # pyarrow's own errors are of these kinds
        raise DataError(f"{file}: not a Parquet file ({' '.join(str(fault).split())[:100]})") from None
    cells = frame.astype(object).where(frame.notna(), "").astype(str)
    rows = [tuple(cell.strip() for cell in row) for row in cells.itertuples(index=False, name=None)]
    places = [f"{file}, row {number}" for number in range(1, len(rows) + 1)]
    return _Table(tuple(str(column).strip() for column in frame.columns), rows, places)


def _find_columns(file: Path, columns: Sequence[str]) -> dict[str, int]:
    """Return the column of each meaning, by number."""
    lowered = [column.lower().replace(" ", "_") for column in columns]
    if len(set(lowered)) < len(lowered):
        repeated = next(column for column in lowered if lowered.count(column) > 1)
        raise DataError(f"{file}: column {repeated!r} stands twice; expected each once")
    known = {}
    for meaning, spellings in _SPELLINGS.items():
        found = next((lowered.index(spelling) for spelling in spellings if spelling in lowered), None)
        if found is not None:
            known[meaning] = found
        elif meaning in ("path", "label"):
            raise DataError(
                f"{file}: no column {meaning}; expected path and label, found {', '.join(columns) or 'none'}"
            )
    return known


def _refuse_repeats(table: _Table, column: int) -> None:
    first: dict[str, str] = {}
    repeats: list[str] = []
    for row, place in zip(table.rows, table.places, strict=True):
        key = os.path.normpath(row[column])
        if key in first:
            repeats.append(f"{place}: names {row[column]!r} again, which {first[key].rpartition(', ')[2]} names")
        first.setdefault(key, place)
    if repeats:
        more = f" ({len(repeats)} rows name one again)" if len(repeats) > 1 else ""
        raise DataError(f"{repeats[0]}; expected each picture once{more}")


def _list_picture(
    folder: Path, columns: Sequence[str], known: dict[str, int], row: Sequence[str], place: str
) -> ListedPicture:
    text = row[known["path"]].replace("\\", "/")
    if not text:
        raise DataError(f"{place}: no path")
    split = split_named(row[known["split"]]) if "split" in known else ""
    if split is None:
        raise DataError(f"{place}: split {row[known['split']]!r}, expected training, validation or test")
    facts = {
        name: cell for number, (name, cell) in enumerate(zip(columns, row, strict=True)) if number not in known.values()
    }
    if "subject" in known:
        facts["subject"] = row[known["subject"]]
    return ListedPicture(
        folder / text, label=row[known["label"]], split=split, key=os.path.normpath(text), columns=facts
    )
