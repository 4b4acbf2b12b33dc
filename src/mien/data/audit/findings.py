"""``Findings``: for every row of a set what the audit saw, with the figures behind it; kept as a Parquet file.

The audit makes them; cleaning, the report and the command line read them.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.outliers import Whiskers
from mien.data.face_set import FaceSet
from mien.errors import DataError, MissingExtraError
from mien.writing import write_atomically

_FORMAT = 1
_METADATA = b"mien findings"
_FACTS = ("data_set", "fingerprint", "expressions", "history", "whiskers", "settings")


@dataclass(frozen=True, eq=False)
class Findings:
    """What the audit saw in each of a set's rows.

    All arrays have shape ``(N,)``, one entry a row, in the set's order. Copies are other rows of the set.

    Args:
        data_set: Name of the set.
        fingerprint: The set's fingerprint.
        expressions: Class names in label order.
        history: What had been done to the set.
        row_ids: The set's row ids.
        origins: Where each row came from.
        splits: Split of each row.
        labels: Index into `expressions`, int64.
        unreadable: Why the picture cannot be read; empty if it can. Such a row has no other finding of its picture.
        identical_group: Group of pictures that are equal pixel for pixel, int64; -1 if unreadable.
        has_label_conflict: Whether copies of the picture have different labels.
        identical_in: By split, whether it has an identical copy there.
        near_group: Group of pictures that are nearly the same, copies of one counting once, int64; -1 for none.
        near_row_id: Row id of the picture that is most alike, though not identical; empty for none.
        near_similarity: Its similarity, float32; NaN for none.
        near_kind: How it differs: ``recompressed``, ``shifted``, ``zoomed`` or ``mirrored``; empty for none.
        near_in: By split, whether a nearly identical picture stands there.
        brightness: Mean grey level, 0 to 255, float32; NaN if unreadable, as in the next three.
        contrast: Standard deviation of the grey levels.
        entropy: Of the histogram of the grey levels, in bits.
        sharpness: Share of fine detail.
        is_black: Whether every pixel is 0.
        is_near_blank: Whether the grey levels hardly differ; black pictures too.
        outlier: By measure, ``low`` or ``high`` beyond the whiskers, else empty.
        has_face: By search, whether a detector found a face; no entry where nobody looked.
        not_a_face_votes: Annotators who saw no face, int64; -1 where nobody was asked.
        votes_majority: What most annotators said; empty after a tie or where nobody was asked.
        disagrees_with_votes: Whether that is another expression than the label's.
        subject_in: Splits in which the row's subject is seen, if several: ``training test``, say; else empty.
        whiskers: By measure, the thresholds.
        settings: What the audit was asked for.

    Raises:
        DataError: If an array has another shape.
    """

    data_set: str
    fingerprint: str
    expressions: tuple[str, ...]
    history: tuple[str, ...]
    row_ids: NDArray[np.str_]
    origins: NDArray[np.str_]
    splits: NDArray[np.str_]
    labels: NDArray[np.int64]
    unreadable: NDArray[np.str_]
    identical_group: NDArray[np.int64]
    has_label_conflict: NDArray[np.bool_]
    identical_in: Mapping[str, NDArray[np.bool_]]
    near_group: NDArray[np.int64]
    near_row_id: NDArray[np.str_]
    near_similarity: NDArray[np.float32]
    near_kind: NDArray[np.str_]
    near_in: Mapping[str, NDArray[np.bool_]]
    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]
    entropy: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    is_black: NDArray[np.bool_]
    is_near_blank: NDArray[np.bool_]
    outlier: Mapping[str, NDArray[np.str_]]
    has_face: Mapping[str, NDArray[np.bool_]]
    not_a_face_votes: NDArray[np.int64]
    votes_majority: NDArray[np.str_]
    disagrees_with_votes: NDArray[np.bool_]
    subject_in: NDArray[np.str_]
    whiskers: Mapping[str, Whiskers] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.to_columns().items():
            if column.shape != self.row_ids.shape:
                raise DataError(f"findings: {name} has shape {column.shape}; expected {self.row_ids.shape}")

    def __len__(self) -> int:
        return len(self.row_ids)

    @property
    def is_readable(self) -> NDArray[np.bool_]:
        """Rows whose picture can be read."""
        result: NDArray[np.bool_] = self.unreadable == ""
        return result

    @property
    def has_copy_in_other_split(self) -> NDArray[np.bool_]:
        """Rows with an identical picture in a split other than their own."""
        return self._elsewhere(self.identical_in)

    @property
    def has_near_copy_in_other_split(self) -> NDArray[np.bool_]:
        """Rows with a nearly identical picture in a split other than their own."""
        return self._elsewhere(self.near_in)

    def to_columns(self) -> dict[str, NDArray[Any]]:
        """Return all that stands in rows, by column name; what exists by split, measure or search has one each."""
        columns: dict[str, NDArray[Any]] = {}
        for name in (each.name for each in fields(self) if each.name not in _FACTS):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                columns |= {f"{name} {key}": column for key, column in value.items()}
            else:
                columns[name] = value
        return columns

    def facts_as_json(self) -> str:
        """Return all that does not stand in rows, as JSON, with the number of the format."""
        facts: dict[str, Any] = {"format": _FORMAT} | {name: getattr(self, name) for name in _FACTS}
        facts["whiskers"] = {measure: asdict(whiskers) for measure, whiskers in self.whiskers.items()}
        return json.dumps(facts)

    def check(self, face_set: FaceSet) -> None:
        """Do nothing if these are findings of that very set.

        Raises:
            DataError: If they are of another one, or of a part of it, or it was changed since.
        """
        has_same_rows = np.array_equal(self.row_ids, face_set.row_ids)
        if has_same_rows and self.fingerprint == face_set.fingerprint:
            return
        audited, present = set(self.row_ids.tolist()), set(face_set.row_ids.tolist())
        common = len(audited & present)
        if has_same_rows:
            what = "its pictures, labels or splits were changed since"
        elif audited == present:
            what = "its rows are in another order"
        elif present < audited:
            what = f"it holds {common:,} of the {len(audited):,} rows that were audited"
        elif audited < present:
            what = f"it holds {len(present):,} rows, of which {common:,} were audited"
        else:
            what = f"{common:,} of its {len(present):,} rows are among the {len(audited):,} that were audited"
        raise DataError(
            f"findings of {self.data_set} do not belong to this {face_set.name}: {what}; audit the set as it is, and "
            "clean it with all rules at once"
        )

    def save(self, file: Path) -> Path:
        """Write everything into one Parquet file, a column a finding.

        Args:
            file: File to write.

        Returns:
            The file written.

        Raises:
            MissingExtraError: If pyarrow is not installed.
            MienError: If the place cannot be written.
        """
        return write_atomically(file, self.to_parquet())

    def to_parquet(self) -> bytes:
        """Return the contents of the file that `save` writes.

        Raises:
            MissingExtraError: If pyarrow is not installed.
        """
        pyarrow, parquet = import_pyarrow()
        table = pyarrow.table({name: pyarrow.array(column) for name, column in self.to_columns().items()})
        buffer = io.BytesIO()
        parquet.write_table(table.replace_schema_metadata({_METADATA: self.facts_as_json().encode()}), buffer)
        return buffer.getvalue()

    @classmethod
    def load(cls, file: Path) -> "Findings":
        """Return the findings of a Parquet file that `save` wrote.

        Args:
            file: File to read.

        Raises:
            MissingExtraError: If pyarrow is not installed.
            DataError: If it is missing, damaged, or no file of findings.
        """
        pyarrow, parquet = import_pyarrow()
        if not file.is_file():
            raise DataError(f"{file}: no such file; 'mien data audit NAME --output FOLDER' writes findings.parquet")
        try:
            table = parquet.read_table(file)
        except (OSError, pyarrow.ArrowException) as error:
            raise DataError(f"{file}: not a Parquet file that can be read; audit the set again") from error
        try:
            facts = (table.schema.metadata or {})[_METADATA].decode()
            return cls.from_columns(facts, {name: _to_array(table[name]) for name in table.column_names})
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{file}: a Parquet file, but not of findings as this mien writes them") from error

    @classmethod
    def from_columns(cls, facts_as_json: str, columns: Mapping[str, NDArray[Any]]) -> "Findings":
        """Return the findings that `facts_as_json` and `to_columns` were taken from.

        Args:
            facts_as_json: What does not stand in rows.
            columns: What stands in rows, by column name.

        Raises:
            ValueError: If they are of another format, or the text is no JSON.
            KeyError: If something is missing.
            DataError: If a column has another length.
        """
        facts = json.loads(facts_as_json)
        if facts["format"] != _FORMAT:
            raise ValueError(f"format {facts['format']}, expected {_FORMAT}")
        values: dict[str, Any] = {name: facts[name] for name in _FACTS}
        values["expressions"], values["history"] = tuple(facts["expressions"]), tuple(facts["history"])
        values["whiskers"] = {measure: Whiskers(**numbers) for measure, numbers in facts["whiskers"].items()}
        for name in (each.name for each in fields(cls) if each.name not in _FACTS):
            prefix = f"{name} "
            parts = {key.removeprefix(prefix): column for key, column in columns.items() if key.startswith(prefix)}
            is_mapping = name in ("identical_in", "near_in", "outlier", "has_face")
            values[name] = parts if is_mapping else columns[name]
        return cls(**values)

    def _elsewhere(self, by_split: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        result = np.zeros(len(self), dtype=bool)
        for split, is_in in by_split.items():
            result |= is_in & (self.splits != split)
        return result


def _to_array(column: Any) -> NDArray[Any]:
    array = column.to_numpy()
    return array.astype(np.str_) if array.dtype == object else array  # type: ignore[no-any-return]


def import_pyarrow() -> tuple[Any, Any]:
    """Return the package pyarrow and its module parquet.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", extra="tables") from error
    return pyarrow, parquet
