"""Exported tables: the manifest beside exported pictures, and Parquet with the pictures in it."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.errors import DataError, MissingExtraError

_VOTES = "votes_"
_ROWS_OF_GROUP = 4096


def columns_of_rows(face_set: FaceSet) -> dict[str, list[Any]]:
    """Return what is known about each row but for its picture, by the name of the column.

    Args:
        face_set: The rows.
    """
    columns: dict[str, list[Any]] = {
        "label": [face_set.expressions[label] for label in face_set.labels],
        "split": face_set.splits.tolist(),
        "row_id": face_set.row_ids.tolist(),
        "origin": face_set.origins.tolist(),
    }
    columns |= {name: column.tolist() for name, column in face_set.columns.items()}
    if face_set.votes is not None:
        columns |= {_VOTES + name: face_set.votes[:, place].tolist() for place, name in enumerate(face_set.vote_names)}
    return columns


def write_manifest(file: Path, face_set: FaceSet, paths: Sequence[Path]) -> Path:
    """Write a CSV file with a line for each row: where its picture lies, and everything else that is known.

    Args:
        file: File to write.
        face_set: The rows.
        paths: Path of each row's picture.

    Returns:
        The file written.
    """
    columns = columns_of_rows(face_set)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["path", *columns])
        writer.writerows(zip((path.as_posix() for path in paths), *columns.values(), strict=True))
    return file


def write_parquet(file: Path, face_set: FaceSet) -> Path:
    """Write a set in memory as Parquet: a row for each face, its pixels a list of numbers.

    Args:
        file: File to write.
        face_set: The set, uint8 or float32.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If pyarrow is not installed.
    """
    parquet, pa = _import_parquet()
    num_values = int(np.prod(face_set.faces.shape[1:]))
    kind = pa.uint8() if face_set.faces.dtype == np.uint8 else pa.float32()
    known = pa.table(columns_of_rows(face_set) | {"label_number": face_set.labels})
    schema = known.schema.append(pa.field("pixels", pa.list_(kind, num_values)))
    schema = schema.with_metadata({"mien": _facts_of(face_set)})
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(face_set), _ROWS_OF_GROUP):
            flat = np.ascontiguousarray(face_set.faces[start : start + _ROWS_OF_GROUP]).ravel()
            pixels = pa.FixedSizeListArray.from_arrays(pa.array(flat, kind), num_values)
            rows = known.slice(start, _ROWS_OF_GROUP).append_column("pixels", pixels)
            writer.write_table(rows.cast(schema))
    return file


def read_exported_parquet(file: Path) -> FaceSet:
    """Return the set that was exported as Parquet.

    Args:
        file: ``faces.parquet``.

    Raises:
        DataError: If it is missing or was not written by `export_set`.
        MissingExtraError: If pyarrow is not installed.
    """
    parquet, _ = _import_parquet()
    try:
        table = parquet.read_table(file)
        facts = json.loads(table.schema.metadata[b"mien"])
    except (OSError, ValueError, TypeError, KeyError) as fault:
        raise DataError(f"{file}: not a set that mien exported as Parquet") from fault

    def texts(name: str) -> NDArray[np.str_]:
        return np.array(table[name].to_pylist(), dtype=np.str_)

    pixels = table["pixels"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    votes = [table[_VOTES + name].to_numpy() for name in facts["vote_names"]]
    return FaceSet(
        name=facts["name"],
        pictures=pixels.reshape(table.num_rows, *facts["size"]),
        labels=table["label_number"].to_numpy(),
        expressions=tuple(facts["expressions"]),
        splits=texts("split"),
        row_ids=texts("row_id"),
        origins=texts("origin"),
        votes=np.stack(votes, axis=1) if votes else None,
        vote_names=tuple(facts["vote_names"]),
        columns={name: texts(name) for name in facts["columns"]},
        history=tuple(facts["history"]),
        has_published_splits=facts["has_published_splits"],
    )


def _facts_of(face_set: FaceSet) -> str:
    return json.dumps(
        {
            "name": face_set.name,
            "size": face_set.faces.shape[1:],
            "expressions": face_set.expressions,
            "vote_names": () if face_set.votes is None else face_set.vote_names,
            "columns": list(face_set.columns),
            "history": face_set.history,
            "has_published_splits": face_set.has_published_splits,
            "fingerprint": face_set.fingerprint,
        }
    )


def _import_parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="tables") from error
    return parquet, pyarrow
